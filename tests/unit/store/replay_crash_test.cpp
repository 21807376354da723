// A replay that is killed: each piece is done whole or not at all.
#include "unit/store/letters_fixture.hpp"

#include <chrono>
#include <csignal>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace postponed;
using namespace postponed::test;

TEST_CASE_METHOD(
    letters_fixture,
    "kill -9 amid replays: each letter is dead or held, never both, and the job knows how many") {
  constexpr std::size_t number = 6000, piece = 150;
  std::vector<letter> all;
  for (std::size_t i = 0; i < number; ++i)
    all.push_back(a_letter("letter " + std::to_string(i)));
  collect(all);
  begin_job();
  held.reset();
  int rounds = 0;
  for (bool finished = false; !finished; ++rounds) {
    int pipe_ends[2];
    REQUIRE(::pipe(pipe_ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      std::string why;
      auto opened = postponed::store::open_sqlite_store(options, why);
      if (!opened) ::_exit(1);
      auto jobs = (*opened)->dead_letters().jobs();
      if (!jobs || jobs->size() != 1) ::_exit(1);
      job of = jobs->front();
      for (int i = 0; of.at == job::state::running; ++i) {
        const auto out =
            (*opened)->dead_letters().replay(of, {}, {std::nullopt, {"payment-retries"}, "@"}, piece, now);
        if (!out) ::_exit(1);
        const std::uint64_t said = of.done;
        if (::write(pipe_ends[1], &said, sizeof said) != sizeof said) ::_exit(1);
        if (i % 7 == 0 && !(*opened)->maintain(now, true)) ::_exit(1);
      }
      ::_exit(0);
    }
    ::close(pipe_ends[1]);
    std::uint64_t said = 0, answered = 0;
    auto before = std::chrono::steady_clock::now();
    auto took = before - before;
    for (int i = 0; i < 3 && ::read(pipe_ends[0], &said, sizeof said) == sizeof said; ++i) {
      answered = said;
      const auto now_at = std::chrono::steady_clock::now();
      took = now_at - before;
      before = now_at;
    }
    std::this_thread::sleep_for(took * (rounds % 8) / 8); // somewhere in the next piece
    ::kill(child, SIGKILL);
    while (::read(pipe_ends[0], &said, sizeof said) == sizeof said)
      answered = said;
    int status = 0;
    ::waitpid(child, &status, 0);
    ::close(pipe_ends[0]);
    REQUIRE((WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
    open();
    const auto jobs = letters().jobs();
    REQUIRE(jobs.has_value());
    REQUIRE(jobs->size() == 1);
    const std::uint64_t done = jobs->front().done;
    CHECK(done >= answered);
    CHECK(done % piece == 0); // whole pieces alone, the last perhaps without having been answered
    CHECK(done <= answered + piece);
    std::vector<held_id> held_ids;
    for (const held_ref& each : load_all())
      held_ids.push_back(each.id);
    REQUIRE(held_ids.size() == done);
    REQUIRE(count() == number - done);
    REQUIRE(totals().kept == number - done);
    std::set<std::string> bodies;
    for (const held_record& each : read(held_ids))
      bodies.insert(each.content.body);
    for (const letter_id id : ids_of({})) {
      CHECK(id > jobs->front().reached);
      bodies.insert(get(id).content.body);
    }
    REQUIRE(bodies.size() == number); // none lost, and none twice
    finished = jobs->front().at == job::state::done;
    held.reset();
  }
  CHECK(rounds >= 3);
}
