#include "relay/catch_up_window.hpp"

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
      now_ = std::max(now_, published_.front().second);
      window.on_confirmed(now_ - published_.front().first, true, 500, now_);
      longest = now_ > end - 1s ? std::max(longest, now_ - published_.front().first) : longest;
      published_.pop_front();
      if (now_ > end - 1s) ++last_second;
    }
    return last_second;
  }
  void set_pace(std::chrono::microseconds each) { each_ = each; }

  relay::catch_up_window window;
  steady_time::duration longest{}; // from a publish to its confirm, in the last second

 private:
  std::chrono::microseconds each_, way_;
  steady_time now_{1h}, free_at_{};
  std::deque<std::pair<steady_time, steady_time>> published_; // and its confirm
};

} // namespace

TEST_CASE("the window keeps a broker busy, and its line short") {
  line fast{100us, 1ms};
  CHECK(fast.run(5s) > 9500); // of 10,000
  CHECK(fast.longest < 12ms);
  SECTION("that slows down, too") {
    fast.set_pace(1ms);
    CHECK(fast.run(10s) > 950);
    CHECK(fast.longest < 20ms); // the least there is: 16 in the line
    fast.set_pace(100us);
    CHECK(fast.run(10s) > 9500);
  }
}

TEST_CASE("a way that is long by itself is not taken for a line") {
  line far{100us, 100ms};
  CHECK(far.run(10s) > 4500); // 500 in flight, the most there may be
}
