// What is allowed, and yet loses or strands messages on most brokers. A policy on the broker may mend it
// without the file's knowledge, so these are warnings. Internal to config.
#pragma once

#include "config/reader.hpp"

namespace postponed::config {

void look_for_traps(reading& in, const settings& all);

} // namespace postponed::config
