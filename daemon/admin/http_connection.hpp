// One connection of the HTTP server: requests in, answers out, one after the other, each under the limits of
// size and time. Internal to the server; on the io_context's thread; outlives serve().
#pragma once

#include "admin/http_forms.hpp"
#include "admin/http_service.hpp"
#include "admin/http_stream.hpp"
#include "admin/wire.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace postponed::admin {

class http_connection {
 public:
  // `streams`: answers in pieces under way, of all connections.
  http_connection(wire::socket_type socket, std::shared_ptr<boost::asio::ssl::context> tls,
                  const http_service& service, const http_limits& limits, std::size_t& streams);

  boost::asio::awaitable<void> serve(); // until the connection has ended
  void stop();                          // ends it
  void review();                        // ends it where what streams would not be admitted any more

 private:
  using parser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;

  // One request; false: it was the last.
  boost::asio::awaitable<bool> serve_one();
  // Reads what is there of the body, a block at most, and appends it to `into`.
  boost::asio::awaitable<boost::beast::error_code> read_some(parser& from, std::string& into);
  boost::asio::awaitable<std::optional<response>> read_whole(parser& from, std::string& into, bool& gone);
  boost::asio::awaitable<bool> invite(const request_header& got); // 100 Continue, where it is waited for
  // Nothing where the server stops first.
  boost::asio::awaitable<std::optional<response>> await_reply(request asked);
  boost::asio::awaitable<bool> write(response what, const parser* asked, bool keep_alive);
  boost::asio::awaitable<void> stream(parser& from, request asked, stream_handler handler);
  void watch_peer(http_stream& to);
  boost::asio::awaitable<void> drain();

  wire wire_;
  const http_service& service_;
  const http_limits& limits_;
  std::size_t& streams_;
  boost::asio::steady_timer wake_; // the reply came, a stream's handler did something, or the server stops
  boost::beast::flat_buffer buffer_;
  std::optional<request> streaming_; // what is answered in pieces now
  bool stopping_ = false;
  bool watching_ = false; // for the peer's end, while it has nothing to say
};

} // namespace postponed::admin
