// One connection's bytes: TCP or a unix socket, with TLS over it or not. Internal to the server; on the
// io_context's thread; outlives what is under way on it.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace postponed::admin {

class wire {
 public:
  using socket_type = boost::asio::generic::stream_protocol::socket;
  using executor_type = socket_type::executor_type;
  using error_code = boost::system::error_code;

  // `tls` null: none.
  wire(socket_type socket, std::shared_ptr<boost::asio::ssl::context> tls);

  executor_type get_executor() { return socket_.get_executor(); }
  bool has_tls() const { return tls_ != nullptr; }
  // "127.0.0.1:4711", or "uid 1000" of a unix socket.
  const std::string& peer() const { return peer_; }
  // The same without what changes from one connection to the next: whom to count logins for.
  const std::string& peer_host() const { return peer_host_; }
  bool is_local() const { return local_; } // a unix socket

  boost::asio::awaitable<error_code> handshake(); // nothing to do without TLS
  boost::asio::awaitable<void> farewell();        // tells a peer over TLS that this was all
  // Closes it where what is read or written is not done in time.
  void read_within(std::chrono::milliseconds time) { arm(reading_, time); }
  void write_within(std::chrono::milliseconds time) { arm(writing_, time); }
  void read_done() { reading_.expires_at(boost::asio::steady_timer::time_point::max()); }
  void write_done() { writing_.expires_at(boost::asio::steady_timer::time_point::max()); }
  void shutdown_send();
  void close();
  bool is_open() const { return socket_.is_open(); }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& into, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto&& handler, const Buffers& buffers) {
          if (tls_)
            tls_->async_read_some(buffers, std::forward<decltype(handler)>(handler));
          else
            socket_.async_read_some(buffers, std::forward<decltype(handler)>(handler));
        },
        token, into);
  }
  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& from, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto&& handler, const Buffers& buffers) {
          if (tls_)
            tls_->async_write_some(buffers, std::forward<decltype(handler)>(handler));
          else
            socket_.async_write_some(buffers, std::forward<decltype(handler)>(handler));
        },
        token, from);
  }

 private:
  void arm(boost::asio::steady_timer& timer, std::chrono::milliseconds time);
  void learn_peer();

  socket_type socket_;
  std::shared_ptr<boost::asio::ssl::context> context_;
  std::unique_ptr<boost::asio::ssl::stream<socket_type&>> tls_;
  std::string peer_ = "unknown", peer_host_ = "unknown";
  bool local_ = false;
  boost::asio::steady_timer reading_, writing_;
  std::shared_ptr<wire*> self_; // a timer that fires late finds out that this has gone
};

// An IPv6 address in brackets, as a URI has it.
std::string shown_address(const std::string& host, std::uint16_t port);

} // namespace postponed::admin
