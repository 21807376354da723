// How the commands end. Documented in --help, the man page and the guides; scripts rely on them.
#pragma once

namespace postponed::cli {

enum exit_code : int {
  success = 0,
  bad_configuration = 1, // the file has errors; nothing was started, or taken
  bad_usage = 2,         // the command line has errors, or asks for a confirmation that nobody gave
  differs = 2,           // plan, apply, topology: the broker differs from the file
  cannot_start =
      3, // the store is in use or damaged, the admin address is taken, the topology differs (verify), ...
  no_broker = 3, // plan, apply: the broker, or its management API, cannot be asked
  no_answer = 3, // what asks a daemon: it cannot be reached, or says nothing
  failed =
      4, // the store failed while running (a supervisor should start us again); a store's check found damage
  refused =
      5, // what asks a daemon: it says no; there is no such id, it was released already, the token may not
};

} // namespace postponed::cli
