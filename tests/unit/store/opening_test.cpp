// Who may open the file, and what is said to those who may not.
#include "unit/store/store_fixture.hpp"

#include <csignal>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace postponed;
using namespace postponed::test;
using postponed::store::errc;

TEST_CASE_METHOD(store_fixture,
                 "another process is told who has the store; after kill -9 of that one it opens") {
  held.reset();
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t holder = ::fork();
  if (holder == 0) {
    std::string why;
    const auto opened = postponed::store::open_sqlite_store(options, why);
    const char said = opened ? 'y' : 'n';
    if (::write(ready[1], &said, 1) != 1) ::_exit(1);
    for (;;)
      ::pause();
  }
  char said = 0;
  REQUIRE(::read(ready[0], &said, 1) == 1);
  REQUIRE(said == 'y');
  std::string why;
  const auto second = postponed::store::open_sqlite_store(options, why);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error() == make_error_code(errc::locked));
  INFO(why);
  CHECK(why.find(options.path) != std::string::npos);
  CHECK(why.find("process " + std::to_string(holder) + " (") != std::string::npos);
  CHECK(why.find("since 20") != std::string::npos);
  ::kill(holder, SIGKILL);
  ::waitpid(holder, nullptr, 0);
  open();
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE_METHOD(store_fixture, "a new store is nobody else's to read") {
  insert(now + 1s);
  for (const char* const each : {"", "-wal", ".lock"}) {
    struct ::stat about {};
    REQUIRE(::stat((options.path + each).c_str(), &about) == 0);
    CHECK((about.st_mode & 0777) == 0600);
  }
}

TEST_CASE_METHOD(store_fixture, "without permission the store does not open, and says what to do") {
  held.reset();
  if (::geteuid() != 0) return; // it takes another user to see
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setuid(65534) != 0) ::_exit(1);
    std::string why;
    const auto opened = postponed::store::open_sqlite_store(options, why);
    const bool told = !opened && opened.error() == make_error_code(errc::permission) &&
                      why.find(options.path) != std::string::npos &&
                      why.find("let the user") != std::string::npos;
    ::_exit(told ? 0 : 2);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE_METHOD(store_fixture, "hundreds of spans at once: each is found again") {
  std::vector<held_id> ids;
  batch work;
  for (int i = 0; i < 400; ++i)
    work.inserts.push_back({1, record(now + 24h * 31 * (i + 1), std::to_string(i)), {}, false});
  const auto outcome = held->commit(std::move(work), now);
  REQUIRE(outcome.has_value());
  for (const auto& each : outcome->inserts)
    ids.push_back(each.held.id);
  CHECK(held->stats().buckets > 700); // and a segment for each
  reopen();
  const auto records = read(ids);
  REQUIRE(records.size() == 400);
  for (std::size_t i = 0; i < records.size(); ++i)
    CHECK(records[i].content.body == std::to_string(i));
  for (int round = 0; round < 3; ++round)
    CHECK(load_all(wall_time::max(), 150).size() == 400);
}
