// The allocation-free half of format_rfc3339 (headers.hpp). Internal to proto; pure; any thread.
#pragma once

#include "proto/headers.hpp"

#include <array>
#include <string_view>

namespace postponed::proto {

// The last moment that RFC 3339 can write. Nothing is held for longer, and so no due time can overflow.
inline constexpr wall_time latest_time =
    std::chrono::sys_days{std::chrono::year{9999} / 12 / 31} + std::chrono::hours{24} - microseconds{1};

using rfc3339_text = std::array<char, 24>; // 2026-11-23T20:54:38.123Z
rfc3339_text write_rfc3339(wall_time time);
inline std::string_view view(const rfc3339_text& text) {
  return {text.data(), text.size()};
}

} // namespace postponed::proto
