// The HTTP server of the admin endpoint: Beast under limits of size, time and number of connections.
//
// Lives on the io_context's thread, on which the handler is called too. After stop() the io_context must run
// until idle() before the server is destroyed.
#pragma once

#include "admin/http_message.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace postponed::admin {

struct http_limits {
  std::uint32_t header_bytes = 16 * 1024;
  std::uint64_t body_bytes = std::uint64_t{1} << 20;
  std::size_t connections = 64;              // more wait in the listening socket's queue
  std::chrono::milliseconds patience{15000}; // for a whole request, and for the next on a kept connection
  std::chrono::milliseconds deadline{30000}; // for the handler; then 504, and what it answers is lost
};

class http_server {
 public:
  // May keep the reply and call it later, also after the server has gone.
  using handler = std::function<void(request, reply)>;
  using immediate_handler = std::function<response(const request&)>;

  http_server(boost::asio::io_context& context, handler answer, http_limits limits = {});
  http_server(boost::asio::io_context& context, immediate_handler answer, http_limits limits = {});
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  // `port` 0: any free one. False: `why` names the address and what is wrong.
  bool listen(const std::string& host, std::uint16_t port, std::string& why);
  std::uint16_t port() const;
  void stop();       // closes every connection
  bool idle() const; // nothing is under way

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace postponed::admin
