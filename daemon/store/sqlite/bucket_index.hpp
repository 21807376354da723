// The due times of large buckets in order, for lists: an hour with a million messages must not be read whole
// for each page. Made in pieces when first asked for, followed as rows are appended, and forgotten when
// nobody asks for a minute. What was done or moved meanwhile is found out when its turn comes. One thread.
#pragma once

#include "store/messages.hpp"
#include "store/sqlite/buckets.hpp"

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace postponed::store::sqlite {

class bucket_index {
 public:
  static constexpr std::int64_t worth_it = 10'000; // entries: a smaller bucket is read whole
  static constexpr std::int64_t piece = 10'000;    // read at once

  explicit bucket_index(buckets& of) : of_{of} {}

  // Reads on, at most `work` entries, from which it takes what was read; `complete`: all are known. False: an
  // error, as everywhere here.
  bool follow(bucket& in, std::int64_t& work, bool& complete);
  // Calls `take(entry)` for those after `after` that are due at or before `until` us, of that route (0: any),
  // in the order (due, row), until it answers false or the work is used up: then `reached` is where.
  // REQUIRES a complete follow().
  template <typename Take>
  bool visit(bucket& in, horizon_position after, std::int64_t until, std::uint32_t route, std::int64_t& work,
             horizon_position& reached, Take take);

  bool has_room(const bucket& in) const; // memory for it
  void forget_unused(wall_time now);

 private:
  struct item {
    std::int64_t due = 0;
    std::uint64_t row_and_route = 0; // row * 2^16 + the route's number; those from 2^16-1 on: not known
    std::int64_t row() const { return static_cast<std::int64_t>(row_and_route >> 16); }
    auto operator<=>(const item&) const = default;
  };
  static item item_of(const entry& each);
  struct run {
    std::vector<item> sorted;
    std::size_t begin = 0; // what is before is done
  };
  struct index {
    std::int64_t read_to = 0; // rows
    std::vector<run> runs;
    std::size_t size = 0;
    bool used = false;     // since it was last looked at
    wall_time last_used{}; // about
  };
  struct cursor {
    run* in = nullptr;
    std::size_t at = 0;
  };
  static bool later(const cursor& a, const cursor& b); // for a heap with the earliest in front
  std::vector<cursor> start(index& in, horizon_position after) const;
  void merge_small(index& in) const;
  // Whether it is still so in the bucket. False: an error.
  bool check(bucket& in, const cursor& at, entry& out, bool& valid);

  buckets& of_;
  std::map<std::int64_t, index> all_; // by the bucket's number
  std::size_t size_ = 0;              // items in all
};

template <typename Take>
bool bucket_index::visit(bucket& in, horizon_position after, std::int64_t until, std::uint32_t route,
                         std::int64_t& work, horizon_position& reached, Take take) {
  constexpr std::int64_t look_up = 8; // as dear as so many entries in a row
  index& known = all_[in.number];
  known.used = true;
  std::vector<cursor> heads = start(known, after);
  entry each;
  while (!heads.empty()) {
    std::pop_heap(heads.begin(), heads.end(), later);
    cursor& next = heads.back();
    const item& what = next.in->sorted[next.at];
    const auto of = static_cast<std::uint32_t>(what.row_and_route & 0xFFFF);
    if (what.due > until) return true;
    const bool wanted = route == 0 || of == route || of == 0xFFFF;
    bool valid = false;
    if (work <= 0) return true;
    work -= wanted ? look_up : 1;
    if (wanted && !check(in, next, each, valid)) return false;
    reached = {wall_time{microseconds{what.due}}, what.row()};
    if (valid && (route == 0 || each.route == route) && !take(each)) return true;
    if (++next.at == next.in->sorted.size())
      heads.pop_back();
    else
      std::push_heap(heads.begin(), heads.end(), later);
  }
  reached = {wall_time::max(), INT64_MAX};
  return true;
}

} // namespace postponed::store::sqlite
