// How long to wait after a failure: exponential, jittered, capped. Pure; any thread.
#pragma once

#include "base/held.hpp"

namespace postponed::schedule {

struct backoff_policy {
  microseconds initial{0};
  microseconds max{0};
  double multiplier = 2.0;
  double jitter = 0.0; // 0.5: anything between half and one and a half of the interval
};

// The pause after the `failures`th failure in a row (from 1): initial x multiplier^(failures-1), at most max,
// times 1 +- jitter by `uniform01` in [0, 1), and never above max. An initial or max of zero: no pause at
// all.
microseconds delay_for(const backoff_policy& policy, unsigned failures, double uniform01);

} // namespace postponed::schedule
