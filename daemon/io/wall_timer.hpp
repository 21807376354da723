// A timer on the wall clock that also notices when that clock is set (timerfd_create(2),
// TFD_TIMER_CANCEL_ON_SET).
//
// Lives on the io_context's thread; its owner keeps it alive until stop() has been called and the io_context
// has run what was pending.
#pragma once

#include "base/clock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <optional>

namespace postponed::io {

moment read_clocks();

class wall_timer {
 public:
  // `stepped`: by how much the wall clock was set (negative: back), zero where the armed time has come.
  using handler = std::function<void(microseconds stepped)>;

  // Throws std::system_error where the kernel gives no timer.
  wall_timer(boost::asio::io_context& context, handler on_fire);
  void start();
  void arm(std::optional<wall_time> at); // replaces the time; nothing: only clock changes wake it
  void stop();

 private:
  void wait();
  void set(wall_time at);
  void fired();

  boost::asio::posix::stream_descriptor descriptor_;
  handler on_fire_;
  wall_time armed_{};
  microseconds offset_{0}; // wall minus steady when last looked
};

} // namespace postponed::io
