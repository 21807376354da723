// What the relay counts: plain numbers that the admin endpoint turns into metrics. Written and read on the
// io_context's thread only.
#pragma once

#include "base/held.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>

namespace postponed::relay {

// A histogram with fixed upper bounds in milliseconds (the last bucket is +Inf), cumulative only when shown.
template <std::size_t N>
struct histogram {
  std::array<double, N> bounds{}; // ms, ascending
  std::array<std::uint64_t, N + 1> counts{};
  double sum = 0; // ms
  std::uint64_t total = 0;

  void observe(double milliseconds) {
    std::size_t at = 0;
    while (at < N && milliseconds > bounds[at])
      ++at;
    ++counts[at];
    sum += milliseconds;
    ++total;
  }
};

using lateness_histogram = histogram<15>;
inline lateness_histogram make_lateness_histogram() {
  return {{1, 2, 3, 5, 7.5, 10, 15, 25, 50, 100, 250, 1000, 5000, 60000, 600000}, {}, 0, 0};
}
using commit_histogram = histogram<12>;
inline commit_histogram make_commit_histogram() {
  return {{0.25, 0.5, 1, 2, 5, 10, 20, 50, 100, 250, 1000, 5000}, {}, 0, 0};
}

struct route_counters {
  std::uint64_t held_messages = 0, held_bytes = 0; // gauges: in the store, not done
  std::uint64_t intake = 0;                        // deliveries taken
  std::uint64_t redelivered = 0;                   // ... of which with the redelivered flag
  std::uint64_t duplicates = 0;                    // ... of which recognised as held already
  std::uint64_t unrecognised = 0;                  // redelivered with no message-id: held, perhaps twice
  std::uint64_t released = 0;                      // publishes to the destination, repeats included
  std::uint64_t confirmed = 0;                     // releases that the broker confirmed and did not return
  std::uint64_t returned = 0;
  std::uint64_t nacked = 0;
  std::uint64_t unknown = 0;                     // unconfirmed when a connection or channel was lost
  std::uint64_t repeated = 0;                    // published again with the same id after an unknown outcome
  std::map<reason, std::uint64_t> dead_lettered; // confirmed by the dead-letter exchange
  std::uint64_t dead_letter_failures = 0;        // a dead letter that was returned or nacked; it stays held
  std::uint64_t retries = 0;                     // consumer failures taken for another attempt
  std::uint64_t suppressed = 0;                  // by dedup: not held
  std::uint64_t scheduled = 0;                   // held by HTTP
  std::uint64_t cancelled = 0, rescheduled = 0;  // by a person
  std::uint64_t late_released = 0, late_buried = 0, late_spread = 0;
  std::uint64_t hops_cut = 0; // loops
  std::uint64_t circuit_opened = 0;
  // Gauges.
  std::uint64_t circuits_open = 0; // destinations of its releases that are left alone
  std::uint64_t parked = 0;        // in memory, waiting for such a destination
  std::uint64_t paced = 0;         // due, waiting for the route's rate
  bool paused = false;
  bool configured = true; // false: an orphan, what it holds waits for the route to come back
  lateness_histogram lateness = make_lateness_histogram(); // confirmed release minus due
};

struct dead_letter_counters {
  std::uint64_t collected = 0, redelivered = 0;
  std::uint64_t replayed = 0, replay_skipped = 0;
  std::uint64_t waiting = 0; // gauge: in memory, for a dead-letter destination that accepts nothing
  bool blocked = false;      // its destination refused the last message: the alarm
};

struct counters {
  std::map<std::string, route_counters> routes;
  std::map<std::string, dead_letter_counters> dead_letters;
  commit_histogram commit = make_commit_histogram();
  commit_histogram hold = make_commit_histogram(); // from taken to durable, then acked
  std::uint64_t commits = 0, committed_rows = 0;
  std::uint64_t clock_jumps = 0;
  // Gauges.
  std::uint64_t horizon_rows = 0; // in the wheel
  std::uint64_t staged_bytes = 0; // bodies in memory
  std::uint64_t in_flight = 0;    // published, not yet confirmed
  std::uint64_t overdue = 0;      // in memory, and released by `catch_up`
  std::uint64_t unacked = 0;      // taken from RabbitMQ, not yet committed
};

} // namespace postponed::relay
