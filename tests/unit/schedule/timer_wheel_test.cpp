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
  for (const auto delay : {microseconds{0}, microseconds{1}, microseconds{999}, microseconds{1500}, microseconds{256ms},
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
    const auto pick = [&](std::int64_t upto) { return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(upto)); };
    wheel timers;
    std::multimap<wall_time, std::uint64_t> model;
    wall_time now = start;
    std::uint64_t next = 0;
    for (int step = 0; step < 4000; ++step) {
      for (int i = 0; i < 5; ++i) {
        static constexpr std::int64_t spans[] = {2000, 1000000, 100000000, 100000000000, 2000000000000000};
        const wall_time due = now + microseconds{pick(spans[pick(5)]) - 1000};
        timers.insert(due, next);
        model.emplace(due, next++);
      }
      switch (pick(20)) {
      case 0: now -= microseconds{pick(10000000)}; break;
      case 1: now += microseconds{pick(10000000000)}; break;
      case 2: now += microseconds{pick(100000000000000)}; break;
      default: now += microseconds{pick(3000)}; break;
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
      std::multimap<wall_time, std::uint64_t> got;
      for (const auto& each : out)
        got.emplace(each.due, each.payload);
      const auto end = model.upper_bound(now);
      const std::multimap<wall_time, std::uint64_t> expected{model.begin(), end};
      model.erase(model.begin(), end);
      REQUIRE(got.size() == expected.size());
      REQUIRE(std::equal(got.begin(), got.end(), expected.begin(),
                         [](const auto& a, const auto& b) { return a.first == b.first; }));
      REQUIRE(std::is_sorted(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.due < b.due; }));
      REQUIRE(timers.size() == model.size());
      if (!model.empty()) REQUIRE(*timers.next_due() <= model.begin()->first);
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
