#include "admin/wire.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <sys/socket.h>

namespace postponed::admin {

namespace asio = boost::asio;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds farewell_time{1};

} // namespace

std::string shown_address(const std::string& host, std::uint16_t port) {
  const bool bare_v6 = host.find(':') != std::string::npos;
  return (bare_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

wire::wire(socket_type socket, std::shared_ptr<asio::ssl::context> tls)
    : socket_{std::move(socket)}, context_{std::move(tls)}, reading_{socket_.get_executor()},
      writing_{socket_.get_executor()}, self_{std::make_shared<wire*>(this)} {
  if (context_) tls_ = std::make_unique<asio::ssl::stream<socket_type&>>(socket_, *context_);
  learn_peer();
}

void wire::learn_peer() {
  error_code error;
  const auto remote = socket_.remote_endpoint(error);
  if (error) return;
  if (remote.protocol().family() == AF_UNIX) {
    local_ = true;
    ::ucred who{};
    ::socklen_t size = sizeof who;
    if (::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_PEERCRED, &who, &size) == 0)
      peer_ = peer_host_ = "uid " + std::to_string(who.uid);
    return;
  }
  asio::ip::tcp::endpoint from;
  if (remote.size() > from.capacity()) return;
  std::copy_n(reinterpret_cast<const unsigned char*>(remote.data()), remote.size(),
              reinterpret_cast<unsigned char*>(from.data()));
  from.resize(remote.size());
  peer_host_ = from.address().to_string();
  peer_ = shown_address(peer_host_, from.port());
}

void wire::arm(asio::steady_timer& timer, std::chrono::milliseconds time) {
  timer.expires_after(time);
  timer.async_wait([&timer, weak = std::weak_ptr<wire*>{self_}](const error_code& error) {
    if (error) return;
    const auto self = weak.lock(); // it holds the timer
    // It may have been set anew, or put off, after it fired and before this is called.
    if (self && timer.expiry() <= asio::steady_timer::clock_type::now()) (*self)->close();
  });
}

asio::awaitable<wire::error_code> wire::handshake() {
  if (!tls_) co_return error_code{};
  auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, as_result);
  co_return error;
}

asio::awaitable<void> wire::farewell() {
  if (!tls_ || !socket_.is_open()) co_return;
  read_within(farewell_time); // it would also wait for the peer's
  static_cast<void>(co_await tls_->async_shutdown(as_result));
  read_done();
}

void wire::shutdown_send() {
  error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

void wire::close() {
  error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_both, ignored);
  socket_.close(ignored);
  read_done();
  write_done();
}

} // namespace postponed::admin
