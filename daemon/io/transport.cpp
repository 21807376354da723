#include "io/transport.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace postponed::io {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

// Loads the trust and the client's own certificate; on failure says which file.
boost::system::error_code prepare(asio::ssl::context& context, const tls_parameters& tls, std::string& what) {
  boost::system::error_code error;
  context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                      asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                      asio::ssl::context::no_tlsv1_1);
  if (tls.ca_file.empty())
    context.set_default_verify_paths(error);
  else
    context.load_verify_file(tls.ca_file, error);
  if (error) {
    what = "cannot read the CA file " + tls.ca_file;
    return error;
  }
  if (!tls.certificate_file.empty()) {
    context.use_certificate_chain_file(tls.certificate_file, error);
    if (error) {
      what = "cannot read the client certificate " + tls.certificate_file;
      return error;
    }
    context.use_private_key_file(tls.key_file, asio::ssl::context::pem, error);
    if (error) {
      what = "cannot use the client key " + tls.key_file;
      return error;
    }
  }
  return error;
}

} // namespace

asio::awaitable<transport::result> transport::connect(std::string host, std::uint16_t port,
                                                      const tls_parameters* tls, std::string& what) {
  tcp::resolver resolver{socket_.get_executor()};
  auto [resolve_error, endpoints] = co_await resolver.async_resolve(host, std::to_string(port), as_result);
  if (resolve_error) {
    what = "cannot resolve " + host;
    co_return resolve_error;
  }
  auto [connect_error, endpoint] = co_await asio::async_connect(socket_, endpoints, as_result);
  if (connect_error) {
    what = "cannot connect to " + host + ":" + std::to_string(port);
    co_return connect_error;
  }
  result ignored;
  socket_.set_option(tcp::no_delay{true}, ignored); // writes are coalesced already
  socket_.set_option(asio::socket_base::keep_alive{true}, ignored);
  if (tls == nullptr) co_return result{};

  tls_context_ = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
  if (const result error = prepare(*tls_context_, *tls, what)) co_return error;
  tls_ = std::make_unique<asio::ssl::stream<tcp::socket&>>(socket_, *tls_context_);
  const std::string name = tls->server_name.empty() ? host : tls->server_name;
  // What the macro SSL_set_tlsext_host_name does, without its C cast.
  ::SSL_ctrl(tls_->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(name.c_str()));
  if (tls->verify) {
    tls_->set_verify_mode(asio::ssl::verify_peer);
    tls_->set_verify_callback(asio::ssl::host_name_verification{name});
  } else {
    tls_->set_verify_mode(asio::ssl::verify_none);
  }
  auto [handshake_error] = co_await tls_->async_handshake(asio::ssl::stream_base::client, as_result);
  if (handshake_error) what = "TLS handshake with " + name + " failed";
  co_return handshake_error;
}

asio::awaitable<std::pair<transport::result, std::size_t>> transport::read_some(asio::mutable_buffer into) {
  if (tls_) {
    auto [error, size] = co_await tls_->async_read_some(into, as_result);
    co_return std::pair<result, std::size_t>{error, size};
  }
  auto [error, size] = co_await socket_.async_read_some(into, as_result);
  co_return std::pair<result, std::size_t>{error, size};
}

void transport::write(asio::const_buffer bytes, std::function<void(result)> done) {
  auto handler = [done = std::move(done)](const result& error, std::size_t) { done(error); };
  if (tls_)
    asio::async_write(*tls_, bytes, std::move(handler));
  else
    asio::async_write(socket_, bytes, std::move(handler));
}

void transport::close() {
  result ignored;
  socket_.shutdown(tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
}

} // namespace postponed::io
