// How much comes a second of late; what is longer ago counts less. Pure; one thread.
#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <cmath>

namespace postponed {

class recent_rate {
 public:
  void add(double amount, steady_time now) {
    sum_ = sum(now) + amount;
    at_ = now;
  }
  double per_second(steady_time now) const { return sum(now) / memory.count(); }

 private:
  using seconds = std::chrono::duration<double>;
  static constexpr seconds memory{0.2};

  double sum(steady_time now) const { return sum_ * std::exp(-seconds{now - at_} / memory); }

  double sum_ = 0; // as of at_
  steady_time at_{};
};

} // namespace postponed
