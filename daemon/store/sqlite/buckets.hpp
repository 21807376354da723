// The buckets: for each span of due time a table of entries, one small row for each message that is due in
// it. Entries are what is loaded, split and deleted; bodies lie elsewhere and stay where they are
// (segments.hpp). One thread.
//
// Table e<number>(row INTEGER PRIMARY KEY, due, bytes, nonce, route, place, slot, moved): due in us from the
// start of the span; place = 2 * segment + relative; slot only where it is not the minute of the due time
// (overdue on arrival); moved: the other due time of a message that was put off, which then stands in the
// table `deferred`.
#pragma once

#include "base/held.hpp"
#include "store/sqlite/bucket_map.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/statement_cache.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace postponed::store::sqlite {

struct entry {
  std::int64_t row = 0;
  std::int64_t due = 0; // us since 1970
  std::int64_t bytes = 0;
  std::uint32_t nonce = 0;
  std::uint32_t route = 0;
  std::int64_t segment = 0;
  bool relative = false;
  std::int64_t slot = 0;
  std::optional<std::int64_t> moved; // us since 1970
};

enum class lookup { found, absent, failed };

struct bucket {
  struct share {
    std::int64_t messages = 0, bytes = 0;
    std::int64_t moved = 0, moved_bytes = 0; // of these, to other due times
    bool dirty = false, moved_dirty = false;
  };
  std::int64_t number = 0;
  span covers;
  std::int64_t live = 0, live_bytes = 0;
  std::int64_t first_due =
      0;                     // us: no entry is due sooner. Before the span where some were overdue on arrival
  int splits_into = -1;      // the level of the parts; -1: it is not being split
  std::int64_t split_to = 0; // rows up to here have moved
  std::map<std::uint32_t, share> routes;
  bool dirty = false, header_dirty = false;

  bool splitting() const { return splits_into >= 0; }
};

class buckets {
 public:
  buckets(connection& in, statement_cache& statements) : in_{in}, statements_{statements} {}

  bool load(); // the control tables; false: an error, as everywhere here
  // For a new row that is due in `second` (or was, and came now). Null: an error.
  bucket* choose(std::int64_t second, int level);
  // For a row of a bucket that is being split. Null: an error.
  bucket* part_of(const bucket& whole, std::int64_t second) { return choose(second, whole.splits_into); }

  bool insert(bucket& in, const entry& each);
  lookup find(const held_id& id, bucket*& in, entry& out);
  bool erase(bucket& in, const entry& each);
  bool set_moved(bucket& in, const entry& each, std::int64_t due);
  lookup find_row(bucket& in, std::int64_t row, entry& out); // in this one
  // Appends to `out` the entries after `row`, moved ones too, in the order of rows.
  bool read_rows(bucket& in, std::int64_t row, std::int64_t limit, std::vector<entry>& out);
  // Calls `take(entry)` for the entries that are due in [from, until] us and were not moved, in no order.
  template <typename Take>
  bool visit(bucket& in, std::int64_t from, std::int64_t until, Take take) {
    statement* const rows = scan(in, from, until);
    if (rows == nullptr) return false;
    entry each;
    lookup got = lookup::absent;
    while ((got = next(in, *rows, each)) == lookup::found)
      take(each);
    rows->reset();
    return got == lookup::absent;
  }
  // Moves the next entries of a bucket that is being split, at most `limit`; `left`: whether any remain.
  bool split_some(bucket& from, std::int64_t limit, bool& left);
  bool drop(const span& covers); // the reference is gone with it
  bool flush();                  // writes what changed to the control tables, within the transaction
  void touch_header(bucket& each);

  std::map<span, bucket>& all() { return all_; }
  const std::map<span, bucket>& all() const { return all_; }

 private:
  bucket* existing(int level, std::int64_t second);
  bucket* create(span covers);
  void touch(bucket& each);
  void count(bucket& in, const entry& each, std::int64_t messages);
  void count_moved(bucket& in, const entry& each, std::int64_t messages);
  lookup find_in(bucket& in, const held_id& id, entry& out);
  statement* scan(const bucket& in, std::int64_t from, std::int64_t until);
  static lookup next(const bucket& in, statement& rows, entry& out);

  connection& in_;
  statement_cache& statements_;
  std::map<span, bucket> all_;
  std::vector<bucket*> dirty_;
  span last_hit_{0, 0}; // the second in which an entry was found last: the next is likely there too
};

} // namespace postponed::store::sqlite
