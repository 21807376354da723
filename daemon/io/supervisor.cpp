#include "io/supervisor.hpp"

#include "base/log.hpp"

#include <systemd/sd-daemon.h>

namespace postponed::io {

supervisor::supervisor(boost::asio::io_context& context, std::function<bool()> alive)
    : timer_{context}, alive_{std::move(alive)} {
  std::uint64_t microseconds = 0;
  if (::sd_watchdog_enabled(0, &microseconds) > 0) period_ = std::chrono::microseconds{microseconds} / 2;
}

void supervisor::ready(const std::string& status) {
  ::sd_notifyf(0, "READY=1\nSTATUS=%s", status.c_str());
  if (period_.count() > 0) ping();
}

void supervisor::ping() {
  // A supervisor that hears nothing restarts us: that is what should happen when the store's thread hangs.
  if (alive_())
    ::sd_notify(0, "WATCHDOG=1");
  else
    log::error("the store's thread does not answer; the watchdog is left to expire");
  timer_.expires_after(period_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) ping();
  });
}

void supervisor::stopping() {
  ::sd_notify(0, "STOPPING=1");
}

void supervisor::stop() {
  timer_.cancel();
}

} // namespace postponed::io
