// One connection to a broker, kept up: connects through the list of addresses, drives the session machine,
// and when the connection is lost connects again after 500 ms x 1.5 +- 0.5 up to 60 s, the first connect
// included.
//
// Lives on the io_context's thread. Destroy only when finished() is true, which follows stop().
#pragma once

#include "base/clock.hpp"
#include "io/transport.hpp"
#include "proto/session.hpp"
#include "schedule/backoff.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postponed::io {

struct broker_address {
  bool tls = false;
  std::string host;
  std::uint16_t port = 5672;
  std::string user, password, virtual_host;
  std::string display; // for log and status: no password
  bool operator==(const broker_address&) const = default;
};

struct link_parameters {
  std::string role; // consume, publish
  std::vector<broker_address> addresses;
  tls_parameters tls;
  bool external_login = false;
  std::chrono::seconds heartbeat{15};
  std::string version;
  schedule::backoff_policy reconnect{std::chrono::milliseconds{500}, std::chrono::seconds{60}, 1.5, 0.5};
  std::chrono::milliseconds connect_timeout{10000};
  // Whether another connection would be made with `other`.
  bool same_broker(const link_parameters& other) const {
    return addresses == other.addresses && tls == other.tls && external_login == other.external_login &&
           heartbeat == other.heartbeat;
  }
};

struct link_status {
  std::string state = "connecting"; // connecting, open, waiting, closed
  std::string broker, server, last_error;
  bool blocked = false;
  std::string blocked_reason;
  std::uint64_t reconnects = 0;
};

// Why the connection went. `code`: the broker's reply code where it closed it, else 0.
struct link_down {
  std::uint16_t code = 0;
  std::string text;
};

class broker_link {
 public:
  struct handlers {
    std::function<void(proto::session_event&&)>
        on_event;                   // opened is the first of each connection; closed is not given
    std::function<void()> on_batch; // after all events of one read
    std::function<void(const link_down&)> on_down; // after an opened connection went
    // Optional. Each time that there is no connection, and why: an attempt failed, or it was lost (before
    // on_down).
    std::function<void(const std::string& why)> on_lost = {};
  };

  broker_link(boost::asio::io_context& context, link_parameters limits, handlers on);
  broker_link(const broker_link&) = delete;
  broker_link& operator=(const broker_link&) = delete;

  void start();
  bool is_open() const { return session_ && session_->is_open(); }
  proto::session& session() { return *session_; } // REQUIRES is_open()
  void flush();                                   // writes what the session has to say, in one go
  void pause_reading(bool paused);
  // Connects anew, with other parameters: after a reload that changed them.
  void reconnect(link_parameters limits);
  void stop(); // closes politely: the session bounds the wait for close-ok
  bool finished() const { return finished_; }
  const link_status& status() const { return status_; }

 private:
  boost::asio::awaitable<void> run();
  boost::asio::awaitable<void> run_once(const broker_address& to);
  boost::asio::awaitable<void> wait(std::chrono::milliseconds time);
  proto::session_options options_for(const broker_address& to) const;
  static steady_time read_now();
  void dispatch();
  void arm();
  void lost(const std::string& why);
  void end(std::string_view why);

  boost::asio::io_context& context_;
  link_parameters limits_;
  std::optional<link_parameters> next_limits_; // taken over between two connections
  handlers on_;
  link_status status_;
  std::unique_ptr<transport> transport_;
  std::optional<proto::session> session_;
  boost::asio::steady_timer deadline_; // connecting's; then the session's next one, or before it
  bool armed_ = false;                 // it will call tick()
  std::uint64_t attempts_ = 0;         // to connect
  boost::asio::steady_timer pause_; // wakes the coroutine: between attempts, when paused, when a write ended
  std::string writing_;             // bytes under way; the next gather in session_->output()
  bool write_under_way_ = false;
  bool paused_ = false;
  bool stopping_ = false;
  bool finished_ = true;
  bool was_open_ = false;
  link_down down_;
  unsigned failures_ = 0;
  std::vector<char> buffer_;
};

} // namespace postponed::io
