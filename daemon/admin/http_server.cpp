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

#include <algorithm>
#include <cassert>
#include <exception>
#include <list>
#include <memory>
#include <optional>

namespace postponed::admin {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds accept_pause{100};

// An IPv6 address in brackets, as a URI has it.
std::string shown_address(const std::string& host, std::uint16_t port) {
  const bool bare_v6 = host.find(':') != std::string::npos;
  return (bare_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

// Takes the body out of `got`.
request request_of(http::request<http::string_body>& got, const beast::tcp_stream& from) {
  request asked;
  asked.method = std::string{got.method_string()};
  asked.target = std::string{got.target()};
  asked.host = std::string{got[http::field::host]};
  asked.origin = std::string{got[http::field::origin]};
  asked.content_type = std::string{got[http::field::content_type]};
  asked.idempotency_key = std::string{got["Idempotency-Key"]};
  asked.if_none_match = std::string{got[http::field::if_none_match]};
  asked.body = std::move(got.body());
  beast::error_code gone;
  const tcp::endpoint peer = from.socket().remote_endpoint(gone);
  asked.remote = gone ? "unknown" : shown_address(peer.address().to_string(), peer.port());
  return asked;
}

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

// A request that cannot be answered, as it could not be read; nothing where the peer is simply gone or too
// slow.
std::optional<response> refusal(const beast::error_code& error, const http_limits& limits) {
  if (error == http::error::header_limit)
    return problem(431, "a header may have " + std::to_string(limits.header_bytes) + " bytes");
  if (error == http::error::body_limit)
    return problem(413, "a body may have " + std::to_string(limits.body_bytes) + " bytes");
  if (error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
  if (error.category() == http::make_error_code(http::error::end_of_stream).category())
    return problem(400, "this is no HTTP request: " + error.message());
  return std::nullopt;
}

// What a reply that comes late finds of its connection: no wake any more.
struct awaited {
  std::optional<response> came;
  asio::steady_timer* wake = nullptr;
};

struct connection {
  explicit connection(tcp::socket socket) : stream{std::move(socket)}, wake{stream.get_executor()} {}

  beast::tcp_stream stream;
  asio::steady_timer wake; // the reply came, or the server stops
};

} // namespace

struct http_server::impl {
  asio::io_context& context;
  handler answer;
  http_limits limits;
  tcp::acceptor acceptor;
  asio::steady_timer wake; // for the acceptor: a place became free, or a pause is over
  std::list<connection> connections;
  std::size_t tasks = 0;
  bool stopping = false;

  impl(asio::io_context& in, handler call, http_limits bounds)
      : context{in}, answer{std::move(call)}, limits{bounds}, acceptor{in}, wake{in} {}

  asio::awaitable<void> accept() {
    bool failing = false;
    while (!stopping) {
      if (connections.size() >= limits.connections) {
        wake.expires_after(std::chrono::hours{1});
        co_await wake.async_wait(as_result); // cancelled when a connection ends
        continue;
      }
      auto [error, socket] = co_await acceptor.async_accept(as_result);
      if (stopping) break;
      if (error) {
        // Out of descriptors or memory: it may neither spin, nor fill the log, nor end the server.
        if (!failing)
          log::warning("cannot accept a connection to the admin endpoint", {{"why", error.message()}});
        failing = true;
        wake.expires_after(accept_pause);
        co_await wake.async_wait(as_result);
        continue;
      }
      failing = false;
      const auto place = connections.emplace(connections.end(), std::move(socket));
      spawn(serve(*place), [this, place] {
        connections.erase(place);
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

  // Nothing where the server stops first.
  asio::awaitable<std::optional<response>> await_reply(connection& on, request asked) {
    // Shared with the handler, which may keep its reply for longer than the connection lasts.
    const auto state = std::make_shared<awaited>();
    state->wake = &on.wake;
    on.wake.expires_after(limits.deadline);
    reply deliver = [state](response value) {
      if (state->wake == nullptr || state->came) return;
      state->came = std::move(value);
      state->wake->cancel();
    };
    answer(std::move(asked), std::move(deliver));
    if (!state->came && !stopping) co_await on.wake.async_wait(as_result);
    state->wake = nullptr;
    if (!state->came && !stopping)
      state->came = problem(504, "no answer within " + std::to_string(limits.deadline.count()) +
                                     " ms; what was asked for may still be done");
    co_return std::move(state->came);
  }

  asio::awaitable<void> serve(connection& on) {
    beast::tcp_stream& stream = on.stream;
    beast::flat_buffer buffer;
    for (;;) {
      http::request_parser<http::string_body> parser;
      parser.header_limit(limits.header_bytes);
      parser.body_limit(limits.body_bytes);
      stream.expires_after(limits.patience); // for the whole request, however its bytes drip in
      auto [read_error, read_size] = co_await http::async_read(stream, buffer, parser, as_result);
      std::optional<response> ready;
      if (read_error) {
        ready = refusal(read_error, limits);
      } else {
        request asked = request_of(parser.get(), stream);
        ready = co_await await_reply(on, std::move(asked));
      }
      if (!ready) break;
      http::response<http::string_body> out = message_of(std::move(*ready), parser.get());
      if (read_error) out.keep_alive(false);
      stream.expires_after(limits.patience);
      http::response_serializer<http::string_body> serializer{out};
      auto [write_error, written] = co_await http::async_write(stream, serializer, as_result);
      if (write_error) break;
      if (read_error) co_await drain(stream, buffer);
      if (!out.keep_alive()) break;
    }
    beast::error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_both, ignored);
    stream.close();
  }

  // Closing with bytes unread resets the connection, and the peer loses the refusal on its way: so the rest
  // of a request is read and thrown away, to a limit.
  asio::awaitable<void> drain(beast::tcp_stream& stream, beast::flat_buffer& buffer) {
    beast::error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream.expires_after(limits.patience);
    for (std::uint64_t left = 4 * limits.body_bytes; left > 0;) {
      buffer.clear();
      const auto space = buffer.prepare(16384);
      auto [error, got] = co_await stream.async_read_some(space, as_result);
      if (error) break;
      left -= std::min<std::uint64_t>(left, got);
    }
  }
};

http_server::http_server(asio::io_context& context, handler answer, http_limits limits)
    : impl_{std::make_unique<impl>(context, std::move(answer), limits)} {}

http_server::http_server(asio::io_context& context, immediate_handler answer, http_limits limits)
    : http_server{context, handler{[answer = std::move(answer)](const request& asked, const reply& done) {
                    done(answer(asked));
                  }},
                  limits} {}

http_server::~http_server() {
  // A defect that ends the process by an exception may leave some; any other coroutine would outlive the
  // server.
  assert(idle() || std::uncaught_exceptions() > 0);
}

bool http_server::listen(const std::string& host, std::uint16_t port, std::string& why) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  const std::string shown = shown_address(host, port);
  if (error) {
    why = "admin.listen: " + host + " is no address; give an IPv4 or IPv6 address, as 127.0.0.1";
    return false;
  }
  const tcp::endpoint endpoint{address, port};
  impl_->acceptor.open(endpoint.protocol(), error);
  if (!error) impl_->acceptor.set_option(tcp::acceptor::reuse_address{true}, error);
  if (!error) impl_->acceptor.bind(endpoint, error);
  if (!error) impl_->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    boost::system::error_code ignored;
    impl_->acceptor.close(ignored);
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
  for (connection& each : impl_->connections) {
    each.stream.close();
    each.wake.cancel();
  }
}

bool http_server::idle() const {
  return impl_->tasks == 0;
}

} // namespace postponed::admin
