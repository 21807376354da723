// How often, after which pauses and until when a consumer's failure is tried again. Pure; any thread.
#pragma once

#include "schedule/backoff.hpp"

#include <cstdint>
#include <vector>

namespace postponed::schedule {

struct retry_pause {
  std::vector<microseconds> schedule; // the last entry repeats; empty: the back-off counts
  backoff_policy backoff{std::chrono::seconds{1}, std::chrono::minutes{10}, 2.0, 0.2};
  bool full_jitter = false; // of the back-off: anything between zero and the interval
};

struct retry_policy {
  std::uint32_t attempts = 5; // deliveries to the consumer in all, the publisher's own included; from 1
  retry_pause pause;
  microseconds max_age{0}; // since the message was first seen: no attempt begins later; zero: none
};

// The pause after attempt number `failed` (from 1) failed; `uniform01` in [0, 1).
microseconds pause_after(const retry_pause& pause, std::uint32_t failed, double uniform01);

} // namespace postponed::schedule
