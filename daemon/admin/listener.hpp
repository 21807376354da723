// Where the admin endpoint listens: a TCP port, or a socket in the file system. Internal to the server; on
// the io_context's thread.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <string>
#include <sys/types.h>

namespace postponed::admin {

class listener {
 public:
  using acceptor_type = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;

  explicit listener(boost::asio::io_context& context) : acceptor_{context} {}
  ~listener() { close(); }
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  // `port` 0: any free one. False: `why` names the address and what is wrong.
  bool open_tcp(const std::string& host, std::uint16_t port, std::string& why);
  // Mode 0660. A socket there that nobody answers on is what a daemon that was killed left, and is replaced;
  // anything else is not touched.
  bool open_unix(const std::string& path, std::string& why);

  acceptor_type& acceptor() { return acceptor_; }
  std::uint16_t port() const; // of TCP
  void close();               // also removes the socket from the file system

 private:
  bool open(const boost::asio::generic::stream_protocol::endpoint& at, bool reuse, std::string& why);
  bool make_way(const std::string& path, std::string& why);

  acceptor_type acceptor_;
  std::string path_; // of the socket that is ours; empty: none
  ::dev_t device_ = 0;
  ::ino_t inode_ = 0;
};

} // namespace postponed::admin
