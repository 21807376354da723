// Rows that wait for the same thing, in two lines: what is about on time, and what is overdue after a
// downtime. While both wait they are taken in turn, the overdue with a share of the turns, so that neither
// waits for the whole of the other. Within a line: in the order in which they came. Pure; one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

namespace postponed::relay {

class due_queue {
 public:
  struct turn {
    std::int64_t row = 0;
    bool overdue = false;
  };

  void push_back(std::int64_t row, bool overdue) { line(overdue).push_back(row); }
  void push_front(std::int64_t row, bool overdue) { line(overdue).push_front(row); }
  bool empty() const { return on_time_.empty() && overdue_.empty(); }
  bool has_overdue() const { return !overdue_.empty(); }
  std::size_t size() const { return on_time_.size() + overdue_.size(); }

  // Whose turn it is. `share`: of the overdue, 0 to 1. Nothing where only overdue ones wait and these may
  // not.
  std::optional<turn> next(double share, bool overdue_may = true) const {
    if (overdue_may && !overdue_.empty() && (on_time_.empty() || credit_ + share >= 1))
      return turn{overdue_.front(), true};
    if (on_time_.empty()) return std::nullopt;
    return turn{on_time_.front(), false};
  }
  // Takes out what next() answered.
  void pop(const turn& taken, double share) {
    if (!on_time_.empty() && !overdue_.empty())
      credit_ = taken.overdue ? std::max(0.0, credit_ + share - 1) : std::min(1.0, credit_ + share);
    line(taken.overdue).pop_front();
  }
  // Both in one. REQUIRES: not empty.
  std::int64_t take(double share) {
    const turn taken = *next(share);
    pop(taken, share);
    return taken.row;
  }

  template <typename Dropped>
  void erase_if(Dropped dropped) {
    std::erase_if(on_time_, dropped);
    std::erase_if(overdue_, dropped);
  }
  void clear() { *this = {}; }
  // All of them, those on time first.
  std::deque<std::int64_t> take_all() {
    std::deque<std::int64_t> all = std::exchange(on_time_, {});
    all.insert(all.end(), overdue_.begin(), overdue_.end());
    clear();
    return all;
  }

 private:
  std::deque<std::int64_t>& line(bool overdue) { return overdue ? overdue_ : on_time_; }

  std::deque<std::int64_t> on_time_, overdue_;
  double credit_ = 0; // of the overdue: parts of a turn
};

} // namespace postponed::relay
