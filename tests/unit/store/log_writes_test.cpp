#include "store/sqlite/log_writes.hpp"
#include "unit/store/store_fixture.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>
#include <random>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace postponed;
using namespace postponed::test;
using postponed::store::sqlite::log_writes_vfs;

namespace {

// A log as SQLite would open it. A new one takes the mode of the database that its name begins with.
class log {
 public:
  explicit log(std::string path) : path_{std::move(path)} {
    sqlite3_vfs* const vfs = ::sqlite3_vfs_find(log_writes_vfs());
    REQUIRE(vfs != nullptr);
    memory_.resize(static_cast<std::size_t>(vfs->szOsFile) / sizeof(std::max_align_t) + 1);
    file_ = reinterpret_cast<sqlite3_file*>(memory_.data());
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_WAL;
    REQUIRE(vfs->xOpen(vfs, path_.c_str(), file_, flags, nullptr) == SQLITE_OK);
  }
  ~log() {
    if (file_ != nullptr) file_->pMethods->xClose(file_);
  }
  log(const log&) = delete;
  log& operator=(const log&) = delete;

  void write(std::string_view bytes, std::size_t at) {
    REQUIRE(file_->pMethods->xWrite(file_, bytes.data(), static_cast<int>(bytes.size()),
                                    static_cast<sqlite3_int64>(at)) == SQLITE_OK);
  }
  std::string read(std::size_t size, std::size_t at) {
    std::string got(size, '?');
    const int code =
        file_->pMethods->xRead(file_, got.data(), static_cast<int>(size), static_cast<sqlite3_int64>(at));
    REQUIRE((code == SQLITE_OK || code == SQLITE_IOERR_SHORT_READ)); // what is missing reads as zeros
    return got;
  }
  void truncate(std::size_t size) {
    REQUIRE(file_->pMethods->xTruncate(file_, static_cast<sqlite3_int64>(size)) == SQLITE_OK);
  }
  std::size_t size() {
    sqlite3_int64 size = -1;
    REQUIRE(file_->pMethods->xFileSize(file_, &size) == SQLITE_OK);
    return static_cast<std::size_t>(size);
  }
  int sync() { return file_->pMethods->xSync(file_, SQLITE_SYNC_NORMAL); }
  void close() {
    REQUIRE(file_->pMethods->xClose(file_) == SQLITE_OK);
    file_ = nullptr;
  }
  std::string on_disk() const {
    std::ifstream in{path_, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
  }

 private:
  std::string path_;
  std::vector<std::max_align_t> memory_;
  sqlite3_file* file_ = nullptr;
};

std::string calls; // one letter for each call, below
bool syncs_fail = false;

} // namespace

// SQLite's own calls come here, as the program's names go before those of its libraries.
extern "C" ssize_t pwrite64(int file, const void* from, std::size_t size, off64_t at) {
  calls += 'w';
  return ::syscall(SYS_pwrite64, file, from, size, at);
}
extern "C" int fdatasync(int file) {
  calls += 's';
  if (syncs_fail) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fdatasync, file));
}

TEST_CASE_METHOD(store_fixture, "a commit is one write to the log, then a sync") {
  insert(now + 1s); // the first begins the log
  calls.clear();
  insert(now + 2s);
  CHECK(calls == "ws");
}

TEST_CASE_METHOD(store_fixture,
                 "after a sync that failed a log takes no more, and its store no more commits") {
  log under{folder + "/held.db-other"};
  under.write("some", 0);
  syncs_fail = true;
  CHECK(under.sync() != SQLITE_OK);
  batch work;
  work.inserts.push_back({1, record(now + 1s), {}, false});
  CHECK_FALSE(held->commit(std::move(work), now).has_value());
  syncs_fail = false;
  CHECK(under.sync() != SQLITE_OK);
  CHECK_FALSE(held->commit({}, now).has_value());
}

TEST_CASE_METHOD(store_fixture, "what follows on is put together until it is synced, or is too much") {
  log under{folder + "/held.db-other"};
  std::string expected;
  const auto append = [&](const std::string& part) {
    under.write(part, expected.size());
    expected += part;
  };
  append("begun");
  REQUIRE(under.sync() == SQLITE_OK); // the folder, too, the first time
  calls.clear();
  for (int i = 0; i < 12; ++i) {
    append(std::string(24, 'h'));
    append(std::string(4096, 'p'));
  }
  CHECK(calls.empty());
  CHECK(under.on_disk() == "begun");
  REQUIRE(under.sync() == SQLITE_OK);
  CHECK(calls == "ws");
  CHECK((under.on_disk() == expected));
  for (int i = 0; i < 300; ++i)
    append(std::string(1024, static_cast<char>('a' + i % 26)));
  REQUIRE(under.sync() == SQLITE_OK);
  CHECK(calls == "wswwws");
  CHECK((under.on_disk() == expected));
}

