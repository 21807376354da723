// One byte stream to a broker: TCP, or TLS over it. Lives on the io_context's thread, under one broker_link.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace postponed::io {

struct tls_parameters {
  std::string ca_file; // empty: the system's
  std::string certificate_file, key_file;
  bool verify = true;
  std::string server_name; // checked against the broker's certificate; empty: the host
  bool operator==(const tls_parameters&) const = default;
};

class transport {
 public:
  using result = boost::system::error_code;

  explicit transport(boost::asio::io_context& context) : socket_{context} {}

  // Resolves, connects and, with `tls`, shakes hands. `what` then says in words what failed. Ends early when
  // close() is called. Errors: those of getaddrinfo, connect, OpenSSL.
  boost::asio::awaitable<result> connect(std::string host, std::uint16_t port, const tls_parameters* tls,
                                         std::string& what);
  boost::asio::awaitable<std::pair<result, std::size_t>> read_some(boost::asio::mutable_buffer into);
  // `done` is called later, on the io_context, also after close(); the bytes stay valid until then.
  void write(boost::asio::const_buffer bytes, std::function<void(result)> done);
  void close();

 private:
  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<boost::asio::ssl::context> tls_context_;
  std::unique_ptr<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
};

} // namespace postponed::io
