// A connection to an admin endpoint: TCP, TLS or a unix socket behind one type, so that HTTP is instantiated
// once. Internal to cli's http_client. One thread.
#pragma once

#include "cli/endpoint.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

namespace postponed::cli {

class http_stream {
 public:
  using executor_type = boost::asio::io_context::executor_type;

  // Connects; throws failure (no_answer).
  explicit http_stream(const endpoint& where);
  ~http_stream();
  http_stream(const http_stream&) = delete;
  http_stream& operator=(const http_stream&) = delete;

  executor_type get_executor() { return context_.get_executor(); }
  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& to, Handler&& handler) {
    std::visit([&](auto& each) { each->async_read_some(to, std::forward<Handler>(handler)); }, stream_);
  }
  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& from, Handler&& handler) {
    std::visit([&](auto& each) { each->async_write_some(from, std::forward<Handler>(handler)); }, stream_);
  }

  // Begins something asynchronous, and runs until its handler was called, or `patience` is over: then the
  // connection is closed, and the answer is timed_out.
  template <typename Begin>
  boost::system::error_code finish(Begin begin, std::chrono::milliseconds patience) {
    std::optional<boost::system::error_code> ended;
    begin([&ended](const boost::system::error_code& error, auto&&...) { ended = error; });
    if (run_until([&ended] { return ended.has_value(); }, patience)) return *ended;
    close();
    run_until([&ended] { return ended.has_value(); }, std::chrono::seconds{1});
    return boost::asio::error::timed_out;
  }
  // Runs handlers until `done`, and at most so long without any of them; then false.
  template <typename Done>
  bool run_until(Done done, std::chrono::milliseconds patience) {
    context_.restart();
    while (!done())
      if (context_.run_one_for(patience) == 0) return false;
    return true;
  }
  void close();

 private:
  using tcp_socket = boost::asio::ip::tcp::socket;
  using tls_stream = boost::asio::ssl::stream<tcp_socket>;
  using unix_socket = boost::asio::local::stream_protocol::socket;

  boost::system::error_code connect(tcp_socket& socket, const endpoint& where);
  boost::system::error_code connect_tls(const endpoint& where);

  boost::asio::io_context context_{1};
  boost::asio::ssl::context tls_;
  std::variant<std::unique_ptr<tcp_socket>, std::unique_ptr<tls_stream>, std::unique_ptr<unix_socket>>
      stream_;
};

} // namespace postponed::cli
