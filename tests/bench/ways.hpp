// What postponed is compared with: the ways to delay a message that users would have instead (a queue whose
// expired messages are dead-lettered, the delayed-message-exchange plugin), and the limit of any sidecar.
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

// The least that a sidecar does: a child process consumes from one queue, republishes to another one with
// confirms, and acks; the same session code, no store, no delay. Constructing it declares both queues, named
// after `name`, and throws std::runtime_error.
class bare_relay {
 public:
  bare_relay(std::uint16_t port, const std::string& name, std::size_t count);
  const std::string& from() const { return from_; }
  const std::string& to() const { return to_; }
  // Waits until all `count` went through; throws std::runtime_error where they did not. Once.
  void expect_done() const { expect_success(process_); }

 private:
  std::string from_, to_;
  pid_t process_ = 0;
};

} // namespace postponed::bench
