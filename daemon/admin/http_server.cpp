#include "admin/http_server.hpp"

#include "base/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <list>

namespace postponed::admin {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

http::response<http::string_body> message_of(response&& from, const http::request<http::string_body>& asked) {
  http::response<http::string_body> to{static_cast<http::status>(from.status), asked.version()};
  to.set(http::field::content_type, from.content_type);
  to.set(http::field::cache_control, "no-store");
  to.set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : from.headers)
    to.set(name, value);
  to.body() = std::move(from.body);
  to.keep_alive(asked.keep_alive());
  to.prepare_payload();
  if (asked.method() == http::verb::head) to.body().clear(); // the length stays
  return to;
}

} // namespace

struct http_server::impl {
  asio::io_context& context;
  handler answer;
  http_limits limits;
  tcp::acceptor acceptor;
  asio::steady_timer wake; // for the acceptor: a place became free, or a pause is over
  std::list<beast::tcp_stream> streams;
  std::size_t tasks = 0;
  bool stopping = false;

  impl(asio::io_context& in, handler call, http_limits bounds)
      : context{in}, answer{std::move(call)}, limits{bounds}, acceptor{in}, wake{in} {}

  asio::awaitable<void> accept() {
    while (!stopping) {
      if (streams.size() >= limits.connections) {
        wake.expires_after(std::chrono::hours{1});
        co_await wake.async_wait(as_result); // cancelled when a connection ends
        continue;
      }
      auto [error, socket] = co_await acceptor.async_accept(as_result);
      if (stopping) break;
      if (error) {
        // Out of descriptors, or a peer that was gone already: neither may spin nor end the server.
        log::warning("cannot accept a connection to the admin endpoint", {{"why", error.message()}});
        wake.expires_after(std::chrono::milliseconds{100});
        co_await wake.async_wait(as_result);
        continue;
      }
      const auto place = streams.emplace(streams.end(), std::move(socket));
      spawn(serve(*place), [this, place] {
        streams.erase(place);
        wake.cancel();
      });
    }
  }

  template <typename Then>
  void spawn(asio::awaitable<void> work, Then then) {
    ++tasks;
    asio::co_spawn(context, std::move(work), [this, then](const std::exception_ptr& error) {
      --tasks;
      then();
      if (error) std::rethrow_exception(error); // a defect: let it end the process
    });
  }

  asio::awaitable<void> serve(beast::tcp_stream& stream) {
    beast::flat_buffer buffer;
    for (;;) {
      http::request_parser<http::string_body> parser;
      parser.header_limit(limits.header_bytes);
      parser.body_limit(limits.body_bytes);
      stream.expires_after(limits.patience);
      auto [read_error, read_size] = co_await http::async_read(stream, buffer, parser, as_result);
      response reply;
      bool last = false;
      if (read_error == http::error::header_limit) {
        reply = {431, "text/plain; charset=utf-8", "the request's header is too large\n", {}};
        last = true;
      } else if (read_error == http::error::body_limit) {
        reply = {413, "text/plain; charset=utf-8", "the request's body is too large\n", {}};
        last = true;
      } else if (read_error) {
        break;
      } else {
        const http::request<http::string_body>& got = parser.get();
        request asked;
        asked.method = std::string{got.method_string()};
        asked.target = std::string{got.target()};
        asked.host = std::string{got[http::field::host]};
        reply = answer(asked);
      }
      http::response<http::string_body> out = message_of(std::move(reply), parser.get());
      if (last) out.keep_alive(false);
      stream.expires_after(limits.patience);
      http::response_serializer<http::string_body> serializer{out};
      auto [write_error, written] = co_await http::async_write(stream, serializer, as_result);
      if (write_error || !out.keep_alive()) break;
    }
    beast::error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_both, ignored);
    stream.close();
  }
};

http_server::http_server(asio::io_context& context, handler answer, http_limits limits)
    : impl_{std::make_unique<impl>(context, std::move(answer), limits)} {}

http_server::~http_server() = default;

bool http_server::listen(const std::string& host, std::uint16_t port, std::string& why) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  const std::string shown = host + ":" + std::to_string(port);
  if (error) {
    why = shown + " is no address";
    return false;
  }
  const tcp::endpoint endpoint{address, port};
  impl_->acceptor.open(endpoint.protocol(), error);
  if (!error) impl_->acceptor.set_option(tcp::acceptor::reuse_address{true}, error);
  if (!error) impl_->acceptor.bind(endpoint, error);
  if (!error) impl_->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    why = "cannot listen on " + shown + ": " + error.message() + "; give admin.listen another address";
    return false;
  }
  impl_->spawn(impl_->accept(), [] {});
  return true;
}

std::uint16_t http_server::port() const {
  boost::system::error_code ignored;
  return impl_->acceptor.local_endpoint(ignored).port();
}

void http_server::stop() {
  impl_->stopping = true;
  boost::system::error_code ignored;
  impl_->acceptor.close(ignored);
  impl_->wake.cancel();
  for (beast::tcp_stream& each : impl_->streams)
    each.close();
}

bool http_server::idle() const {
  return impl_->tasks == 0;
}

} // namespace postponed::admin
