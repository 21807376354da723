// postponed store check, backup and export: what is done to a store's file while no daemon has it.
#pragma once

#include "cli/command_line.hpp"

namespace postponed {

// Results to standard output, all else to standard error. Answers an exit code of cli/exit_codes.hpp.
int run_store_command(const cli::store_command& command);

} // namespace postponed
