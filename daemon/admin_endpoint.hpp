// Where the commands that ask a daemon find it: what the person says, else the admin section of its YAML
// file.
#pragma once

#include "cli/endpoint.hpp"

namespace postponed {

// Prints what is wrong with the file to standard error. Throws cli::failure.
cli::endpoint endpoint_of(const cli::endpoint_options& given);

} // namespace postponed
