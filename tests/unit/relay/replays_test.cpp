#include "relay/replays.hpp"

#include <catch2/catch.hpp>

using namespace postponed;
using namespace std::chrono_literals;
using state = store::job::state;

namespace {

// Does what the store would: `there` letters, each step takes its limit.
struct world {
  relay::replays all;
  steady_time now{1h};
  std::uint64_t there = 20000;

  void begin(double rate, std::uint64_t canary = 0, std::uint64_t limit = 0) {
    relay::replay_spec spec;
    spec.rate = rate;
    spec.canary = canary;
    spec.limit = limit;
    store::job job;
    job.id = 1;
    job.spec = to_json(spec);
    job.total = there;
    all.add(job, spec);
  }
  void step() {
    for (auto& each : all.take_steps(now)) {
      const std::uint64_t moved = std::min<std::uint64_t>(each.limit, there);
      there -= moved;
      each.job.done += moved;
      if (there == 0) each.job.at = state::done;
      all.on_step(each.job, there == 0);
    }
  }
  void pass(std::chrono::milliseconds time) {
    const steady_time end = now + time;
    while (true) {
      const auto wake = all.next_wake(now);
      if (!wake || *wake > end) break;
      now = std::max(*wake, now + 1us);
      step();
    }
    now = end;
  }
  store::job job() const { return *all.job(1); }
};

} // namespace

TEST_CASE("a replay keeps to its rate") {
  world w;
  w.begin(500);
  w.pass(10s);
  CHECK(w.job().done >= 4900);
  CHECK(w.job().done <= 5110);
  CHECK(w.job().at == state::running);
}

TEST_CASE("a replay without a rate goes as fast as the pieces do, and is done at the end") {
  world w;
  w.begin(0);
  for (int i = 0; i < 41; ++i)
    w.step();
  CHECK(w.job().done == 20000);
  CHECK(w.job().at == state::done);
  CHECK_FALSE(w.all.next_wake(w.now));
}

TEST_CASE("a canary waits after its first N, and goes on when it is told to") {
  world w;
  w.begin(0, 10);
  w.pass(1s);
  CHECK(w.job().done == 10);
  CHECK(w.job().at == state::canary);
  std::string why;
  REQUIRE(w.all.resume(1, why));
  w.pass(1s);
  CHECK(w.job().at == state::done);
}

TEST_CASE("a limit ends a replay early") {
  world w;
  w.begin(0, 0, 700);
  w.pass(1s);
  CHECK(w.job().done == 700);
  CHECK(w.job().at == state::done);
  CHECK(w.all.take_updates().back().at == state::done); // to be written: the store thought it went on
}

TEST_CASE("pause, resume and stop; what has ended stays so") {
  world w;
  w.begin(100);
  w.pass(1s);
  std::string why;
  REQUIRE(w.all.pause(1, why));
  CHECK(w.all.take_updates().size() == 1);
  const auto before = w.job().done;
  w.pass(10s);
  CHECK(w.job().done == before);
  REQUIRE(w.all.resume(1, why));
  w.pass(1s);
  CHECK(w.job().done > before);
  CHECK(w.job().done <= before + 125); // nothing is made up for
  REQUIRE(w.all.stop(1, why));
  CHECK_FALSE(w.all.resume(1, why));
  CHECK(why == "replay 1 has ended: stopped");
  CHECK_FALSE(w.all.pause(2, why));
  CHECK(why == "there is no replay 2");
}

TEST_CASE("a pause while a piece is under way counts when that is through") {
  world w;
  w.begin(0);
  auto steps = w.all.take_steps(w.now);
  REQUIRE(steps.size() == 1);
  CHECK(w.all.take_steps(w.now).empty()); // one at a time
  std::string why;
  REQUIRE(w.all.pause(1, why));
  CHECK(w.all.take_updates().empty());
  steps[0].job.done = 500;
  w.all.on_step(steps[0].job, false);
  CHECK(w.job().at == state::paused);
  const auto updates = w.all.take_updates();
  REQUIRE(updates.size() == 1);
  CHECK(updates[0].done == 500);
}

TEST_CASE("after a restart a running replay goes on, and one that cannot be read fails") {
  store::job running, broken;
  running.id = 4;
  running.spec = to_json(relay::replay_spec{});
  running.done = 7000;
  broken.id = 5;
  broken.spec = to_json(relay::replay_spec{}).substr(1);
  relay::replays all;
  all.load({broken, running});
  const auto steps = all.take_steps(steady_time{1h});
  REQUIRE(steps.size() == 1);
  CHECK(steps[0].job.id == 4);
  CHECK(all.job(5)->at == state::failed);
  CHECK_FALSE(all.job(5)->error.empty());
}

TEST_CASE("a replay of which the last piece was written, and no longer its end, ends after the restart") {
  relay::replay_spec spec;
  spec.limit = 100;
  store::job job;
  job.id = 7;
  job.spec = to_json(spec);
  job.done = 100;
  relay::replays all;
  all.load({job});
  CHECK(all.job(7)->at == state::done);
  CHECK(all.take_updates().size() == 1);
  CHECK_FALSE(all.next_wake(steady_time{1h}));

  spec.limit = 0;
  spec.canary = 10;
  job.spec = to_json(spec);
  job.done = 10;
  relay::replays others;
  others.load({job});
  CHECK(others.job(7)->at == state::canary);
  CHECK(others.take_steps(steady_time{1h}).empty());
}
