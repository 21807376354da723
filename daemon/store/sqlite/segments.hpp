// The segments: tables to which bodies are only ever appended, each for a span of due time, and which are
// dropped whole when every message in them is done. A row stays in its segment whatever becomes of its entry.
// One thread.
//
// Table b<number>(row INTEGER PRIMARY KEY, sum, head, body): head as record_codec has it, sum over row, head
// and body.
#pragma once

#include "base/held.hpp"
#include "store/sqlite/bucket_map.hpp"
#include "store/sqlite/buckets.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/statement_cache.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace postponed::store::sqlite {

struct segment {
  std::int64_t number = 0;
  span covers;
  std::int64_t live = 0;     // bodies not done
  std::int64_t appended = 0; // bytes, ever
  bool dirty = false;
};

class segments {
 public:
  segments(connection& in, statement_cache& statements, std::size_t limit)
      : in_{in}, statements_{statements}, limit_{static_cast<std::int64_t>(limit)} {}

  bool load();             // the control tables; false: an error, as everywhere here
  std::int64_t last_row(); // the greatest that any segment has; 0: none; -1: an error
  // The one to append to for what is due in `second`; a new one where the last has reached its limit. Null:
  // an error.
  segment* choose(std::int64_t second, int level);
  bool append(segment& to, std::int64_t row, std::int64_t sum, std::string_view head, std::string_view body);
  void finish_one(std::int64_t number); // one of its bodies is done

  struct found {
    std::int64_t sum = 0;
    std::string_view head, bytes; // valid until the next find() or release()
  };
  lookup find(std::int64_t number, std::int64_t row, found& out);
  lookup find_head(std::int64_t number, std::int64_t row, std::string& head); // a long body costs nothing
  void release(); // ends the last find(): an open statement holds the log

  const segment* spent(std::int64_t now_second) const; // one that may be dropped; null: none
  bool drop(std::int64_t number);
  bool flush(); // writes what changed to the control table, within the transaction
  std::size_t size() const { return all_.size(); }

 private:
  segment* create(span covers);
  void touch(segment& each);

  connection& in_;
  statement_cache& statements_;
  std::int64_t limit_;
  std::map<std::int64_t, segment> all_;
  std::map<span, std::int64_t> open_; // for appending
  std::vector<segment*> dirty_;
  statement* found_ = nullptr; // that holds the views
};

} // namespace postponed::store::sqlite
