// The messages whose due time was moved after they were held: few, and in one table clustered by their new
// due time. Entry and body stay where they are; the entry says that, and to when, it was moved. One thread.
#pragma once

#include "base/held.hpp"
#include "store/sqlite/buckets.hpp"
#include "store/sqlite/connection.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace postponed::store::sqlite {

struct deferred {
  held_id id;
  std::int64_t due = 0; // us since 1970
  std::int64_t bytes = 0;
  std::uint32_t route = 0;
  std::uint32_t failures = 0;
  reason why = reason::none;
  std::string error;
};

void apply(const deferred& moved, held_record& to); // what became of it since it was accepted

class deferrals {
 public:
  explicit deferrals(connection& in) : in_{in} {}

  bool load(); // how many there are; false: an error, as everywhere here
  bool put(const deferred& each);
  lookup find(std::int64_t row, std::int64_t due, deferred& out); // failures, why and error
  bool erase(const entry& each);                                  // one that is moved
  struct count {
    std::int64_t messages = 0, bytes = 0;
  };
  // By minute since 1970 and route.
  const std::map<std::int64_t, std::map<std::uint32_t, count>>& counts() const { return counts_; }
  // Calls `take(deferred)` (id, due, bytes and route) for those after (from us, row) and up to `until` us, in
  // the order (due, row), `limit` at most, without those of the routes in `skip`.
  template <typename Take>
  bool visit(std::int64_t from, std::int64_t row, std::int64_t until, std::int64_t limit,
             const std::vector<std::uint32_t>& skip, Take take) {
    statement rows = scan(from, row, until, limit, skip);
    if (!rows) return false;
    deferred each;
    lookup got = lookup::absent;
    while ((got = next(rows, each)) == lookup::found)
      take(each);
    return got == lookup::absent;
  }

 private:
  statement scan(std::int64_t from, std::int64_t row, std::int64_t until, std::int64_t limit,
                 const std::vector<std::uint32_t>& skip);
  static lookup next(statement& rows, deferred& out);

  void add(std::int64_t due, std::uint32_t route, std::int64_t messages, std::int64_t bytes);

  connection& in_;
  std::map<std::int64_t, std::map<std::uint32_t, count>> counts_;
  statement insert_, delete_, find_;
};

} // namespace postponed::store::sqlite
