// Which span of due time a bucket covers, and which span a due time belongs to. Pure.
//
// Spans grow with distance and are never longer than about that distance: what is due within 10 minutes goes
// to a minute's bucket, within 100 minutes to one of 10 minutes, within 26 hours to an hour's, within 31 days
// to a day's, else to one of 30 days. All spans begin at multiples of their length since 1970, so a span of
// one level lies within one of each level above, and a minute (the slot of an id) lies in at most one of each
// level. Spans of different levels may overlap. Seconds come only of splitting a minute.
#pragma once

#include "base/held.hpp"

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>

namespace postponed::store::sqlite {

inline constexpr std::array<std::int64_t, 6> level_seconds{1, 60, 600, 3600, 86400, 30 * 86400};
inline constexpr int level_count = static_cast<int>(level_seconds.size());
inline constexpr int minute_level = 1;
inline constexpr std::int64_t most_parts = 64; // into which a bucket is split at once

constexpr std::int64_t length_of(int level) {
  return level_seconds[static_cast<std::size_t>(level)];
}

struct span {
  int level = minute_level;
  std::int64_t start = 0; // seconds since 1970, a multiple of the level's length
  std::int64_t end() const { return start + length_of(level); }
  auto operator<=>(const span&) const = default;
};

inline std::int64_t seconds_of(wall_time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

inline span span_at(int level, std::int64_t second) {
  const std::int64_t length = length_of(level);
  const std::int64_t past = second % length;
  return {level, second - (past < 0 ? past + length : past)};
}

inline int level_for(wall_time due, wall_time now) {
  using namespace std::chrono_literals;
  const auto distance = due - now;
  if (distance < 10min) return 1;
  if (distance < 100min) return 2;
  if (distance < 26h) return 3;
  if (distance < 24h * 31) return 4;
  return 5;
}

// How long before its span begins a bucket that is too large is split: a minute's before the horizon reaches
// it.
inline std::chrono::seconds split_lead(int level) {
  using namespace std::chrono_literals;
  constexpr std::array<std::chrono::seconds, 6> leads{0s, 120s, 180s, 15min, 2h, 24h};
  return leads[static_cast<std::size_t>(level)];
}

// The level of the parts into which a bucket of `rows` is split: the next finer one, or the one after where
// the parts would still be larger than `wanted` and are not too many. REQUIRES level > 0.
inline int split_level(int level, std::int64_t rows, std::int64_t wanted) {
  const int next = level - 1;
  if (next == 0 || length_of(level) / length_of(next - 1) > most_parts) return next;
  return rows / (length_of(level) / length_of(next)) > wanted ? next - 1 : next;
}

} // namespace postponed::store::sqlite
