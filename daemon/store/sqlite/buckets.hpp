// The open buckets: their tables, their counts, their prepared statements. One thread, the store's.
//
// Tables of a bucket: b<level>_<start>(row, due, bytes, nonce, relative, slot, head, sum, body), its rows
// only ever appended; m<level>_<start>(row, kind, due), a mark for each row that is done or was moved to
// another due time.
#pragma once

#include "base/held.hpp"
#include "store/sqlite/bucket_map.hpp"
#include "store/sqlite/connection.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace postponed::store::sqlite {

struct route_share {
  std::int64_t messages = 0, bytes = 0;
  bool dirty = false;
};

struct bucket {
  span covers;
  std::int64_t rows = 0;                 // ever inserted
  std::int64_t live = 0, live_bytes = 0; // not done
  bool splitting = false;                // its rows are moving to finer buckets
  std::int64_t split_to = 0;             // rows up to here have moved
  std::map<std::uint32_t, route_share> routes;
  bool dirty = false;
  statement insert, find, mark, find_mark;

  std::string suffix() const;
};

enum class mark_kind : std::int64_t { none = 0, done = 1, moved = 2 };

class buckets {
 public:
  explicit buckets(connection& in) : in_{in} {}

  bool load();                                  // the control tables; false: an error
  bucket* create(span covers);                  // null: an error
  bucket* choose(wall_time due, wall_time now); // for a new row; creates where none covers it
  bucket* finer(const span& than, std::int64_t second,
                wall_time now); // for a row of a bucket that is being split
  bool drop(const span& covers);
  bool flush(); // writes the counts that changed
  void count(bucket& in, std::uint32_t route, std::int64_t messages, std::int64_t bytes);

  struct found {
    bucket* in = nullptr; // null: no such row
    std::int64_t due = 0, bytes = 0, sum = 0;
    std::string_view head, body; // valid until the next find()
  };
  found find(const held_id& id, bool with_body);
  void release(); // ends the last find(): an open statement keeps tables locked
  mark_kind mark_of(bucket& in, std::int64_t row, std::int64_t& due);
  bool set_mark(bucket& in, std::int64_t row, mark_kind kind, std::int64_t due);
  bool insert(bucket& in, std::int64_t row, std::int64_t due, std::int64_t bytes, std::uint32_t nonce,
              bool relative, std::int64_t slot, std::string_view head, std::int64_t sum,
              std::string_view body);

  std::map<span, bucket>& all() { return all_; }
  const std::map<span, bucket>& all() const { return all_; }

 private:
  bucket* existing(int level, std::int64_t second);
  found find_in(bucket& in, const held_id& id, bool with_body);

  connection& in_;
  std::map<span, bucket> all_;
  bucket* last_found_ = nullptr; // whose find statement holds the views
};

} // namespace postponed::store::sqlite
