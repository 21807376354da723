#include "cli/http_stream.hpp"

#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <fmt/core.h>

namespace postponed::cli {

namespace net = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds patience{10}; // to connect

// A refusal by the certificate is worth more words than its number.
std::string reason(const error_code& error, const endpoint& where) {
  if (where.by == endpoint::kind::tls && error.category() == net::error::get_ssl_category())
    return error.message() + (where.ca_file.empty() ? "; name who signed its certificate with --ca" : "");
  if (error == net::error::connection_refused ||
      error == error_code{ENOENT, boost::system::system_category()})
    return error.message() + "; is the daemon running? Another address: --admin, POSTPONED_ADMIN, or -c FILE";
  if (error == error_code{EACCES, boost::system::system_category()})
    return error.message() + "; the socket may be opened by its owner and group alone";
  return error.message();
}

} // namespace

http_stream::http_stream(const endpoint& where) : tls_{net::ssl::context::tls_client} {
  error_code error;
  switch (where.by) {
  case endpoint::kind::tcp:
    stream_ = std::make_unique<tcp_socket>(context_);
    error = connect(*std::get<std::unique_ptr<tcp_socket>>(stream_), where);
    break;
  case endpoint::kind::tls:
    error = connect_tls(where);
    break;
  case endpoint::kind::unix_socket:
    stream_ = std::make_unique<unix_socket>(context_);
    if (where.socket.size() >= sizeof(sockaddr_un::sun_path))
      error = net::error::name_too_long;
    else
      error = finish(
          [&](auto handler) {
            std::get<std::unique_ptr<unix_socket>>(stream_)->async_connect(
                net::local::stream_protocol::endpoint{where.socket}, std::move(handler));
          },
          patience);
    break;
  }
  if (error)
    throw failure{no_answer, fmt::format("cannot reach {}: {}", to_string(where), reason(error, where))};
}

http_stream::~http_stream() = default;

error_code http_stream::connect(tcp_socket& socket, const endpoint& where) {
  net::ip::tcp::resolver resolver{context_};
  error_code error;
  const auto found = resolver.resolve(where.host, std::to_string(where.port), error);
  if (error) return error;
  return finish([&](auto handler) { net::async_connect(socket, found, std::move(handler)); }, patience);
}

error_code http_stream::connect_tls(const endpoint& where) {
  error_code error;
  tls_.set_verify_mode(net::ssl::verify_peer);
  if (where.ca_file.empty())
    tls_.set_default_verify_paths(error);
  else
    tls_.load_verify_file(where.ca_file, error);
  if (error)
    throw failure{bad_usage,
                  fmt::format("{}: no certificate can be read there: {}", where.ca_file, error.message())};
  if (where.is_own_file) // it need not be signed by itself
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(tls_.native_handle()), X509_V_FLAG_PARTIAL_CHAIN);
  else
    tls_.set_verify_callback(net::ssl::host_name_verification{where.host});
  stream_ = std::make_unique<tls_stream>(context_, tls_);
  tls_stream& stream = *std::get<std::unique_ptr<tls_stream>>(stream_);
  // As the macro SSL_set_tlsext_host_name, whose cast is of the old style.
  ::SSL_ctrl(stream.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(where.host.c_str()));
  error = connect(stream.next_layer(), where);
  if (error) return error;
  return finish(
      [&](auto handler) { stream.async_handshake(net::ssl::stream_base::client, std::move(handler)); },
      patience);
}

void http_stream::close() {
  error_code ignored;
  if (auto* const tcp = std::get_if<std::unique_ptr<tcp_socket>>(&stream_)) {
    if (*tcp) (*tcp)->close(ignored);
  } else if (auto* const tls = std::get_if<std::unique_ptr<tls_stream>>(&stream_)) {
    (*tls)->next_layer().close(ignored);
  } else {
    std::get<std::unique_ptr<unix_socket>>(stream_)->close(ignored);
  }
}

} // namespace postponed::cli
