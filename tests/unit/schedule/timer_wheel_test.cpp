#include "schedule/timer_wheel.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>

using namespace postponed;
using namespace std::chrono_literals;
using wheel = schedule::timer_wheel<std::uint64_t>;

namespace {

const wall_time start{std::chrono::hours{24 * 365 * 56}};

std::vector<std::uint64_t> payloads(const std::vector<wheel::expired>& from) {
  std::vector<std::uint64_t> result;
  for (const auto& each : from)
    result.push_back(each.payload);
  return result;
}

} // namespace

TEST_CASE("an entry comes out at its microsecond and not before") {
  for (const auto delay :
       {microseconds{0}, microseconds{1}, microseconds{999}, microseconds{1500}, microseconds{256ms},
        microseconds{65536ms}, microseconds{50h}, microseconds{24h * 365 * 40}}) {
    wheel timers;
    std::vector<wheel::expired> out;
    timers.advance(start, out);
    timers.insert(start + delay, 1);
    if (delay > 0us) timers.advance(start + delay - 1us, out);
    CHECK(out.empty());
    timers.advance(start + delay, out);
    CHECK(out.size() == 1);
    CHECK(timers.size() == 0);
  }
}

TEST_CASE("what is due comes in the order of due times, equals in the order of insertion") {
  wheel timers;
  timers.insert(start + 3ms, 1);
  timers.insert(start + 2ms + 500us, 2);
  timers.insert(start + 2ms + 100us, 3);
  timers.insert(start + 3ms, 4);
  timers.insert(start - 1h, 5);
  std::vector<wheel::expired> out;
  timers.advance(start + 1h, out);
  CHECK(payloads(out) == std::vector<std::uint64_t>{5, 3, 2, 1, 4});
}

TEST_CASE("late ones come in that order too, whether by a second or by years") {
  for (const microseconds span : {microseconds{1s}, microseconds{2h}, microseconds{24h * 365 * 40}}) {
    wheel timers;
    std::vector<wheel::expired> out;
    timers.advance(start, out);
    const wall_time early = start - span;
    timers.insert(start - 1us, 1);
    timers.insert(early, 2);
    timers.insert(start - 1us, 3);
    timers.insert(early + 1us, 4);
    timers.insert(early, 5);
    timers.insert(start, 6);
    timers.insert(early + span / 2, 7);
    timers.advance(start, out);
    CHECK(payloads(out) == std::vector<std::uint64_t>{2, 5, 4, 7, 1, 3, 6});
    CHECK(timers.size() == 0);
  }
}

TEST_CASE("the next due time leads to every entry without spinning") {
  wheel timers;
  std::mt19937_64 random{1};
  std::uniform_int_distribution<std::int64_t> delay{0, microseconds{100h}.count()};
  for (std::uint64_t i = 0; i < 1000; ++i)
    timers.insert(start + microseconds{delay(random)}, i);
  std::vector<wheel::expired> out;
  wall_time now = start;
  std::size_t wakes = 0;
  while (const auto next = timers.next_due()) {
    now = std::max(now, *next);
    timers.advance(now, out);
    ++wakes;
  }
  CHECK(out.size() == 1000);
  CHECK(wakes < 6000); // each entry cascades four times at most
  CHECK(std::is_sorted(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.due < b.due; }));
}

TEST_CASE("it agrees with a sorted map through random insertions, jumps and steps back") {
  for (const unsigned seed : {1u, 2u, 3u, 4u, 5u}) {
    std::mt19937_64 random{seed};
    const auto pick = [&](std::int64_t upto) {
      return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(upto));
    };
    wheel timers;
    std::multimap<wall_time, std::uint64_t> model;
    wall_time now = start;
    std::uint64_t next = 0;
    for (int step = 0; step < 4000; ++step) {
      for (int i = 0; i < 5; ++i) {
        static constexpr std::int64_t spans[] = {2000, 1000000, 100000000, 100000000000, 2000000000000000};
        microseconds delay{pick(spans[pick(5)]) - 1000};
        if (pick(3) == 0) delay = std::chrono::floor<std::chrono::seconds>(delay); // many alike
        wall_time due = now + delay;
        if (pick(3) == 0) due = std::chrono::floor<std::chrono::seconds>(due);
        timers.insert(due, next);
        model.emplace(due, next++);
      }
      switch (pick(20)) {
      case 0:
        now -= microseconds{pick(10000000)};
        break;
      case 1:
        now += microseconds{pick(10000000000)};
        break;
      case 2:
        now += microseconds{pick(100000000000000)};
        break;
      default:
        now += microseconds{pick(3000)};
        break;
      }
      if (pick(100) == 0) {
        const wall_time limit = now + microseconds{pick(1000000000)};
        std::size_t removed = 0;
        timers.drop_after(limit, [&](wall_time due, std::uint64_t) {
          REQUIRE(due > limit);
          ++removed;
        });
        const auto from = model.upper_bound(limit);
        REQUIRE(removed == static_cast<std::size_t>(std::distance(from, model.end())));
        model.erase(from, model.end());
      }
      std::vector<wheel::expired> out;
      timers.advance(now, out);
      // A multimap keeps equals in the order of insertion: so must the wheel.
      std::vector<std::pair<wall_time, std::uint64_t>> got, expected;
      for (const auto& each : out)
        got.emplace_back(each.due, each.payload);
      const auto end = model.upper_bound(now);
      expected.assign(model.begin(), end);
      model.erase(model.begin(), end);
      REQUIRE(got == expected);
      REQUIRE(timers.size() == model.size());
      REQUIRE(timers.next_due().has_value() == !model.empty());
      if (!model.empty()) {
        REQUIRE(*timers.next_due() <= model.begin()->first);
        REQUIRE(*timers.next_due() > now); // else a timer that waits for it would spin
      }
    }
  }
}

