#include "io/broker_link.hpp"

#include "base/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <random>
#include <utility>

namespace postponed::io {

namespace asio = boost::asio;

namespace {

using namespace std::chrono_literals;

constexpr std::size_t read_size = std::size_t{256} << 10;
// A buffer that large bodies made larger than this is given back when it is written.
constexpr std::size_t keep_room = std::size_t{4} << 20;

double uniform01() {
  static thread_local std::mt19937_64 source{std::random_device{}()};
  return std::uniform_real_distribution<double>{0.0, 1.0}(source);
}

} // namespace

broker_link::broker_link(asio::io_context& context, link_parameters limits, handlers on)
    : context_{context}, limits_{std::move(limits)}, on_{std::move(on)}, deadline_{context}, pause_{context},
      buffer_(read_size) {}

void broker_link::start() {
  finished_ = false;
  asio::co_spawn(context_, run(), [this](const std::exception_ptr& error) {
    finished_ = true;
    if (error) std::rethrow_exception(error); // a defect: let it end the process, with its trace
    on_.on_batch();
  });
}

asio::awaitable<void> broker_link::wait(std::chrono::milliseconds time) {
  pause_.expires_after(time);
  co_await pause_.async_wait(
      asio::as_tuple(asio::use_awaitable)); // cancelled: somebody wants us to look again
}

asio::awaitable<void> broker_link::run() {
  std::size_t next = 0;
  while (!stopping_) {
    if (next_limits_) {
      limits_ = std::move(*next_limits_);
      next_limits_.reset();
      next = 0;
    }
    const broker_address& to = limits_.addresses[next++ % limits_.addresses.size()];
    co_await run_once(to);
    if (stopping_) break;
    if (next_limits_) continue;
    status_.state = "waiting";
    ++failures_;
    const auto pause = schedule::delay_for(limits_.reconnect, failures_, uniform01());
    // The other addresses are tried without delay, once round.
    if (next % limits_.addresses.size() == 0 || was_open_)
      co_await wait(std::chrono::duration_cast<std::chrono::milliseconds>(pause));
  }
  status_.state = "closed";
}

asio::awaitable<void> broker_link::run_once(const broker_address& to) {
  was_open_ = false;
  down_ = {};
  status_.state = "connecting";
  status_.broker = to.display;
  transport_ = std::make_unique<transport>(context_);
  std::string what;
  // Bounds connecting: closing the socket ends it. Where both come in the same moment this is called after we
  // went on.
  deadline_.expires_after(limits_.connect_timeout);
  deadline_.async_wait([this, attempt = ++attempts_](const boost::system::error_code& error) {
    if (!error && transport_ && attempt == attempts_) transport_->close();
  });
  const boost::system::error_code connected =
      co_await transport_->connect(to.host, to.port, to.tls ? &limits_.tls : nullptr, what);
  const bool in_time = deadline_.cancel() > 0;
  if (connected || stopping_ || !in_time) {
    if (!stopping_) lost(what + ": " + (in_time ? connected.message() : "no answer in time"));
    transport_->close();
    transport_.reset();
    co_return;
  }

  session_.emplace(options_for(to));
  armed_ = false;
  session_->start(read_now());
  dispatch();
  while (!session_->is_closed()) {
    if (paused_) {
      co_await wait(1h); // woken by pause_reading(false), the end of the session, or stop()
      continue;
    }
    auto [error, size] = co_await transport_->read_some(asio::buffer(buffer_));
    if (error) {
      if (down_.text.empty()) down_.text = "connection lost: " + error.message();
      break;
    }
    session_->receive(std::string_view{buffer_.data(), size}, read_now());
    dispatch();
  }
  deadline_.cancel();
  armed_ = false;
  // Let the farewell out, then wait for the write under way: it holds our buffer.
  flush();
  if (!write_under_way_ || !session_->is_closed()) transport_->close();
  for (int rounds = 0; write_under_way_; ++rounds) {
    if (rounds > 0) transport_->close();
    co_await wait(200ms);
  }
  transport_->close();
  transport_.reset();
  status_.blocked = false;
  session_.reset();
  if (!stopping_ && !next_limits_) lost(down_.text);
  if (was_open_) {
    if (!stopping_) ++status_.reconnects;
    on_.on_down(down_);
  }
}

void broker_link::lost(const std::string& why) {
  status_.last_error = why;
  log::warning("no connection to the broker",
               {{"role", limits_.role}, {"broker", status_.broker}, {"why", why}});
  if (on_.on_lost) on_.on_lost(why);
}

proto::session_options broker_link::options_for(const broker_address& to) const {
  proto::session_options options;
  options.login = limits_.external_login ? proto::session_options::mechanism::external
                                         : proto::session_options::mechanism::plain;
  options.user = to.user;
  options.password = to.password;
  options.virtual_host = to.virtual_host;
  options.connection_name = "postponed " + limits_.role;
  options.version = limits_.version;
  options.heartbeat = limits_.heartbeat;
  options.channel_max = 2047;
  return options;
}

// Hands the session's events on; what they made us say goes out at once.
void broker_link::dispatch() {
  auto events = session_->take_events();
  const bool any = !events.empty();
  for (proto::session_event& each : events) {
    if (auto* const opened = std::get_if<proto::event::opened>(&each)) {
      was_open_ = true;
      failures_ = 0;
      status_.state = "open";
      status_.server = opened->server_product + " " + opened->server_version;
      status_.last_error.clear();
      log::info("connected",
                {{"role", limits_.role}, {"broker", status_.broker}, {"server", status_.server}});
    } else if (auto* const closed = std::get_if<proto::event::closed>(&each)) {
      down_.code = closed->by_peer ? closed->code : std::uint16_t{0};
      down_.text = closed->text;
      if (closed->error) down_.text += (down_.text.empty() ? "" : ": ") + closed->error.message();
      continue;
    } else if (auto* const blocked = std::get_if<proto::event::blocked>(&each)) {
      status_.blocked = true;
      status_.blocked_reason = blocked->reason;
      log::warning("the broker blocks publishers", {{"role", limits_.role}, {"reason", blocked->reason}});
    } else if (std::holds_alternative<proto::event::unblocked>(each)) {
      status_.blocked = false;
      log::info("the broker takes publishes again", {{"role", limits_.role}});
    }
    on_.on_event(std::move(each));
  }
  if (any) on_.on_batch();
  flush();
  arm();
}

void broker_link::flush() {
  if (!session_ || write_under_way_ || session_->output().empty()) return;
  writing_.clear();
  std::swap(writing_, session_->output());
  write_under_way_ = true;
  transport_->write(asio::buffer(writing_), [this](const boost::system::error_code& error) {
    write_under_way_ = false;
    if (writing_.capacity() > keep_room) std::string{}.swap(writing_);
    if (error) {
      if (down_.text.empty()) down_.text = "connection lost: " + error.message();
      if (transport_) transport_->close(); // ends the read too
    } else if (session_ && !session_->is_closed()) {
      flush();
      if (write_under_way_) return;
    }
    if (!session_ || session_->is_closed() || error) pause_.cancel();
  });
}

void broker_link::arm() {
  const auto at = session_->next_deadline();
  if (!at || session_->is_closed()) {
    deadline_.cancel();
    armed_ = false;
    return;
  }
  // With all that is sent or received the heartbeats' time moves on. One that is too early does not harm: it
  // finds nothing to do, and is set anew.
  if (armed_ && deadline_.expiry() <= *at) return;
  armed_ = true;
  deadline_.expires_at(*at);
  deadline_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    armed_ = false;
    if (!session_) return;
    session_->tick(read_now());
    dispatch();
    // The peer is silent: closing the socket ends the read that waits for it.
    if (session_ && session_->is_closed() && transport_) {
      transport_->close();
      pause_.cancel();
    }
  });
}

steady_time broker_link::read_now() {
  return std::chrono::steady_clock::now();
}

void broker_link::pause_reading(bool paused) {
  if (paused_ == paused) return;
  paused_ = paused;
  if (session_) session_->reading_paused(paused, read_now());
  if (!paused) pause_.cancel();
}

void broker_link::reconnect(link_parameters limits) {
  next_limits_ = std::move(limits);
  end("the configuration changed");
}

void broker_link::stop() {
  stopping_ = true;
  paused_ = false;
  end("stopping");
}

void broker_link::end(std::string_view why) {
  pause_.cancel();
  if (is_open()) {
    session_->close(200, why, read_now());
    dispatch();
    return;
  }
  if (transport_) transport_->close();
}

} // namespace postponed::io
