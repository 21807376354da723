// The promise that everything stands on: what commit() answered is there, whatever happens next.
#include "unit/store/store_fixture.hpp"

#include <csignal>
#include <sched.h>
#include <set>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace postponed;
using namespace postponed::test;
using postponed::store::errc;

TEST_CASE_METHOD(store_fixture, "kill -9 in the middle of commits loses nothing that was answered") {
  held.reset();
  std::set<std::int64_t> answered, finished;
  for (int round = 0; round < 5; ++round) {
    int pipe_ends[2];
    REQUIRE(::pipe(pipe_ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      std::string why;
      auto opened = postponed::store::open_sqlite_store(options, why);
      for (std::int64_t i = 0; opened; ++i) {
        batch work;
        for (int j = 0; j < 20; ++j)
          work.inserts.push_back(
              {1, record(now + std::chrono::seconds{i % 5000}, std::string(300, 'x')), {}, false});
        auto outcome = (*opened)->commit(std::move(work), now);
        if (!outcome) ::_exit(1);
        batch marks;
        marks.done.push_back(outcome->inserts[0].held.id);
        if (!(*opened)->commit(std::move(marks), now)) ::_exit(1);
        for (int j = 0; j < 20; ++j) {
          const std::int64_t said = j == 0 ? -outcome->inserts[0].held.id.row
                                           : outcome->inserts[static_cast<std::size_t>(j)].held.id.row;
          if (::write(pipe_ends[1], &said, sizeof said) != sizeof said) ::_exit(1);
        }
        if (i % 7 == 0 && !(*opened)->maintain(now, true)) ::_exit(1);
      }
      ::_exit(1);
    }
    ::close(pipe_ends[1]);
    std::int64_t said = 0;
    const int enough = 2000 + round * 1733;
    for (int i = 0; i < enough && ::read(pipe_ends[0], &said, sizeof said) == sizeof said; ++i)
      (said < 0 ? finished : answered).insert(said < 0 ? -said : said);
    ::kill(child, SIGKILL);
    while (::read(pipe_ends[0], &said, sizeof said) == sizeof said)
      (said < 0 ? finished : answered).insert(said < 0 ? -said : said);
    ::waitpid(child, nullptr, 0);
    ::close(pipe_ends[0]);
    open();
    std::set<std::int64_t> there;
    for (const held_ref& each : load_all())
      there.insert(each.id.row);
    for (const std::int64_t row : answered)
      REQUIRE(there.contains(row));
    for (const std::int64_t row : finished)
      REQUIRE_FALSE(there.contains(row));
    CHECK(held->stats().held_messages == there.size());
    held.reset();
  }
  CHECK(answered.size() > 5000);
}

TEST_CASE_METHOD(store_fixture,
                 "a full disk fails the commit, and from then on every commit; what was answered stays") {
  const held_ref before = insert(now + 1s);
  held.reset();
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{200000, 200000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::string why;
    auto opened = postponed::store::open_sqlite_store(options, why);
    if (!opened) ::_exit(2);
    for (int i = 0; i < 1000; ++i) {
      batch work;
      work.inserts.push_back({1, record(now + 1s, std::string(5000, 'x')), {}, false});
      const auto outcome = (*opened)->commit(std::move(work), now);
      if (outcome) continue;
      if ((*opened)->last_error().find(options.path) == std::string::npos) ::_exit(3);
      const auto again = (*opened)->commit({}, now);
      ::_exit(!again && again.error() == make_error_code(errc::failed_before) && i > 0 ? 0 : 4);
    }
    ::_exit(5);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  open();
  CHECK(read({before.id}).size() == 1);
}

TEST_CASE_METHOD(
    store_fixture,
    "a file system without space is reported as full, with what is free; room made, all is there") {
  held.reset();
  const pid_t child = ::fork();
  if (child == 0) {
    // A file system of its own, seen by this process alone.
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", folder.c_str(), "tmpfs", 0, "size=1m") != 0)
      ::_exit(77);
    std::string why;
    auto opened = postponed::store::open_sqlite_store(options, why);
    if (!opened) ::_exit(2);
    std::uint64_t kept = 0;
    for (;; ++kept) {
      batch work;
      work.inserts.push_back({1, record(now + 1s, std::string(5000, 'x')), {}, false});
      const auto outcome = (*opened)->commit(std::move(work), now);
      if (outcome) continue;
      if (outcome.error() != make_error_code(errc::full)) ::_exit(3);
      break;
    }
    const std::string words = (*opened)->last_error();
    if (words.find(options.path) == std::string::npos || words.find("MiB free") == std::string::npos)
      ::_exit(4);
    opened->reset();
    if (::mount("none", folder.c_str(), "tmpfs", MS_REMOUNT, "size=8m") != 0) ::_exit(5);
    opened = postponed::store::open_sqlite_store(options, why);
    ::_exit(opened && kept > 20 && (*opened)->stats().held_messages == kept ? 0 : 6);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) {
    WARN("no permission to mount: not tried");
    return;
  }
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE_METHOD(store_fixture,
                 "what had reached the disk with the last answer is a whole store: a copy of it opens") {
  // A power loss keeps what was synced. Housekeeping is not synced, so a copy is taken at each answer of a
  // commit, which is the least that the disk has then, with pieces of housekeeping in between.
  options.split_rows = 50;
  options.segment_bytes = 30000;
  reopen();
  std::vector<held_id> ids;
  for (int step = 0; step < 40; ++step) {
    batch work;
    for (int i = 0; i < 30; ++i)
      work.inserts.push_back(
          {1, record(now + std::chrono::seconds{60 * 45 + i * 7}, std::string(900, 'x')), {}, false});
    if (step > 5) work.done.assign(ids.end() - 10, ids.end());
    const auto outcome = held->commit(std::move(work), now);
    REQUIRE(outcome.has_value());
    if (step > 5) ids.resize(ids.size() - 10);
    for (const auto& each : outcome->inserts)
      ids.push_back(each.held.id);
    auto copied = options;
    copied.path = folder + "/copy" + std::to_string(step) + ".db";
    std::filesystem::copy_file(options.path, copied.path);
    std::filesystem::copy_file(options.path + "-wal", copied.path + "-wal");
    {
      std::string why;
      const auto opened = postponed::store::open_sqlite_store(copied, why);
      INFO(why);
      REQUIRE(opened.has_value());
      const auto records = (*opened)->read(ids);
      REQUIRE(records.has_value());
      REQUIRE(records->size() == ids.size());
      REQUIRE((*opened)->stats().held_messages == ids.size());
    }
    for (const char* const each : {"", "-wal", ".lock"})
      std::filesystem::remove(copied.path + each);
    now += 70s;
    for (int i = 0; i < 3; ++i)
      REQUIRE(held->maintain(now, step % 8 == 7).has_value());
  }
}
