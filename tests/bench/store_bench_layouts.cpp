// The layouts that were considered, on SQLite's interface directly and with the store's own settings.
#include "bench/store_bench.hpp"
#include "store/sqlite/log_writes.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace postponed::bench {

namespace {

constexpr std::uint64_t checkpoint_after = 16u << 20;

class sql_layout : public layout {
 public:
  sql_layout(const std::string& file, int page_size, const char* schema)
      : file_{file}, page_size_{static_cast<std::uint64_t>(page_size)} {
    must(::sqlite3_open_v2(file.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                           store::sqlite::log_writes_vfs()));
    run(fmt::format("PRAGMA locking_mode=EXCLUSIVE; PRAGMA page_size={}; PRAGMA journal_mode=WAL;"
                    "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA secure_delete=OFF;"
                    "PRAGMA mmap_size=0; PRAGMA cache_size=-8192",
                    page_size));
    run(schema);
    ::sqlite3_wal_hook(
        handle_,
        [](void* self, sqlite3*, const char*, int pages) {
          auto& at = *static_cast<sql_layout*>(self);
          at.log_pages_ += static_cast<std::uint64_t>(pages < at.pages_ ? pages : pages - at.pages_);
          at.pages_ = pages;
          return SQLITE_OK;
        },
        this);
  }
  ~sql_layout() override {
    for (sqlite3_stmt* each : statements_)
      ::sqlite3_finalize(each);
    ::sqlite3_close(handle_);
  }
  sql_layout(const sql_layout&) = delete;
  sql_layout& operator=(const sql_layout&) = delete;

  void housekeep() override {
    if (static_cast<std::uint64_t>(pages_) * page_size_ < checkpoint_after) return;
    must(::sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr));
    pages_ = 0;
  }
  std::uint64_t wal_bytes() const override { return log_pages_ * page_size_; }
  std::uint64_t file_bytes() const override { return std::filesystem::file_size(file_); }

 protected:
  void must(int code) const {
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
    fmt::print(stderr, "{}: {}\n", file_, ::sqlite3_errmsg(handle_));
    std::exit(1);
  }
  void run(const std::string& sql) { must(::sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr)); }
  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* made = nullptr;
    must(::sqlite3_prepare_v2(handle_, sql, -1, &made, nullptr));
    statements_.push_back(made);
    return made;
  }
  bool step(sqlite3_stmt* each) {
    const int code = ::sqlite3_step(each);
    must(code);
    return code == SQLITE_ROW;
  }
  void step_and_reset(sqlite3_stmt* each) {
    step(each);
    ::sqlite3_reset(each);
  }
  static void bind(sqlite3_stmt* to, int at, std::int64_t value) { ::sqlite3_bind_int64(to, at, value); }
  static void bind(sqlite3_stmt* to, int at, std::string_view value) {
    ::sqlite3_bind_blob64(to, at, value.data(), value.size(), SQLITE_STATIC);
  }
  void read_body(sqlite3_stmt* row, int column) {
    const auto* const bytes = static_cast<const char*>(::sqlite3_column_blob(row, column));
    body_.assign(bytes, static_cast<std::size_t>(::sqlite3_column_bytes(row, column)));
  }

  std::int64_t next_ = 1;

 private:
  std::string file_;
  std::uint64_t page_size_;
  sqlite3* handle_ = nullptr;
  std::vector<sqlite3_stmt*> statements_;
  int pages_ = 0;               // in the log since the last checkpoint
  std::uint64_t log_pages_ = 0; // ever
  std::string body_;
};

// What no layout can beat: a queue, taken out in the order in which it was filled.
class append_only_layout final : public sql_layout {
 public:
  append_only_layout(const std::string& file, int page_size)
      : sql_layout{file, page_size, "CREATE TABLE held(id INTEGER PRIMARY KEY, due INTEGER, body BLOB)"},
        insert_{prepare("INSERT INTO held VALUES(?, ?, ?)")},
        select_{prepare("SELECT id, due, body FROM held ORDER BY id LIMIT ?")},
        delete_{prepare("DELETE FROM held WHERE id <= ?")} {}

  void insert(const std::vector<timed_row>& rows) override {
    run("BEGIN IMMEDIATE");
    for (const timed_row& each : rows) {
      bind(insert_, 1, next_++);
      bind(insert_, 2, each.due);
      bind(insert_, 3, each.body);
      step_and_reset(insert_);
    }
    run("COMMIT");
  }
  std::size_t drain(std::size_t rows) override {
    std::size_t got = 0;
    std::int64_t last = 0;
    bind(select_, 1, static_cast<std::int64_t>(rows));
    for (; step(select_); ++got) {
      last = ::sqlite3_column_int64(select_, 0);
      read_body(select_, 2);
    }
    ::sqlite3_reset(select_);
    bind(delete_, 1, last);
    step_and_reset(delete_);
    return got;
  }

 private:
  sqlite3_stmt *insert_, *select_, *delete_;
};

// A table that SQLite keeps in the order of due times, in one way or another.
class ordered_layout final : public sql_layout {
 public:
  // insert: id, due, body; select: id, due, body of the earliest; remove: id, due.
  ordered_layout(const std::string& file, int page_size, const char* schema, const char* remove)
      : sql_layout{file, page_size, schema}, insert_{prepare(
                                                 "INSERT INTO held(id, due, body) VALUES(?, ?, ?)")},
        select_{prepare("SELECT id, due, body FROM held ORDER BY due LIMIT ?")}, remove_{prepare(remove)} {}

