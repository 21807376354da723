// Builds everything in order, runs it on one io_context, and takes it down in the opposite order. The only
// unit that sees the configuration: it gives each layer its own parameters.
#pragma once

#include "config/settings.hpp"

#include <string>

namespace postponed {

// Runs until SIGTERM or SIGINT has been followed by a drained stop, or until the store fails; SIGHUP reads
// `file` again. Answers an exit code of cli/command_line.hpp; what went wrong is in the log.
int run_application(const std::string& file, config::settings settings);

} // namespace postponed
