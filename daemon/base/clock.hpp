// The two clocks, read together. Pure code is given a moment; only io/ makes one.
#pragma once

#include "base/held.hpp"

#include <chrono>

namespace postponed {

using steady_time = std::chrono::steady_clock::time_point;

struct moment {
  wall_time wall{};     // UTC: for due times; may be set forwards and backwards
  steady_time steady{}; // for deadlines and back-off; never goes back
};

} // namespace postponed
