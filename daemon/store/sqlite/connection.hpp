// RAII over SQLite's C interface: one connection, its statements. One thread; a statement dies before its
// connection.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace postponed::store::sqlite {

class statement {
 public:
  statement() = default;
  explicit statement(sqlite3_stmt* handle) : handle_{handle} {}

  statement& bind(int index, std::int64_t value); // from 1
  statement& bind_null(int index);
  statement& bind_blob(int index, std::string_view value); // the bytes stay valid until reset()
  statement& bind_text(int index, std::string_view value);
  int step(); // SQLITE_ROW, SQLITE_DONE or an error
  void reset();
  bool run();                              // one that answers no rows: step and reset
  std::int64_t integer(int column) const;  // from 0
  std::string_view blob(int column) const; // valid until the next step() or reset()
  bool is_null(int column) const;
  explicit operator bool() const { return handle_ != nullptr; }

 private:
  struct finalizer {
    void operator()(sqlite3_stmt* handle) const;
  };
  std::unique_ptr<sqlite3_stmt, finalizer> handle_;
};

class connection {
 public:
  // Opens or creates; the result code is in last_code(), its words in message(). The first that is executed
  // on a file with a log sets locking_mode=EXCLUSIVE (log_writes.hpp).
  bool open(const std::string& path);
  bool execute(const std::string& sql); // several statements; false: see last_code()
  statement prepare(const std::string& sql, bool persistent = false); // empty on an error
  std::int64_t single(const std::string& sql); // the first column of the first row; 0 where none
  std::string text(const std::string& sql);
  bool checkpoint(bool truncate); // false: an error, or the log is not all written back
  sqlite3* handle() const { return handle_.get(); }
  int last_code() const; // primary result code
  std::string message() const;

 private:
  struct closer {
    void operator()(sqlite3* handle) const;
  };
  std::unique_ptr<sqlite3, closer> handle_;
};

} // namespace postponed::store::sqlite
