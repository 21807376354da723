// The ways to delay a message that users would have instead of postponed: a queue whose expired messages are
// dead-lettered, and the delayed-message-exchange plugin.
#pragma once

#include "bench/flow.hpp"

#include <cstdint>
#include <string>

namespace postponed::bench {

struct way {
  target from;                             // where delayed messages are published
  std::string to;                          // the queue where they arrive
  std::string (*properties)(std::int64_t); // writes a delay in ms into a message
};

// Both declare what they need on the broker on `port`, named after `name`; they throw std::runtime_error.
way expiring_queue(std::uint16_t port, const std::string& name);
// REQUIRES a broker with the plugin.
way delayed_exchange(std::uint16_t port, const std::string& name);

} // namespace postponed::bench
