// postponed plan and postponed apply: in what the broker's topology and the file's differ, printed for people
// or as JSON, and the creating of what is missing. Each runs an io_context of its own to its end.
#pragma once

#include "cli/command_line.hpp"
#include "config/settings.hpp"

namespace postponed {

// Prints to standard output; errors to standard error. Answers an exit code of cli/command_line.hpp.
int run_topology_command(const cli::topology_command& command, const config::settings& settings);

} // namespace postponed
