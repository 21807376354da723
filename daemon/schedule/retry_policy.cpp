#include "schedule/retry_policy.hpp"

#include <algorithm>

namespace postponed::schedule {

microseconds pause_after(const retry_pause& pause, std::uint32_t failed, double uniform01) {
  if (!pause.schedule.empty()) {
    const std::size_t at = std::min<std::size_t>(failed > 0 ? failed - 1 : 0, pause.schedule.size() - 1);
    return pause.schedule[at];
  }
  if (!pause.full_jitter) return delay_for(pause.backoff, failed, uniform01);
  backoff_policy plain = pause.backoff;
  plain.jitter = 0;
  const auto interval = static_cast<double>(delay_for(plain, failed, 0.5).count());
  return microseconds{static_cast<microseconds::rep>(interval * uniform01)};
}

} // namespace postponed::schedule
