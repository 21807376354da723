// A server for webhooks on loopback that answers as its script says, on the test's io_context: the first
// connection gets the first line, what is beyond the script 200.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <deque>
#include <list>
#include <string>
#include <vector>

namespace postponed::test {

class webhook_receiver {
 public:
  // An answer, octet by octet; "hang": it reads and says nothing; "close": it hangs up.
  explicit webhook_receiver(boost::asio::io_context& context, boost::asio::ssl::context* tls = nullptr)
      : tls_{tls}, acceptor_{context, {boost::asio::ip::address_v4::loopback(), 0}}, hang_{context} {
    port = acceptor_.local_endpoint().port();
    hang_.expires_at(boost::asio::steady_timer::time_point::max());
    boost::asio::co_spawn(context, accept(), boost::asio::detached);
  }
  void stop() {
    acceptor_.close();
    hang_.cancel();
  }

  using request = boost::beast::http::request<boost::beast::http::string_body>;
  std::uint16_t port = 0;
  std::deque<std::string> script;
  std::vector<request> got;
  int connections = 0;

 private:
  static constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);
  using socket = boost::asio::ip::tcp::socket;

  boost::asio::awaitable<void> accept() {
    for (;;) {
      auto [error, peer] = co_await acceptor_.async_accept(as_result);
      if (error) co_return;
      ++connections;
      std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
      if (!script.empty()) {
        answer = script.front();
        script.pop_front();
      }
      boost::asio::co_spawn(peer.get_executor(), serve(std::move(peer), std::move(answer)),
                            boost::asio::detached);
    }
  }
  boost::asio::awaitable<void> serve(socket peer, std::string answer) {
    if (answer == "close") co_return;
    if (tls_ == nullptr) {
      co_await talk(peer, answer);
      co_return;
    }
    boost::asio::ssl::stream<socket&> secured{peer, *tls_};
    auto [error] = co_await secured.async_handshake(boost::asio::ssl::stream_base::server, as_result);
    if (!error) co_await talk(secured, answer);
  }
  template <typename Stream>
  boost::asio::awaitable<void> talk(Stream& stream, const std::string& answer) {
    boost::beast::flat_buffer buffer;
    request asked;
    auto [error, size] = co_await boost::beast::http::async_read(stream, buffer, asked, as_result);
    if (error) co_return;
    got.push_back(std::move(asked));
    if (answer == "hang") {
      co_await hang_.async_wait(as_result);
      co_return;
    }
    co_await boost::asio::async_write(stream, boost::asio::buffer(answer), as_result);
  }

  boost::asio::ssl::context* tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer hang_;
};

} // namespace postponed::test
