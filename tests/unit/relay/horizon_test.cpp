#include "relay/horizon.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace postponed;
using namespace std::chrono_literals;

namespace {

const wall_time start{std::chrono::hours{24 * 365 * 50}};

held_ref row(std::int64_t number, wall_time due, bool relative = false) {
  return {{due.time_since_epoch() / 1min, number, 0}, due, relative, 100, 1};
}

} // namespace

TEST_CASE("a row beyond what was loaded stays on disk") {
  relay::horizon near{{1000, 90s, 1s}};
  const auto wanted = near.want_load(start, 0, 0);
  REQUIRE(wanted);
  CHECK(wanted->until == start + 90s);
  near.on_loaded({{}, {wanted->until, INT64_MAX}, true}, [](const held_ref&, bool) { return true; });
  CHECK(near.offer(row(1, start + 90s)));
  CHECK_FALSE(near.offer(row(2, start + 90s + 1us)));
  CHECK(near.size() == 1);
}

TEST_CASE("one page is asked for at a time, and none while rows in work fill the room") {
  relay::horizon near{{1000, 90s, 1s}};
  REQUIRE(near.want_load(start, 0, 0));
  CHECK_FALSE(near.want_load(start, 0, 0));
  near.on_loaded({{}, {start, 5}, false}, [](const held_ref&, bool) { return true; });
  REQUIRE(near.want_load(start, 900, 0)->overdue);
  near.on_loaded({{}, {start, INT64_MAX}, true}, [](const held_ref&, bool) { return true; });
  CHECK_FALSE(near.want_load(start, 900, 0));
  CHECK(near.want_load(start, 100, 0)->limit == 900);
}

TEST_CASE("a body is asked for ahead of its due time, and the message handed out at it") {
  relay::horizon near{{1000, 90s, 1s}};
  near.want_load(start, 0, 0);
  near.on_loaded({{row(1, start + 10s)}, {start + 90s, 0}, true}, [](const held_ref&, bool) { return true; });
  std::vector<relay::horizon::expiry> out;
  near.advance(start + 9s - 1us, out);
  CHECK(out.empty());
  near.advance(start + 9s, out);
  REQUIRE(out.size() == 1);
  CHECK(out[0].what == relay::horizon::stage::read);
  near.stage_for_publish(out[0].held);
  out.clear();
  near.advance(start + 10s - 1us, out);
  CHECK(out.empty());
  near.advance(start + 10s, out);
  REQUIRE(out.size() == 1);
  CHECK(out[0].what == relay::horizon::stage::publish);
}

TEST_CASE("too many rows are forgotten from the far end, and offered rows there stay on disk") {
  relay::horizon near{{100, 90s, 1s}};
  near.want_load(start, 0, 0);
  near.on_loaded({{}, {start + 90s, INT64_MAX}, true}, [](const held_ref&, bool) { return true; });
  for (int i = 1; i <= 200; ++i)
    REQUIRE(near.offer(row(i, start + i * 400ms)));
  near.shrink(start);
  CHECK(near.size() <= 100);
  CHECK(near.reached().due < start + 90s);
  CHECK_FALSE(near.offer(row(300, near.reached().due + 1ms)));
  CHECK(near.offer(row(301, near.reached().due)));
}

TEST_CASE("a row that is being worked on is not scheduled a second time") {
  relay::horizon near{{100, 90s, 1s}};
  near.want_load(start, 0, 0);
  near.on_loaded({{row(1, start + 1s), row(2, start + 1s)}, {start + 90s, 0}, true},
                 [](const held_ref& held, bool) { return held.id.row != 1; });
  CHECK(near.size() == 1);
}

TEST_CASE("what is overdue is loaded apart, in pages, and what comes due does not wait for it") {
  relay::horizon near{{1000, 90s, 1s}};
  const auto yes = [](const held_ref&, bool) { return true; };
  const auto ahead = near.want_load(start, 0, 0);
  REQUIRE(ahead);
  CHECK_FALSE(ahead->overdue);
  CHECK(ahead->after.due == start);
  near.on_loaded({{}, {ahead->until, INT64_MAX}, true}, yes);
  CHECK(near.offer(row(100, start + 1s)));

  const auto first = near.want_load(start, 0, 0);
  REQUIRE(first);
  CHECK(first->overdue);
  CHECK(first->after == store::horizon_position{});
  CHECK(first->until == start);
  CHECK(first->limit <= 250);
  near.on_loaded({{row(1, start - 2h)}, {start - 2h, 1}, false}, yes);
  CHECK_FALSE(near.offer(row(101, start - 1h))); // the next page finds it
  CHECK(near.offer(row(102, start - 3h)));       // no page would
  CHECK_FALSE(near.want_load(start, 0, 250));    // enough of them in memory
  const auto second = near.want_load(start, 0, 10);
  REQUIRE(second);
  CHECK(second->overdue);
  CHECK(second->after == store::horizon_position{start - 2h, 1});
  near.on_loaded({{row(101, start - 1h)}, {start, INT64_MAX}, true}, yes);
  CHECK_FALSE(near.want_load(start, 0, 0)); // all is here
  CHECK(near.size() == 4);
}

TEST_CASE("a horizon that fell behind the clock begins anew from now, and misses nothing between") {
  relay::horizon near{{1000, 90s, 1s}};
  const auto yes = [](const held_ref&, bool) { return true; };
  near.want_load(start, 0, 0);
  near.on_loaded({{}, {start + 20s, 7}, false}, yes); // cut by its limit
  near.want_load(start, 1000, 0);                     // overdue: nothing
  near.on_loaded({{}, {start, INT64_MAX}, true}, yes);
  const wall_time later = start + 10min; // no room, or no broker, all the time
  const auto ahead = near.want_load(later, 0, 0);
  REQUIRE(ahead);
  CHECK(ahead->after.due == later);
  near.on_loaded({{}, {ahead->until, INT64_MAX}, true}, yes);
  const auto overdue = near.want_load(later, 0, 0);
  REQUIRE(overdue);
  CHECK(overdue->overdue);
  CHECK(overdue->after == store::horizon_position{start + 20s, 7});
  CHECK(overdue->until == later);
}

