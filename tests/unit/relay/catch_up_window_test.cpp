#include "relay/catch_up_window.hpp"
#include "relay/destinations.hpp"

#include <catch2/catch.hpp>

#include <deque>

using namespace postponed;
using namespace std::chrono_literals;

namespace {

// A broker that takes one message each so often, in their order, and confirms it so long after that; with as
// many overdue messages in its line as the window lets there be. Answers how many it took in the last second.
class line {
 public:
  line(std::chrono::microseconds each, std::chrono::microseconds way) : each_{each}, way_{way} {}

  std::size_t run(std::chrono::seconds time) {
    std::size_t last_second = 0;
    const steady_time end = now_ + time;
    while (now_ < end) {
      while (published_.size() < window.size()) {
        free_at_ = std::max(free_at_, now_) + each_;
        published_.push_back({now_, free_at_ + way_});
      }
      now_ = std::max(now_, published_.front().second + together_);
      for (; !published_.empty() && published_.front().second <= now_; published_.pop_front()) {
        window.on_confirmed(now_ - published_.front().first, true, 500, now_);
        longest = now_ > end - 1s ? std::max(longest, now_ - published_.front().first) : longest;
        if (now_ > end - 1s) ++last_second;
      }
    }
    return last_second;
  }
  void set_pace(std::chrono::microseconds each) { each_ = each; }
  void set_way(std::chrono::microseconds way) { way_ = way; }
  void confirm_together(std::chrono::microseconds wait) { together_ = wait; } // by `multiple`

  relay::catch_up_window window;
  steady_time::duration longest{}; // from a publish to its confirm, in the last second

 private:
  std::chrono::microseconds each_, way_, together_{0};
  steady_time now_{1h}, free_at_{};
  std::deque<std::pair<steady_time, steady_time>> published_; // and its confirm
};

} // namespace

TEST_CASE("the window keeps a broker busy, and its line short") {
  line fast{100us, 1ms};
  CHECK(fast.run(5s) > 9500); // of 10,000
  CHECK(fast.longest < 12ms);
  SECTION("that confirms many together, too") {
    fast.confirm_together(2ms);
    CHECK(fast.run(5s) > 9500);
    CHECK(fast.longest < 14ms);
  }
  SECTION("that slows down, too") {
    fast.set_pace(1ms);
    CHECK(fast.run(10s) > 950);
    CHECK(fast.longest < 25ms); // the least there is: 16 in the line, and the next ones
    fast.set_pace(100us);
    CHECK(fast.run(10s) > 9500);
  }
}

TEST_CASE("a way that is long by itself is not taken for a line") {
  line far{100us, 100ms};
  CHECK(far.run(10s) > 4500); // 500 in flight, the most there may be
  SECTION("nor where it was short before") {
    far.set_way(1ms);
    far.run(1s);
    far.set_way(30ms);
    far.run(30s);
    CHECK(far.run(1s) > 3000); // 16 at a time would be 530
  }
}

TEST_CASE("all destinations together have no more overdue ones in flight than one may have") {
  relay::destinations all{100};
  const steady_time now{1h};
  std::int64_t row = 0;
  const auto take = [&] {
    std::vector<relay::destination*> taken;
    while (relay::destination* const next = all.next_runnable()) {
      all.take(*next, now);
      taken.push_back(next);
    }
    return taken;
  };
  for (int i = 0; i < 40; ++i)
    for (int j = 0; j < 5; ++j)
      all.add_ready(all.at("", std::to_string(i)), ++row, true);
  auto in_flight = take();
  REQUIRE(in_flight.size() == 50);
  SECTION("new ones may go all the same") {
    relay::destination& with_both = all.at("", "7");
    all.add_ready(with_both, ++row, false);
    REQUIRE(all.next_runnable() == &with_both);
    CHECK(all.take(with_both, now) == row);
    CHECK(all.next_runnable() == nullptr);
  }
  SECTION("what a stalled one has in flight does not count") {
    all.stall(now + 1s);
    CHECK(take().empty());                 // all of them are
    all.settled(*in_flight[0], true, now); // this one is not any more
    CHECK_FALSE(take().empty());
    return;
  }
  std::size_t sent = in_flight.size();
  while (!in_flight.empty()) { // every one gets its turn
    for (relay::destination* const each : in_flight)
      all.settled(*each, true, now);
    in_flight = take();
    sent += in_flight.size();
  }
  CHECK(sent == 200);
}
