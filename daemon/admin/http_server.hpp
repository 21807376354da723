// The HTTP server of the admin endpoint: Beast under limits of size, time and number of connections, over TCP
// or a unix socket, with TLS or without.
//
// Lives on the io_context's thread, on which the service is called too. After stop() the io_context must run
// until idle() before the server is destroyed.
#pragma once

#include "admin/http_limits.hpp"
#include "admin/http_service.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace postponed::admin {

class http_server {
 public:
  using handler = std::function<void(request, reply)>;
  using immediate_handler = std::function<response(const request&)>;

  http_server(boost::asio::io_context& context, http_service service, http_limits limits = {});
  http_server(boost::asio::io_context& context, handler answer, http_limits limits = {});
  http_server(boost::asio::io_context& context, immediate_handler answer, http_limits limits = {});
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  // For the connections from now on; null: no TLS.
  void use_tls(std::shared_ptr<boost::asio::ssl::context> tls);

  // Asks the service again whether what streams may go on, and ends what may not: who may ask has changed.
  void review();

  // `port` 0: any free one. False: `why` names the address and what is wrong.
  bool listen(const std::string& host, std::uint16_t port, std::string& why);
  bool listen_unix(const std::string& path, std::string& why); // as listener.hpp says
  std::uint16_t port() const;
  void stop();       // closes every connection; a socket in the file system is removed
  bool idle() const; // nothing is under way

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace postponed::admin
