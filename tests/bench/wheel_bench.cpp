// What a timer costs: random due times are inserted, then the clock is turned millisecond by millisecond
// until all have expired. Prints nanoseconds a timer, the best of the rounds (the others were disturbed) and
// all of them.
//
//   wheel_bench [--timers 1000000] [--rounds 5] [--json FILE]

#include "schedule/timer_wheel.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace postponed;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

struct payload { // as large as what the relay's horizon keeps
  held_ref held;
  std::uint8_t what = 0;
};
using wheel = schedule::timer_wheel<payload>;

const wall_time start{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23}};

struct figures {
  double insert = 0, expire = 0; // ns a timer
};

double ns_each(steady::duration time, std::size_t count) {
  return std::chrono::duration<double, std::nano>(time).count() / static_cast<double>(count);
}

// One round on a wheel that has been in use before, as a daemon's is: its pool has its size already.
figures run(wheel& timers, const std::vector<wall_time>& dues, wall_time end, microseconds step) {
  figures result;
  std::vector<wheel::expired> out;
  timers.advance(start, out); // back to the begin; it is empty
  const auto begin = steady::now();
  for (const wall_time due : dues)
    timers.insert(due, {});
  const auto inserted = steady::now();
  std::size_t expired = 0;
  for (wall_time now = start; now <= end; now += step) {
    out.clear();
    timers.advance(now, out);
    expired += out.size();
    for (const wheel::expired& each : out)
      if (each.due > now) std::abort(); // early: no figure is worth anything
  }
  result.insert = ns_each(inserted - begin, dues.size());
  result.expire = ns_each(steady::now() - inserted, dues.size());
  if (expired != dues.size() || timers.size() != 0) std::abort();
  return result;
}

std::string bench(const char* name, std::size_t timers, int rounds, microseconds span, microseconds step) {
  std::mt19937_64 random{1};
  std::uniform_int_distribution<std::int64_t> delay{0, span.count()};
  std::vector<wall_time> dues(timers);
  for (wall_time& each : dues)
    each = start + microseconds{delay(random)};

  wheel in_use;
  std::vector<figures> all;
  for (int i = 0; i <= rounds; ++i) // the first grows the pool
    all.push_back(run(in_use, dues, start + span + step, step));
  fmt::print("{:<34} first {:6.1f} ns/timer", name, all.front().insert + all.front().expire);
  all.erase(all.begin());
  const auto total = [](const figures& each) { return each.insert + each.expire; };
  std::sort(all.begin(), all.end(), [&](const figures& a, const figures& b) { return total(a) < total(b); });
  const figures& best = all.front();
  const figures& middle = all[all.size() / 2];
  fmt::print(", then best {:6.1f} (insert {:.1f}, expire {:.1f}), median {:6.1f}\n", total(best), best.insert,
             best.expire, total(middle));
  return fmt::format("{{\"due\":\"{}\",\"insert_ns\":{:.1f},\"expire_ns\":{:.1f},\"median_ns\":{:.1f}}}",
                     name, best.insert, best.expire, total(middle));
}

} // namespace

int main(int argc, char** argv) {
  std::size_t timers = 1000000;
  int rounds = 5;
  std::string json;
  CLI::App app{"What a timer of the wheel costs"};
  app.add_option("--timers", timers, "How many at a time")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--rounds", rounds, "Rounds, of which the best counts")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--json", json, "Also write the figures there");
  CLI11_PARSE(app, argc, argv);

  fmt::print("{} timers, {} rounds, payload of {} bytes\n", timers, rounds, sizeof(payload));
  const std::vector<std::string> rows{
      bench("due in 0-5 s, 1 ms steps", timers, rounds, 5s, 1ms),
      bench("due in 0-90 s, 1 ms steps", timers, rounds, 90s, 1ms),
      bench("due in 0-24 h, 100 ms steps", timers, rounds, 24h, 100ms),
      bench("due in 0-1 y, one jump", timers, rounds, 24h * 365, 24h * 366),
  };
  if (!json.empty())
    std::ofstream{json} << fmt::format("{{\"timers\":{},\"results\":[{}]}}\n", timers, fmt::join(rows, ","));
  return 0;
}
