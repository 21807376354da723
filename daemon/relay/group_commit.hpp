// When a batch is committed. A commit costs a sync and some eight pages of log however little is in it, so a
// batch waits for company: for more of it the more is to be expected, as far as an ack can wait, and not at
// all once others have waited as long behind the commit before. Pure; one thread.
//
//   messages to be acked   1 ms, and 0.8 us more for each that comes a second, up to 5 ms from the arrival of
//                          the first; beyond 1 ms no longer than 64 take to come
//   marks of what is done  5 ms: nobody waits for them
#pragma once

#include "base/recent_rate.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>

namespace postponed::relay {

class group_commit {
 public:
  // A batch is there, in which so many are waited for; told as often as it may have grown. Answers when it is
  // to be committed, if no commit is under way then: `now` or earlier means at once.
  steady_time due(std::size_t waited_for, steady_time now) {
    if (!due_) due_ = now + most;
    if (waited_for > 0 && !waited_for_) {
      waited_for_ = true;
      due_ = std::min(*due_, now + linger(now));
    }
    return *due_;
  }
  // It was given to the store.
  void submitted(std::size_t waited_for, steady_time now) {
    waited_.add(static_cast<double>(waited_for), now);
    due_.reset();
    waited_for_ = false;
  }

  // How long the first of a batch waits.
  steady_time::duration linger(steady_time now) const {
    const double rate = waited_.per_second(now);
    const seconds company =
        std::min<seconds>(least + rate * each_adds, seconds{enough / std::max(rate, 1.0)});
    return std::clamp(std::chrono::duration_cast<steady_time::duration>(company), least, most);
  }

 private:
  using seconds = std::chrono::duration<double>;
  static constexpr steady_time::duration least = std::chrono::milliseconds{1};
  static constexpr steady_time::duration most = std::chrono::milliseconds{5};
  static constexpr seconds each_adds{0.8e-6};
  static constexpr double enough = 64; // rows: the pages of the commit itself are a small part then

  std::optional<steady_time> due_; // of the batch that gathers
  bool waited_for_ = false;        // ... by somebody
  recent_rate waited_;
};

} // namespace postponed::relay
