#include "store/sqlite/connection.hpp"

#include "store/sqlite/log_writes.hpp"

#include <sqlite3.h>

namespace postponed::store::sqlite {

void statement::finalizer::operator()(sqlite3_stmt* handle) const {
  ::sqlite3_finalize(handle);
}
void connection::closer::operator()(sqlite3* handle) const {
  ::sqlite3_close_v2(handle);
}

statement& statement::bind(int index, std::int64_t value) {
  ::sqlite3_bind_int64(handle_.get(), index, value);
  return *this;
}

statement& statement::bind_null(int index) {
  ::sqlite3_bind_null(handle_.get(), index);
  return *this;
}

statement& statement::bind_blob(int index, std::string_view value) {
  // An empty view may hold a null pointer, which SQLite would take for NULL.
  ::sqlite3_bind_blob64(handle_.get(), index, value.empty() ? "" : value.data(), value.size(), SQLITE_STATIC);
  return *this;
}

statement& statement::bind_text(int index, std::string_view value) {
  ::sqlite3_bind_text64(handle_.get(), index, value.empty() ? "" : value.data(), value.size(), SQLITE_STATIC,
                        SQLITE_UTF8);
  return *this;
}

int statement::step() {
  return ::sqlite3_step(handle_.get());
}
void statement::reset() {
  ::sqlite3_reset(handle_.get());
}

bool statement::run() {
  const bool done = step() == SQLITE_DONE;
  reset(); // after an error it leaves the error of the step
  return done;
}

bool statement::is_null(int column) const {
  return ::sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
}
std::int64_t statement::integer(int column) const {
  return ::sqlite3_column_int64(handle_.get(), column);
}

std::string_view statement::blob(int column) const {
  const void* const data = ::sqlite3_column_blob(handle_.get(), column);
  const int size = ::sqlite3_column_bytes(handle_.get(), column);
  return data == nullptr ? std::string_view{}
                         : std::string_view{static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

bool connection::open(const std::string& path) {
  sqlite3* raw = nullptr;
  const int code = ::sqlite3_open_v2(
      path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, log_writes_vfs());
  handle_.reset(raw); // also on an error: it holds the message
  return code == SQLITE_OK;
}

bool connection::execute(const std::string& sql) {
  return ::sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
}

statement connection::prepare(const std::string& sql, bool persistent) {
  sqlite3_stmt* raw = nullptr;
  ::sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                       persistent ? SQLITE_PREPARE_PERSISTENT : 0u, &raw, nullptr);
  return statement{raw};
}

std::int64_t connection::single(const std::string& sql) {
  statement ask = prepare(sql);
  return ask && ask.step() == SQLITE_ROW ? ask.integer(0) : 0;
}

std::string connection::text(const std::string& sql) {
  statement ask = prepare(sql);
  return ask && ask.step() == SQLITE_ROW ? std::string{ask.blob(0)} : std::string{};
}

bool connection::checkpoint(bool truncate) {
  int logged = 0, written = 0;
  return ::sqlite3_wal_checkpoint_v2(handle_.get(), nullptr,
                                     truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE,
                                     &logged, &written) == SQLITE_OK &&
         logged == written;
}

int connection::last_code() const {
  return ::sqlite3_errcode(handle_.get()) & 0xFF;
}
std::string connection::message() const {
  return ::sqlite3_errmsg(handle_.get());
}

} // namespace postponed::store::sqlite
