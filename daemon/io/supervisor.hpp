// Tells systemd how we are (sd_notify(3)): READY, STOPPING, STATUS, and WATCHDOG while `alive` says so. Does
// nothing where no supervisor listens. Lives on the io_context's thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <string>

namespace postponed::io {

class supervisor {
 public:
  supervisor(boost::asio::io_context& context, std::function<bool()> alive);
  void ready(const std::string& status);
  void stopping();
  void stop(); // no more watchdog pings

 private:
  void ping();

  boost::asio::steady_timer timer_;
  std::function<bool()> alive_;
  std::chrono::microseconds period_{0}; // zero: no watchdog asked for
};

} // namespace postponed::io
