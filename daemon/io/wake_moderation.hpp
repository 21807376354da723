// How often the io_context's thread looks for work under load. By itself it wakes for every packet and every
// due time, each of a few messages; and putting a thread to sleep and waking it costs as much as handling
// some messages does. So where many messages pass it rests between two rounds, and takes what came meanwhile
// together, as network drivers moderate interrupts (Linux: NAPI).
//
// Up to 2,500 messages a second of late, in and out together, it does not rest: nobody waits longer. From
// there to 5,000 rounds come to be 2 ms apart; never so far that a sixteenth of what may be in flight passes
// in that time, or little would be on its way between us and the broker. Pure; one thread.
#pragma once

#include "base/recent_rate.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace postponed::io {

class wake_moderation {
 public:
  // So many messages were taken or published.
  void on_moved(std::size_t messages, steady_time now) { moved_.add(static_cast<double>(messages), now); }
  // Whether it is worth making all that is ready one round, and asking how long to rest after it.
  bool busy(steady_time now) const { return moved_.per_second(now) > idle_below; }

  // A round is through. How long to rest before the next; zero where that is not worth it. `in_flight_limit`:
  // how many messages may be under way at once. No longer than until `at_most`.
  steady_time::duration rest(std::size_t in_flight_limit, steady_time now,
                             steady_time at_most = steady_time::max()) {
    const double rate = moved_.per_second(now);
    const double loaded = std::clamp((rate - idle_below) / (busy_from - idle_below), 0.0, 1.0);
    const seconds apart = std::min<seconds>(
        loaded * most, seconds{static_cast<double>(in_flight_limit) / (16 * std::max(rate, 1.0))});
    const auto result =
        std::min(last_ + std::chrono::duration_cast<steady_time::duration>(apart), at_most) - now;
    last_ = now;
    if (result < least) return steady_time::duration{0};
    last_ += result;
    return result;
  }

 private:
  using seconds = std::chrono::duration<double>;
  static constexpr double idle_below = 2500, busy_from = 5000; // messages a second
  static constexpr seconds most{0.002};
  static constexpr auto least = std::chrono::microseconds{100}; // to fall asleep takes long enough by itself

  recent_rate moved_;
  steady_time last_{}; // when the former rest, or round without one, ended
};

} // namespace postponed::io
