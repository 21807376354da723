// Prepared statements by table and kind, made on first use and bounded in number: there may be hundreds of
// tables, few of them in use. One thread.
#pragma once

#include "store/sqlite/connection.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace postponed::store::sqlite {

class statement_cache {
 public:
  static constexpr unsigned kinds = 8; // a table

  explicit statement_cache(connection& in, std::size_t limit = 512) : in_{in}, limit_{limit} {}

  // `sql` makes the text when it is needed. Null: an error, see the connection. Valid until trim() or
  // forget().
  template <typename Text>
  statement* get(std::int64_t table, unsigned kind, Text sql) {
    held& each = all_[table * kinds + kind];
    each.used = ++clock_;
    if (!each.prepared) each.prepared = in_.prepare(sql(), true);
    return each.prepared ? &each.prepared : nullptr;
  }
  // Before its table is dropped: an open statement would keep it locked.
  void forget(std::int64_t table);
  // Between operations: above the limit, lets go of those that were not used for longest.
  void trim();

 private:
  struct held {
    statement prepared;
    std::uint64_t used = 0;
  };

  connection& in_;
  std::size_t limit_;
  std::uint64_t clock_ = 0;
  std::unordered_map<std::int64_t, held> all_;
};

// Buckets and segments are numbered apart, each from 1, so that a number may stand for one of either.
namespace statement_kind {
enum : unsigned {
  insert_entry,
  find_entry,
  erase_entry,
  move_entry,
  scan_entries,
  insert_body,
  find_body,
  find_head
};
}

// Statements that belong to neither.
inline constexpr std::int64_t common_table = 0;
enum common_kind : unsigned { write_count, write_bucket };

} // namespace postponed::store::sqlite
