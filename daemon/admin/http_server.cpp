#include "admin/http_server.hpp"

#include "admin/http_connection.hpp"
#include "admin/listener.hpp"
#include "base/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cassert>
#include <exception>
#include <list>
#include <utility>

namespace postponed::admin {

namespace asio = boost::asio;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds accept_pause{100};

} // namespace

struct http_server::impl {
  asio::io_context& context;
  http_service service;
  http_limits limits;
  std::shared_ptr<asio::ssl::context> tls;
  listener door;
  asio::steady_timer wake; // for the acceptor: a place became free, or a pause is over
  std::list<http_connection> connections;
  std::size_t streams = 0;
  std::size_t tasks = 0;
  bool stopping = false;

  impl(asio::io_context& in, http_service serves, http_limits bounds)
      : context{in}, service{std::move(serves)}, limits{bounds}, door{in}, wake{in} {}

  asio::awaitable<void> accept() {
    bool failing = false;
    while (!stopping) {
      if (connections.size() >= limits.connections) {
        wake.expires_after(std::chrono::hours{1});
        co_await wake.async_wait(as_result); // cancelled when a connection ends
        continue;
      }
      auto [error, socket] = co_await door.acceptor().async_accept(as_result);
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
      const auto place =
          connections.emplace(connections.end(), std::move(socket), tls, service, limits, streams);
      spawn(place->serve(), [this, place] {
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
};

http_server::http_server(asio::io_context& context, http_service service, http_limits limits)
    : impl_{std::make_unique<impl>(context, std::move(service), limits)} {}

http_server::http_server(asio::io_context& context, handler answer, http_limits limits)
    : http_server{context, http_service{{}, {}, std::move(answer)}, limits} {}

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

void http_server::use_tls(std::shared_ptr<asio::ssl::context> tls) {
  impl_->tls = std::move(tls);
}

void http_server::review() {
  for (http_connection& each : impl_->connections)
    each.review();
}

bool http_server::listen(const std::string& host, std::uint16_t port, std::string& why) {
  if (!impl_->door.open_tcp(host, port, why)) return false;
  impl_->spawn(impl_->accept(), [] {});
  return true;
}

bool http_server::listen_unix(const std::string& path, std::string& why) {
  if (!impl_->door.open_unix(path, why)) return false;
  impl_->spawn(impl_->accept(), [] {});
  return true;
}

std::uint16_t http_server::port() const {
  return impl_->door.port();
}

void http_server::stop() {
  impl_->stopping = true;
  impl_->door.close();
  impl_->wake.cancel();
  for (http_connection& each : impl_->connections)
    each.stop();
}

bool http_server::idle() const {
  return impl_->tasks == 0;
}

} // namespace postponed::admin
