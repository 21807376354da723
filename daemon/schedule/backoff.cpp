#include "schedule/backoff.hpp"

#include <algorithm>
#include <cmath>

namespace postponed::schedule {

microseconds delay_for(const backoff_policy& policy, unsigned failures, double uniform01) {
  const auto longest = static_cast<double>(policy.max.count());
  const double exponent = failures > 0 ? static_cast<double>(failures - 1) : 0.0;
  // pow() of many failures is infinite, and min() takes care of that.
  const double interval =
      std::min(static_cast<double>(policy.initial.count()) * std::pow(policy.multiplier, exponent), longest);
  const double jittered = interval * (1.0 + policy.jitter * (2.0 * uniform01 - 1.0));
  return microseconds{static_cast<microseconds::rep>(std::clamp(jittered, 0.0, longest))};
}

} // namespace postponed::schedule
