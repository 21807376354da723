// Watermill's headers around failures: its poison queue and its requeuer. Pure; any thread. Source:
// Watermill's middleware PoisonQueue and its component requeuer.
#pragma once

#include "proto/headers.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postponed::proto {

// Which attempt it was that failed, from 1: postponed-attempt, else with Watermill what its requeuer counted,
// plus one.
std::uint32_t failed_attempt_of(std::string_view raw_properties, dialect speaks);

// Whether a consumer failed on the message: it died (x-death, or x-last-death-* and x-first-death-* alone),
// or with Watermill was poisoned.
bool failed_at_consumer(std::string_view raw_properties, dialect speaks);

// What the poison queue wrote: why, the topic that was subscribed, the handler and the subscriber.
struct poison {
  std::string reason, topic, handler, subscriber;
};
std::optional<poison> poison_of(std::string_view raw_properties); // nothing without reason_poisoned

} // namespace postponed::proto
