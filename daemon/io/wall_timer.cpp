#include "io/wall_timer.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/timerfd.h>
#include <system_error>
#include <unistd.h>

namespace postponed::io {

namespace {

using namespace std::chrono_literals;

constexpr auto longest_sleep = 1h; // armed at least so far ahead, for the clock changes alone

microseconds offset_of(const moment& now) {
  return now.wall.time_since_epoch() -
         std::chrono::duration_cast<microseconds>(now.steady.time_since_epoch());
}

} // namespace

moment read_clocks() {
  return {std::chrono::time_point_cast<microseconds>(std::chrono::system_clock::now()),
          std::chrono::steady_clock::now()};
}

wall_timer::wall_timer(boost::asio::io_context& context, handler on_fire)
    : descriptor_{context}, on_fire_{std::move(on_fire)}, offset_{offset_of(read_clocks())} {
  const int timer = ::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  if (timer < 0) throw std::system_error{errno, std::system_category(), "timerfd_create"};
  descriptor_.assign(timer);
}

void wall_timer::start() {
  arm(std::nullopt);
  wait();
}

void wall_timer::arm(std::optional<wall_time> at) {
  const wall_time latest = read_clocks().wall + longest_sleep;
  const wall_time next = std::min(at.value_or(latest), latest);
  // Re-arming costs a system call: only where it matters.
  if (next == armed_ || (!at && armed_ > read_clocks().wall)) return;
  set(next);
}

void wall_timer::set(wall_time at) {
  armed_ = at;
  // Rounded up to the microsecond already; never at zero, which would disarm it.
  const auto since = std::max(at.time_since_epoch(), microseconds{1});
  itimerspec spec{};
  spec.it_value.tv_sec = since / 1s;
  spec.it_value.tv_nsec = (since % 1s) / 1ns;
  ::timerfd_settime(descriptor_.native_handle(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &spec, nullptr);
}

void wall_timer::wait() {
  descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [this](const boost::system::error_code& error) {
                           if (error) return; // stopped
                           fired();
                           wait();
                         });
}

void wall_timer::fired() {
  std::uint64_t expirations = 0;
  const ssize_t got = ::read(descriptor_.native_handle(), &expirations, sizeof expirations);
  if (got < 0 && errno == EAGAIN) return; // re-armed between the wake-up and here
  const bool clock_set = got < 0 && errno == ECANCELED;
  armed_ = wall_time{};
  if (!clock_set) {
    on_fire_(microseconds{0});
    return;
  }
  const microseconds offset = offset_of(read_clocks());
  const microseconds stepped = offset - offset_;
  offset_ = offset;
  set(read_clocks().wall + longest_sleep);
  // Zero would mean "the time has come"; a set clock that did not move is of no interest.
  if (stepped != microseconds{0}) on_fire_(stepped);
}

void wall_timer::stop() {
  boost::system::error_code ignored;
  descriptor_.close(ignored);
}

} // namespace postponed::io
