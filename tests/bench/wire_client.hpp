// A small blocking client for benchmarks, over postponed's own session: publisher, consumer and bare relay
// share it, so that what differs between two figures is not the client.
#pragma once

#include "proto/properties.hpp"
#include "proto/session.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

namespace postponed::bench {

class wire_client {
 public:
  // Connects to 127.0.0.1 as guest; throws std::runtime_error.
  wire_client(std::uint16_t port, const std::string& name);
  ~wire_client();
  wire_client(const wire_client&) = delete;
  wire_client& operator=(const wire_client&) = delete;

  proto::session& session() { return session_; }
  void open_channel(proto::channel_id channel, bool confirms);
  void declare_queue(const std::string& name, bool quorum = false);
  // One whose messages, when their expiration is over, go to another queue by the default exchange.
  void declare_waiting_queue(const std::string& name, const std::string& then);
  // One of the delayed-message-exchange plugin, direct, with a binding by the queue's name.
  void declare_delayed_exchange(const std::string& name, const std::string& queue);

  // Writes what is to be written, reads what there is (waiting at most `wait`), and gives each event to
  // `on_event`.
  void pump(std::chrono::milliseconds wait, const std::function<void(proto::session_event&)>& on_event);
  // Writes what both have to say, then waits until either has something to read, `time` at most.
  static void wait_for_either(wire_client& one, wire_client& other, std::chrono::milliseconds time);
  // Pumps until an event of type T comes; throws after ten seconds.
  template <typename T>
  T wait_for() {
    T found{};
    bool have = false;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (!have) {
      pump(std::chrono::milliseconds{100}, [&](proto::session_event& each) {
        if (auto* const hit = std::get_if<T>(&each); hit != nullptr && !have) {
          found = std::move(*hit);
          have = true;
        }
      });
      if (!have && std::chrono::steady_clock::now() > deadline) fail("no answer from the broker");
    }
    return found;
  }

 private:
  [[noreturn]] static void fail(const std::string& what);
  void write_all();

  int socket_ = -1;
  proto::session session_;
  std::vector<char> buffer_;
};

// Durable queues on the broker on `port`, over a connection of its own; throws std::runtime_error.
void declare_queues(std::uint16_t port, std::initializer_list<std::string> names);

std::uint64_t now_us(); // UTC
// Wire properties: persistent, with `x-delay` in ms where not negative.
std::string properties_with_delay(std::int64_t delay_ms);
// The same with the property `expiration`, as TTL and a dead-letter exchange take a delay.
std::string properties_with_expiration(std::int64_t delay_ms);
// What postponed publishes when the delay is over: with the headers that it writes on release.
std::string properties_as_released(std::int64_t delay_ms);

} // namespace postponed::bench