TEST_CASE("many entries of one moment are all there") {
  wheel timers;
  for (std::uint64_t i = 0; i < 100000; ++i)
    timers.insert(start + 5s, i);
  std::vector<wheel::expired> out;
  timers.advance(start + 5s - 1us, out);
  CHECK(out.empty());
  timers.advance(start + 5s, out);
  REQUIRE(out.size() == 100000);
  CHECK(out.back().payload == 99999);
}

TEST_CASE("a step back gives nothing early and loses nothing") {
  wheel timers;
  std::vector<wheel::expired> out;
  timers.advance(start, out);
  timers.insert(start + 10s, 1);
  timers.insert(start - 5s, 2); // late already
  timers.advance(start - 10s, out);
  CHECK(out.empty()); // at that time nothing is due
  CHECK(timers.size() == 2);
  timers.insert(start - 7s, 3);
  timers.advance(start - 7s, out);
  CHECK(payloads(out) == std::vector<std::uint64_t>{3});
  timers.advance(start - 5s, out);
  timers.advance(start + 10s - 1us, out);
  CHECK(payloads(out) == std::vector<std::uint64_t>{3, 2});
  timers.advance(start + 10s, out);
  CHECK(payloads(out) == std::vector<std::uint64_t>{3, 2, 1});
}

TEST_CASE("the ends of time are times like others") {
  wheel timers;
  std::vector<wheel::expired> out;
  timers.insert(wall_time::max(), 1);
  timers.insert(wall_time::min(), 2);
  timers.insert(wall_time{-1us}, 3); // before 1970
  timers.insert(wall_time{-2us}, 4);
  timers.advance(wall_time::min(), out);
  CHECK(payloads(out) == std::vector<std::uint64_t>{2});
  timers.advance(wall_time{-2us}, out);
  CHECK(payloads(out) == std::vector<std::uint64_t>{2, 4});
  timers.advance(wall_time::max() - 1us, out);
  CHECK(payloads(out) == std::vector<std::uint64_t>{2, 4, 3});
  timers.advance(wall_time::max(), out);
  CHECK(payloads(out) == std::vector<std::uint64_t>{2, 4, 3, 1});
}

TEST_CASE("a cleared wheel is empty and can be used again") {
  wheel timers;
  for (const auto due : {wall_time::min(), start, start + 1h, wall_time::max()})
    timers.insert(due, 1);
  timers.clear();
  CHECK(timers.size() == 0);
  CHECK(!timers.next_due());
  std::vector<wheel::expired> out;
  timers.advance(wall_time::max(), out);
  CHECK(out.empty());
  timers.insert(start, 2);
  timers.advance(start, out);
  CHECK(payloads(out) == std::vector<std::uint64_t>{2});
}

TEST_CASE("dropping the far end leaves what is due at the limit, and says what went") {
  wheel timers;
  for (std::uint64_t i = 0; i < 100; ++i)
    timers.insert(start + std::chrono::minutes{i}, i);
  std::vector<std::uint64_t> gone;
  timers.drop_after(start + 49min, [&](wall_time due, std::uint64_t payload) {
    CHECK(due == start + std::chrono::minutes{payload});
    gone.push_back(payload);
  });
  std::sort(gone.begin(), gone.end());
  REQUIRE(gone.size() == 50);
  CHECK(gone.front() == 50);
  CHECK(timers.size() == 50);
  std::vector<wheel::expired> out;
  timers.advance(start + 24h, out);
  CHECK(out.size() == 50);
}
