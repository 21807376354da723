// Which span of due time a bucket covers, and which bucket a due time belongs to. Pure.
//
// Spans grow with distance: what is due within 90 minutes goes to a minute's bucket, within 26 hours to an
// hour's, within 31 days to a day's, else to one of 30 days. All spans begin at multiples of their length
// since 1970, so a bucket of one level lies within one of each level above, and a minute (the slot of an id)
// lies in at most one bucket of each level. Buckets of different levels may overlap. Seconds come only of
// splitting a minute.
#pragma once

#include "base/held.hpp"

#include <array>
#include <cstdint>

namespace postponed::store::sqlite {

inline constexpr std::array<std::int64_t, 5> level_seconds{1, 60, 3600, 86400, 30 * 86400};
inline constexpr int minute_level = 1;

struct span {
  int level = minute_level;
  std::int64_t start = 0; // seconds since 1970, a multiple of the level's length
  std::int64_t end() const { return start + level_seconds[static_cast<std::size_t>(level)]; }
  auto operator<=>(const span&) const = default;
};

inline std::int64_t seconds_of(wall_time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

inline span span_at(int level, std::int64_t second) {
  const std::int64_t length = level_seconds[static_cast<std::size_t>(level)];
  const std::int64_t start =
      second >= 0 ? second / length * length : -((-second + length - 1) / length) * length;
  return {level, start};
}

inline int level_for(wall_time due, wall_time now) {
  using namespace std::chrono_literals;
  const auto distance = due - now;
  if (distance < 90min) return 1;
  if (distance < 26h) return 2;
  if (distance < 24h * 31) return 3;
  return 4;
}

// How long before its span begins a bucket that is too large is split.
inline std::chrono::seconds split_lead(int level) {
  using namespace std::chrono_literals;
  constexpr std::array<std::chrono::seconds, 5> leads{0s, 60s, 15min, 2h, 24h};
  return leads[static_cast<std::size_t>(level)];
}

} // namespace postponed::store::sqlite