TEST_CASE_METHOD(store_fixture,
                 "whatever is written where, a log reads as written, and is so on the disk once synced") {
  std::mt19937 random{20261129};
  const auto up_to = [&](std::size_t most) {
    return std::uniform_int_distribution<std::size_t>{0, most}(random);
  };
  log under{folder + "/held.db-other"};
  std::string model;
  std::size_t end = 0; // of the last write: most follow on
  for (int step = 0; step < 3000; ++step) {
    const std::size_t what = up_to(99);
    if (what < 80) {
      const std::size_t at = what < 65 ? end : up_to(model.size());
      const std::string bytes(up_to(what % 20 == 0 ? 300000 : 65535) + 1, static_cast<char>('a' + step % 26));
      under.write(bytes, at);
      if (model.size() < at + bytes.size()) model.resize(at + bytes.size());
      model.replace(at, bytes.size(), bytes);
      end = at + bytes.size();
    } else if (what < 88) {
      const std::size_t at = up_to(model.size()), size = up_to(5000);
      std::string expected = model.substr(at, size);
      expected.resize(size);
      REQUIRE(under.read(size, at) == expected);
    } else if (what < 92) {
      REQUIRE(under.size() == model.size());
    } else if (what < 94) {
      end = up_to(model.size());
      under.truncate(end);
      model.resize(end);
    } else {
      REQUIRE(under.sync() == SQLITE_OK);
      REQUIRE((under.on_disk() == model));
    }
    if (model.size() > 3000000) {
      under.truncate(0);
      model.clear();
      end = 0;
    }
  }
  under.write("the last", end);
  model.resize(std::max(model.size(), end + 8));
  model.replace(end, 8, "the last");
  under.close();
  CHECK((under.on_disk() == model));
}

namespace {

// As on a full disk: nothing is written beyond so many bytes of a file.
class file_limit {
 public:
  explicit file_limit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    handler_ = ::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~file_limit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }
  file_limit(const file_limit&) = delete;
  file_limit& operator=(const file_limit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

class database {
 public:
  database(const std::string& path, const char* vfs) {
    REQUIRE(::sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs) ==
            SQLITE_OK);
  }
  ~database() { ::sqlite3_close(handle_); }
  database(const database&) = delete;
  database& operator=(const database&) = delete;

  int run(const char* sql) { return ::sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr); }
  std::string ask(const char* sql) {
    std::string answer;
    const auto first = [](void* to, int, char** values, char**) {
      *static_cast<std::string*>(to) = values[0];
      return 0;
    };
    REQUIRE(::sqlite3_exec(handle_, sql, first, &answer, nullptr) == SQLITE_OK);
    return answer;
  }

 private:
  sqlite3* handle_ = nullptr;
};

} // namespace

TEST_CASE_METHOD(store_fixture,
                 "what could not be written to the log never comes to the database, room made or not") {
  const std::string path = folder + "/some.db";
  {
    database under{path, log_writes_vfs()};
    REQUIRE(under.run("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;"
                      "CREATE TABLE t(id INTEGER PRIMARY KEY, body BLOB)") == SQLITE_OK);
    // A log that is begun anew has the pages of its life before behind its end.
    REQUIRE(under.run("WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)"
                      "INSERT INTO t SELECT i, randomblob(4000) FROM n; DELETE FROM t WHERE id > 10;"
                      "PRAGMA wal_checkpoint") == SQLITE_OK);
    // Not synced, so it may wait; found out only with what comes next, or at the end.
    REQUIRE(under.run("PRAGMA synchronous=NORMAL; UPDATE t SET body = randomblob(4000) WHERE id > 5") ==
            SQLITE_OK);
    {
      const file_limit full{10000};
      REQUIRE(under.run("PRAGMA synchronous=FULL; DELETE FROM t WHERE id = 1") != SQLITE_OK);
    }
    CHECK(under.run("DELETE FROM t WHERE id = 2") != SQLITE_OK);
    CHECK(under.run("PRAGMA wal_checkpoint") != SQLITE_OK);
  }
  database again{path, nullptr};
  CHECK(again.ask("PRAGMA integrity_check") == "ok");
  CHECK(again.ask("SELECT count(*) FROM t WHERE length(body) = 4000") == "10");
}
