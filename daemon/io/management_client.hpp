// Reads from RabbitMQ's management API: one GET, one connection, bounded in time and size. Lives on the
// io_context's thread; one call at a time. Destroy only when no call is under way.
#pragma once

#include "io/transport.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace postponed::io {

struct management_parameters {
  bool tls = false;
  std::string host;
  std::uint16_t port = 15672;
  std::string user, password;
  std::string path;                         // before /api; no slash at the end
  tls_parameters tls_settings;              // for https
  std::chrono::milliseconds timeout{10000}; // of one GET
  std::size_t answer_max = std::size_t{16} << 20;
  std::string display() const; // http://host:port/path, no password
};

class management_client {
 public:
  management_client(boost::asio::io_context& context, management_parameters limits);
  management_client(const management_client&) = delete;
  management_client& operator=(const management_client&) = delete;

  // GET of /api/.., with its query. `document` is the answer's body where the status is 200. Answers what
  // went wrong, in words; empty: nothing.
  boost::asio::awaitable<std::string> get(std::string resource, std::string& document);
  void stop(); // ends the call under way, and refuses others

 private:
  boost::asio::awaitable<std::string> exchange(std::string& document);
  void bound(std::chrono::milliseconds time);

  boost::asio::io_context& context_;
  management_parameters limits_;
  std::unique_ptr<transport> transport_;
  std::string request_;
  std::vector<char> octets_;
  boost::asio::steady_timer deadline_, written_;
  bool under_way_ = false, writing_ = false, timed_out_ = false, stopping_ = false;
};

// For a path segment: all but letters, digits and -._~ as %XX.
std::string percent_encoded(const std::string& text);

} // namespace postponed::io