  void insert(const std::vector<timed_row>& rows) override {
    run("BEGIN IMMEDIATE");
    for (const timed_row& each : rows) {
      bind(insert_, 1, next_++);
      bind(insert_, 2, each.due);
      bind(insert_, 3, each.body);
      step_and_reset(insert_);
    }
    run("COMMIT");
  }
  std::size_t drain(std::size_t rows) override {
    std::vector<std::pair<std::int64_t, std::int64_t>> gone;
    bind(select_, 1, static_cast<std::int64_t>(rows));
    while (step(select_)) {
      gone.emplace_back(::sqlite3_column_int64(select_, 0), ::sqlite3_column_int64(select_, 1));
      read_body(select_, 2);
    }
    ::sqlite3_reset(select_);
    run("BEGIN IMMEDIATE");
    for (const auto& [id, due] : gone) {
      bind(remove_, 1, id);
      bind(remove_, 2, due);
      step_and_reset(remove_);
    }
    run("COMMIT");
    return gone.size();
  }

 private:
  sqlite3_stmt *insert_, *select_, *remove_;
};

// Appended within each hour; an hour's rows are listed once, as it begins, and taken out singly.
class clustered_layout final : public sql_layout {
 public:
  clustered_layout(const std::string& file, int page_size)
      : sql_layout{file, page_size,
                   "CREATE TABLE held(hour INTEGER, id INTEGER, due INTEGER, body BLOB,"
                   " PRIMARY KEY(hour, id)) WITHOUT ROWID"},
        insert_{prepare("INSERT INTO held VALUES(?, ?, ?, ?)")},
        first_{prepare("SELECT hour FROM held ORDER BY hour LIMIT 1")},
        list_{prepare("SELECT due, id FROM held WHERE hour = ?")},
        read_{prepare("SELECT body FROM held WHERE hour = ? AND id = ?")},
        delete_{prepare("DELETE FROM held WHERE hour = ? AND id = ?")} {}

  void insert(const std::vector<timed_row>& rows) override {
    run("BEGIN IMMEDIATE");
    for (const timed_row& each : rows) {
      bind(insert_, 1, each.due / million / 3600);
      bind(insert_, 2, next_++);
      bind(insert_, 3, each.due);
      bind(insert_, 4, each.body);
      step_and_reset(insert_);
    }
    run("COMMIT");
  }
  std::size_t drain(std::size_t rows) override {
    if (at_ == listed_.size() && !list_next_hour()) return 0;
    const std::size_t got = std::min(rows, listed_.size() - at_);
    for (std::size_t i = 0; i < got; ++i) {
      bind(read_, 1, hour_);
      bind(read_, 2, listed_[at_ + i].second);
      if (step(read_)) read_body(read_, 0);
      ::sqlite3_reset(read_);
    }
    run("BEGIN IMMEDIATE");
    for (std::size_t i = 0; i < got; ++i) {
      bind(delete_, 1, hour_);
      bind(delete_, 2, listed_[at_ + i].second);
      step_and_reset(delete_);
    }
    run("COMMIT");
    at_ += got;
    return got;
  }

 private:
  bool list_next_hour() {
    const bool any = step(first_);
    if (any) hour_ = ::sqlite3_column_int64(first_, 0);
    ::sqlite3_reset(first_);
    listed_.clear();
    at_ = 0;
    if (!any) return false;
    bind(list_, 1, hour_);
    while (step(list_))
      listed_.emplace_back(::sqlite3_column_int64(list_, 0), ::sqlite3_column_int64(list_, 1));
    ::sqlite3_reset(list_);
    std::sort(listed_.begin(), listed_.end());
    return true;
  }

  sqlite3_stmt *insert_, *first_, *list_, *read_, *delete_;
  std::int64_t hour_ = 0;
  std::vector<std::pair<std::int64_t, std::int64_t>> listed_; // (due, id) of the hour
  std::size_t at_ = 0;
};

} // namespace

std::unique_ptr<layout> append_only(const std::string& file, int page_size) {
  return std::make_unique<append_only_layout>(file, page_size);
}
std::unique_ptr<layout> indexed_by_due(const std::string& file, int page_size) {
  return std::make_unique<ordered_layout>(file, page_size,
                                          "CREATE TABLE held(id INTEGER PRIMARY KEY, due INTEGER, body BLOB);"
                                          "CREATE INDEX by_due ON held(due)",
                                          "DELETE FROM held WHERE id = ?1 AND due = ?2");
}
std::unique_ptr<layout> clustered_by_due(const std::string& file, int page_size) {
  return std::make_unique<ordered_layout>(
      file, page_size,
      "CREATE TABLE held(due INTEGER, id INTEGER, body BLOB, PRIMARY KEY(due, id)) WITHOUT ROWID",
      "DELETE FROM held WHERE due = ?2 AND id = ?1");
}
std::unique_ptr<layout> clustered_by_hour(const std::string& file, int page_size) {
  return std::make_unique<clustered_layout>(file, page_size);
}

} // namespace postponed::bench
