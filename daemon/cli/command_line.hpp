// The command line of the one binary: what was asked for, or what to print. Pure but for CLI11's own reading
// of argv.
#pragma once

#include <string>
#include <variant>

namespace postponed::cli {

// Documented in --help and README.md; scripts rely on them.
enum exit_code : int {
  success = 0,
  bad_configuration = 1, // the file has errors; nothing was started
  bad_usage = 2,         // the command line has errors
  differs = 2,           // plan, apply: the broker differs from the file
  cannot_start =
      3, // the store is in use or damaged, the admin address is taken, the topology differs (verify), ...
  no_broker = 3, // plan, apply: the broker, or its management API, cannot be asked
  failed = 4,    // the store failed while running; a supervisor should start us again
};

struct run_command {
  std::string file;
  bool json_log = false;
  std::string log_level = "info"; // debug, info, warning, error
};
struct check_command {
  std::string file;
};
// What broker and file differ in; `apply` also creates what is missing.
struct topology_command {
  std::string file;
  bool apply = false, json = false, ignore_unknown = false;
};
struct print_and_exit {
  int code = success;
  std::string text; // for standard output where code is 0, else for standard error
};
using command = std::variant<run_command, check_command, topology_command, print_and_exit>;

// `version`: what --version prints.
command parse(int argc, const char* const* argv, const std::string& version);

} // namespace postponed::cli
