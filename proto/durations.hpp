// Durations as people write and read them. parse_go_duration is public (headers.hpp); this is for our own
// messages. Internal to proto; pure; any thread.
#pragma once

#include <chrono>
#include <string>

namespace postponed::proto {

// As the YAML file writes them: 365d, 1h30m, 1s500ms; 0 is "0s".
std::string show_duration(std::chrono::microseconds duration);

} // namespace postponed::proto
