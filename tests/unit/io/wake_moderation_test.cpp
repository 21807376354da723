#include "io/wake_moderation.hpp"

#include <catch2/catch.hpp>

using namespace postponed;
using namespace std::chrono_literals;

namespace {

struct outcome {
  steady_time::duration longest{};
  int rounds = 0;
};

// A second in which one message moves each so often; each round takes what came, and 20 us.
outcome after_a_second(io::wake_moderation& wakes, steady_time& now, std::chrono::nanoseconds apart,
                       std::size_t in_flight_limit = 1000) {
  outcome result;
  const steady_time begin = now, half = begin + 500ms;
  for (steady_time next = begin; now < begin + 1s;) {
    std::size_t moved = 0;
    for (now = std::max(now, next); next <= now; next += apart)
      ++moved;
    now += 20us;
    wakes.on_moved(moved, now);
    const auto rest = wakes.rest(in_flight_limit, now);
    now += rest;
    if (now < half) continue; // it has to get used to the rate
    result.longest = std::max(result.longest, rest);
    ++result.rounds;
  }
  return result;
}

} // namespace

TEST_CASE("with few messages nobody rests") {
  io::wake_moderation wakes;
  steady_time now{1h};
  CHECK(after_a_second(wakes, now, 500us).longest == 0us); // 1,000 in and 1,000 out
  CHECK_FALSE(wakes.busy(now));
  CHECK(after_a_second(wakes, now, 200ms).longest == 0us);
}

TEST_CASE("the more messages pass, the more of them a round takes") {
  io::wake_moderation wakes;
  steady_time now{1h};
  const outcome some = after_a_second(wakes, now, 280us); // 3,571 a second: wakes for 3 of them
  CHECK(some.longest > 500us);
  CHECK(some.longest < 1ms);
  const outcome many = after_a_second(wakes, now, 50us); // 20,000 a second
  CHECK(many.longest > 1900us);
  CHECK(many.longest <= 2ms);
  CHECK(many.rounds <= 260); // in half a second; 10,000 messages
  after_a_second(wakes, now, 500us);
  CHECK(after_a_second(wakes, now, 500us).longest == 0us); // as if nothing had been
}

TEST_CASE("the first message after a pause waits for nobody, whatever came before") {
  io::wake_moderation wakes;
  steady_time now{1h};
  after_a_second(wakes, now, 50us);
  wakes.on_moved(1, now + 100ms);
  CHECK(wakes.rest(1000, now + 100ms) == 0us);
}

TEST_CASE("a rest takes no more than a sixteenth of the time in which all that may be in flight passes") {
  io::wake_moderation wakes;
  steady_time now{1h};
  // 10,000 a second, of which 160 may be under way: a message may take 16 ms, of which 1 is ours.
  const outcome few = after_a_second(wakes, now, 100us, 160);
  CHECK(few.longest > 900us);
  CHECK(few.longest <= 1100us);
  CHECK(after_a_second(wakes, now, 100us, 10).longest == 0us); // a rest of 62 us is none
}

TEST_CASE("a round that took as long as rounds are apart is followed by the next at once") {
  io::wake_moderation wakes;
  steady_time now{1h};
  for (int i = 0; i < 1000; ++i) {
    wakes.on_moved(100, now += 3ms);
    CHECK(wakes.rest(1000, now) == 0us);
  }
  CHECK(wakes.busy(now));
}

TEST_CASE("a rest ends when something is to be done") {
  io::wake_moderation wakes;
  steady_time now{1h};
  after_a_second(wakes, now, 50us);
  CHECK(wakes.rest(1000, now, now + 700us) == 700us);
  now += 700us;
  CHECK(wakes.rest(1000, now, now + 50us) == 0us);
  CHECK(wakes.rest(1000, now, now - 1s) == 0us); // it should have been done
  CHECK(wakes.rest(1000, now, now + 1s) > 1ms);
}
