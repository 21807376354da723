// The earliest rows of a page. Pure; one thread.
#pragma once

#include "base/held.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace postponed::store::sqlite {

// Keeps the `limit` earliest rows of what it is given: a bucket larger than that costs a pass, not memory.
class earliest {
 public:
  explicit earliest(std::size_t limit) : limit_{limit} {}

  void offer(const held_ref& row) {
    if (rows_.size() == limit_) {
      cut_ = true;
      if (limit_ == 0 || !before(row, rows_.front())) return;
      std::pop_heap(rows_.begin(), rows_.end(), before);
      rows_.pop_back();
    }
    rows_.push_back(row);
    std::push_heap(rows_.begin(), rows_.end(), before);
  }
  // Whether anything due at or after `due` would only be cut off.
  bool closed_to(wall_time due) const {
    return rows_.size() == limit_ && (limit_ == 0 || due > rows_.front().due);
  }
  std::size_t limit() const { return limit_; }
  void leave_out() { cut_ = true; }
  bool cut() const { return cut_; }
  std::vector<held_ref> take() {
    std::sort_heap(rows_.begin(), rows_.end(), before);
    return std::move(rows_);
  }

 private:
  static bool before(const held_ref& a, const held_ref& b) {
    return std::pair{a.due, a.id.row} < std::pair{b.due, b.id.row};
  }

  std::size_t limit_;
  std::vector<held_ref> rows_; // a heap, the latest in front
  bool cut_ = false;
};

} // namespace postponed::store::sqlite
