#include "schedule/backoff.hpp"

#include <algorithm>
#include <cmath>

namespace postponed::schedule {

microseconds delay_for(const backoff_policy& policy, unsigned failures, double uniform01) {
  if (policy.initial <= microseconds{0} || policy.max <= microseconds{0}) return microseconds{0};
  const auto longest = static_cast<double>(policy.max.count());
  const double exponent = failures > 0 ? static_cast<double>(failures - 1) : 0.0;
  // pow() of many failures is infinite, and min() takes care of that.
  const double interval =
      std::min(static_cast<double>(policy.initial.count()) * std::pow(policy.multiplier, exponent), longest);
  const double jittered = std::max(interval * (1.0 + policy.jitter * (2.0 * uniform01 - 1.0)), 0.0);
  // Compared before the cast: the largest count is no double, and one that is rounded up from it would
  // overflow.
  if (jittered >= longest) return policy.max;
  return microseconds{static_cast<microseconds::rep>(jittered)};
}

} // namespace postponed::schedule
