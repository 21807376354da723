#include "relay/group_commit.hpp"

#include <catch2/catch.hpp>

using namespace postponed;
using namespace std::chrono_literals;

namespace {

// One message each so often, each batch committed when it is due; answers how long the first of the last
// batch waited, and how many were in it.
struct outcome {
  steady_time::duration waited{};
  std::size_t rows = 0;
};

outcome after_a_second(relay::group_commit& gathering, steady_time& now, std::chrono::nanoseconds apart,
                       std::chrono::nanoseconds commit = 0ns) {
  outcome last;
  const steady_time end = now + 1s;
  steady_time busy_until = now;
  std::optional<steady_time> first;
  std::size_t rows = 0;
  for (steady_time next = now; now < end;) {
    const steady_time due = rows > 0 ? std::max(gathering.due(rows, now), busy_until) : end;
    if (rows > 0 && due <= std::max(now, next)) {
      now = std::max(now, due);
      gathering.submitted(rows, now);
      busy_until = now + commit;
      last = {now - *first, rows};
      first.reset();
      rows = 0;
      continue;
    }
    now = next;
    next += apart;
    if (!first) first = now;
    gathering.due(++rows, now);
  }
  return last;
}

} // namespace

TEST_CASE("a batch waits for company as far as company is to be expected") {
  relay::group_commit gathering;
  steady_time now{1h};
  CHECK(gathering.due(1, now) == now + 1ms); // one alone
  gathering.submitted(1, now + 1ms);
  now += 1s;
  const outcome few = after_a_second(gathering, now, 1ms);
  CHECK(few.waited >= 1500us); // at 1,000/s: not 3 ms
  CHECK(few.waited <= 2ms);
  const outcome more = after_a_second(gathering, now, 200us);
  CHECK(more.waited >= 4500us); // at 5,000/s
  CHECK(more.waited <= 5ms);
  CHECK(more.rows >= 23);
  const outcome many = after_a_second(gathering, now, 25us);
  CHECK(many.waited <= 2ms); // at 40,000/s enough are there soon
  CHECK(many.rows >= 40);
  now += 10s;
  CHECK(gathering.due(1, now) <= now + 1100us); // quiet again
}

TEST_CASE("who waited for the commit before waits no longer") {
  relay::group_commit gathering;
  steady_time now{1h};
  const outcome slow = after_a_second(gathering, now, 200us, 20ms);
  CHECK(slow.waited <= 20ms);
  CHECK(slow.rows >= 90);
}

TEST_CASE("marks alone wait longer, and for nobody who came after them") {
  relay::group_commit gathering;
  const steady_time now{1h};
  CHECK(gathering.due(0, now) == now + 5ms);
  CHECK(gathering.due(1, now + 1ms) == now + 2ms);
  CHECK(gathering.due(2, now + 1500us) == now + 2ms);
  gathering.submitted(2, now + 2ms);
  CHECK(gathering.due(0, now + 10ms) == now + 15ms);
  CHECK(gathering.due(1, now + 14500us) == now + 15ms); // with those that have waited
}
