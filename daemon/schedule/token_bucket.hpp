// So many a second and no more: tokens come at a steady rate, each thing done takes one. Pure; one thread.
//
// The bucket holds few of them, so that after a quiet time a spike is smeared instead of let through.
#pragma once

#include "base/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace postponed::schedule {

class token_bucket {
 public:
  // `per_second` tokens; 0: without limit. What had gathered stays, up to the new size: `burst` of time
  // worth, and one. The default of 20 ms is enough that a timer's coarseness costs no rate, and keeps a spike
  // smooth.
  void set_rate(double per_second, microseconds burst = std::chrono::milliseconds{20}) {
    rate_ = per_second;
    size_ = 1 + rate_ * std::chrono::duration<double>{burst}
                            .count(); // a slow one loses nothing to a late wake-up, either
    tokens_ = std::min(tokens_, size_);
  }
  bool limited() const { return rate_ > 0; }
  double rate() const { return rate_; }

  // Takes one where there is one.
  bool take(steady_time now) {
    if (!limited()) return true;
    fill(now);
    if (tokens_ < 1.0) return false;
    tokens_ -= 1.0;
    return true;
  }
  // Takes as many as there are, at most `most`.
  std::size_t take_up_to(std::size_t most, steady_time now) {
    if (!limited()) return most;
    fill(now);
    const auto taken = std::min(most, static_cast<std::size_t>(tokens_));
    tokens_ -= static_cast<double>(taken);
    return taken;
  }
  // How long until the next one, at least a microsecond.
  microseconds until_next(steady_time now) {
    if (!limited()) return microseconds{0};
    fill(now);
    if (tokens_ >= 1.0) return microseconds{0};
    return microseconds{static_cast<microseconds::rep>(std::ceil((1.0 - tokens_) / rate_ * 1e6)) + 1};
  }

 private:
  void fill(steady_time now) {
    if (now <= filled_) return;
    const std::chrono::duration<double> passed = now - filled_;
    filled_ = now;
    tokens_ = std::min(size_, tokens_ + passed.count() * rate_);
  }

  double rate_ = 0;
  double size_ = 1;
  double tokens_ = 0;
  steady_time filled_{};
};

} // namespace postponed::schedule
