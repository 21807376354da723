#include "store/sqlite/file_tools.hpp"

#include "store/sqlite/connection.hpp"
#include "store/sqlite/lock_file.hpp"
#include "store/sqlite/schema.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace postponed::store {

using namespace sqlite;

namespace {

constexpr int pages_at_once = 4096;

// The file, locked and open. Nothing is created where it is not there.
struct opened {
  lock_file lock;
  connection db;
};

boost::system::error_code open(const std::string& path, opened& to, std::string& why) {
  if (::access(path.c_str(), R_OK | W_OK) != 0) {
    why = path + ": " + std::strerror(errno) + "; store.path of the configuration names the store's file";
    return make_error_code(errno == ENOENT ? errc::no_directory : errc::permission);
  }
  std::string holder;
  if (const int error = to.lock.acquire(path + ".lock", holder); error != 0) {
    why = error == EWOULDBLOCK
              ? path + " is in use by " + (holder.empty() ? "another process" : holder) + "; stop it first"
              : "cannot write " + path + ".lock: " + std::strerror(error);
    return make_error_code(error == EWOULDBLOCK ? errc::locked : errc::permission);
  }
  if (!to.db.open(path) || !to.db.execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA wal_autocheckpoint=0; "
                                          "PRAGMA mmap_size=0")) {
    why = path + ": " + to.db.message();
    return make_error_code(errc::corrupt);
  }
  const std::int64_t id = to.db.single("PRAGMA application_id");
  if (const int code = to.db.last_code(); code == SQLITE_NOTADB || code == SQLITE_CORRUPT) {
    why = path + ": " + to.db.message();
    return make_error_code(errc::corrupt);
  }
  if (id == application_id) return {};
  why = path + " is no store of postponed's";
  return make_error_code(errc::not_ours);
}

struct backup_end {
  void operator()(sqlite3_backup* handle) const { ::sqlite3_backup_finish(handle); }
};

} // namespace

boost::system::result<std::vector<std::string>> check_sqlite_file(const std::string& path, std::string& why) {
  opened file;
  if (const auto error = open(path, file, why)) return error;
  std::vector<std::string> found;
  statement check = file.db.prepare("PRAGMA integrity_check(100)");
  int code = check ? SQLITE_ROW : file.db.last_code();
  while (check && (code = check.step()) == SQLITE_ROW) { // a row may be many lines
    std::istringstream lines{std::string{check.blob(0)}};
    for (std::string line; std::getline(lines, line);)
      if (!line.empty()) found.push_back(std::move(line));
  }
  if (code != SQLITE_DONE) found.push_back(file.db.message());
  if (found == std::vector<std::string>{"ok"}) found.clear();
  return found;
}

boost::system::result<void>
backup_sqlite_file(const std::string& path, const std::string& to,
                   const std::function<void(std::uint64_t, std::uint64_t)>& progress, std::string& why) {
  if (std::error_code ignored; std::filesystem::exists(to, ignored)) {
    why = to + " is there already; it is not overwritten";
    return make_error_code(errc::permission);
  }
  opened from;
  if (const auto error = open(path, from, why)) return error;
  const ::mode_t before = ::umask(0077); // nobody else's to read
  connection copy;
  const bool made = copy.open(to);
  ::umask(before);
  const auto failed = [&](const std::string& words) {
    why = to + ": " + words;
    std::error_code ignored;
    std::filesystem::remove(to, ignored);
    return make_error_code(errc::io);
  };
  if (!made) return failed(copy.message());
  std::unique_ptr<sqlite3_backup, backup_end> work{
      ::sqlite3_backup_init(copy.handle(), "main", from.db.handle(), "main")};
  if (!work) return failed(copy.message());
  int code = SQLITE_OK;
  while (code == SQLITE_OK) {
    code = ::sqlite3_backup_step(work.get(), pages_at_once);
    const auto all = static_cast<std::uint64_t>(::sqlite3_backup_pagecount(work.get()));
    progress(all - static_cast<std::uint64_t>(::sqlite3_backup_remaining(work.get())), all);
  }
  if (code != SQLITE_DONE) return failed(::sqlite3_errstr(code));
  return {};
}

} // namespace postponed::store
