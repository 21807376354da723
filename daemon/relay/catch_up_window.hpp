// How many overdue messages may be in flight to one destination. By far more than the broker needs to be kept
// busy would stand in its line, and whatever comes due would wait behind them: so the window grows while
// confirms come about as soon as they ever did, and shrinks when they take longer. Pure; one thread.
#pragma once

#include "base/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>

namespace postponed::relay {

class catch_up_window {
 public:
  std::size_t size() const { return static_cast<std::size_t>(size_); }

  // Any message was confirmed, `took` after it was published. `wanted`: overdue ones wait for a place.
  // `most`: the size is never more.
  void on_confirmed(steady_time::duration took, bool wanted, std::size_t most, steady_time now) {
    shortest_ = shortest_ ? std::min(*shortest_, took) : took;
    usual_ += (took - usual_) / 8;
    if (usual_ > std::max(3 * *shortest_, *shortest_ + queueing)) {
      if (now < settled_at_) return; // what was published before the window shrank still comes in
      // With so few in it the line cannot be shorter: that they take so long is the broker's own by now.
      if (size_ <= least) *shortest_ += (usual_ - *shortest_) / 16;
      size_ = std::max(least, size_ * 3 / 4);
      settled_at_ = now + usual_;
      found_ = true;
    } else if (wanted) {
      size_ = std::min(std::max(least, static_cast<double>(most)), size_ + (found_ ? 1 / size_ : 1));
    }
  }

 private:
  static constexpr double least = 16;
  static constexpr auto queueing = std::chrono::milliseconds{5}; // what new ones may wait behind overdue ones

  double size_ = 64;
  bool found_ = false; // it was too large once: from then on it grows slowly
  std::optional<steady_time::duration> shortest_;
  steady_time::duration usual_{}; // of late
  steady_time settled_at_{};
};

} // namespace postponed::relay