TEST_CASE("what is a little late does not fill the memory page by page") {
  relay::horizon near{{1000, 90s, 1s}};
  const auto yes = [](const held_ref&, bool) { return true; };
  near.want_load(start, 0, 0);
  near.on_loaded({{}, {start + 90s, INT64_MAX}, true}, yes);
  REQUIRE(near.want_load(start, 1000, 0)->overdue);
  near.on_loaded({{row(1, start - 2s)}, {start - 2s, 1}, false}, yes);
  CHECK_FALSE(near.want_load(start, 1499, 0)); // and the one in the wheel
  CHECK(near.want_load(start, 1400, 0)->overdue);
}

TEST_CASE("a clock that was ahead and is set back begins anew from now") {
  relay::horizon near{{1000, 90s, 1s}};
  const auto yes = [](const held_ref&, bool) { return true; };
  const wall_time wrong = start + 3h;
  near.want_load(wrong, 0, 0);
  near.on_loaded({{}, {wrong + 90s, INT64_MAX}, true}, yes);
  CHECK_FALSE(near.offer(row(1, start + 1h))); // it looks overdue
  near.step_back(3h, 0);
  const auto ahead = near.want_load(start, 0, 0);
  REQUIRE(ahead);
  CHECK_FALSE(ahead->overdue);
  CHECK(ahead->after.due == start);
}

TEST_CASE("what comes while all that is overdue is looked for again, and is due, does not wait for it") {
  relay::horizon near{{1000, 90s, 1s}};
  const auto yes = [](const held_ref&, bool) { return true; };
  near.want_load(start, 0, 0);
  near.on_loaded({{}, {start + 90s, INT64_MAX}, true}, yes);
  near.want_load(start, 0, 0);
  near.on_loaded({{}, {start, INT64_MAX}, true}, yes);
  CHECK_FALSE(near.want_load(start + 10s, 0, 0));
  near.restart_overdue(start + 10s);
  CHECK(near.offer(row(1, start + 10s - 2ms))); // taken before, committed after
  CHECK_FALSE(near.offer(row(2, start)));       // a page finds it
  const auto overdue = near.want_load(start + 10s, 0, 0);
  REQUIRE(overdue);
  CHECK(overdue->overdue);
  CHECK(overdue->until == start + 10s);
}

namespace {

// So many rows with one due time in `near`, and one whose body is in memory; all come out of the wheel.
std::vector<relay::horizon::expiry> advanced_to_a_spike(relay::horizon& near, std::int64_t rows) {
  near.want_load(start, 0, 0);
  near.on_loaded({{}, {start + 90s, INT64_MAX}, true}, [](const held_ref&, bool) { return true; });
  for (std::int64_t i = 1; i <= rows; ++i)
    REQUIRE(near.offer(row(i, start + 11s, true)));
  near.stage_for_publish(row(rows + 1, start + 10s));
  std::vector<relay::horizon::expiry> out;
  near.advance(start + 10s, out);
  return out;
}

bool is_published(const relay::horizon::expiry& each) {
  return each.what == relay::horizon::stage::publish;
}

} // namespace

TEST_CASE("of very many rows to be read at once a part is handed out at a time; what is due does not wait") {
  relay::horizon near{{10000, 90s, 1s}};
  std::vector<relay::horizon::expiry> out = advanced_to_a_spike(near, 2500);
  REQUIRE(out.size() == 1001);
  CHECK(std::count_if(out.begin(), out.end(), is_published) == 1);
  CHECK(out[0].held.id.row == 1);
  CHECK(near.size() == 1500);
  CHECK(*near.next_wake(start + 10s) <= start + 10s); // the rest is not forgotten
  near.stage_for_publish(row(2502, start + 10s + 1ms));
  out.clear();
  near.advance(start + 10s + 1ms, out);
  REQUIRE(out.size() == 1001);
  CHECK(std::count_if(out.begin(), out.end(), is_published) == 1);
  CHECK(out[0].held.id.row == 1001);
  out.clear();
  near.advance(start + 10s + 1ms, out);
  REQUIRE(out.size() == 500);
  CHECK(out.back().held.id.row == 2500);
  CHECK(near.size() == 0);
  CHECK(*near.next_wake(start + 10s + 1ms) > start + 10s + 1ms);
}

TEST_CASE(
    "rows that wait to be read follow a step of the clock, and are handed out before others are loaded") {
  relay::horizon near{{10000, 90s, 1s}};
  std::vector<relay::horizon::expiry> out = advanced_to_a_spike(near, 2500);
  SECTION("the clock goes back") {
    near.step_back(5s, 2502); // it is 5 s now, and they are due at 6 s
    CHECK(near.size() == 1500);
    out.clear();
    near.advance(start + 5s - 1us, out);
    CHECK(out.empty());
    near.advance(start + 5s, out);
    REQUIRE(out.size() == 1000);
    CHECK(out[0].due == start + 6s);
  }
  SECTION("what is loaded anew is loaded after them") {
    near.restart();
    near.restart_overdue(start + 12s);
    CHECK(near.size() == 1500);
    CHECK_FALSE(near.want_load(start + 12s, 0, 0));
    out.clear();
    near.advance(start + 12s, out);
    near.advance(start + 12s, out);
    REQUIRE(out.size() == 1500);
    CHECK(near.want_load(start + 12s, 0, 0));
  }
}
