// One connection to a server on loopback that says exactly what it is told to. Blocking, within 5 s a call.
#pragma once

#include <algorithm>
#include <arpa/inet.h>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <netinet/in.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace postponed::test {

class raw_client {
 public:
  explicit raw_client(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    wait_at_most(std::chrono::seconds{5});
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error{"cannot connect"};
  }
  ~raw_client() { ::close(socket_); }
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  void wait_at_most(std::chrono::milliseconds time) {
    timeval value{};
    value.tv_sec = time.count() / 1000;
    value.tv_usec = time.count() % 1000 * 1000;
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &value, sizeof value);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &value, sizeof value);
  }

  // False where the other side would have no more of it.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // One response: its header, and as much body as that says (none where `head`). Empty: none came in time.
  std::string receive(bool head = false) {
    while (rest_.find("\r\n\r\n") == std::string::npos)
      if (!more()) return {};
    const std::size_t header = rest_.find("\r\n\r\n") + 4;
    const std::size_t length = rest_.find("Content-Length: ");
    std::size_t size = header;
    if (!head && length < header) size += std::strtoull(rest_.c_str() + length + 16, nullptr, 10);
    while (rest_.size() < size)
      if (!more()) return {};
    return take(size);
  }

  // Up to the empty line. Empty: it did not come in time, as below.
  std::string receive_head() {
    while (rest_.find("\r\n\r\n") == std::string::npos)
      if (!more()) return {};
    return take(rest_.find("\r\n\r\n") + 4);
  }
  // What one chunk holds; empty: the last.
  std::string receive_chunk() {
    while (rest_.find("\r\n") == std::string::npos)
      if (!more()) return {};
    const std::size_t size = std::strtoull(rest_.c_str(), nullptr, 16);
    take(rest_.find("\r\n") + 2);
    while (rest_.size() < size + 2)
      if (!more()) return {};
    return take(size + 2).substr(0, size);
  }
  // How many bytes came: so many, or fewer where the other side closed or nothing came in time. Only the last
  // of them are unread() then.
  std::size_t read_at_least(std::size_t bytes) {
    std::size_t got = 0;
    for (bool comes = true; comes && got < bytes;) {
      rest_.erase(0, rest_.size() - std::min<std::size_t>(rest_.size(), 100));
      const std::size_t before = rest_.size();
      comes = more();
      got += rest_.size() - before;
    }
    return got;
  }

  // True once the other side has closed; false where it is still there when the time is over.
  bool closed() {
    while (more()) {
    }
    return closed_;
  }
  const std::string& unread() const { return rest_; }

 private:
  std::string take(std::size_t size) {
    std::string got = rest_.substr(0, size);
    rest_.erase(0, size);
    return got;
  }
  bool more() {
    char buffer[16384];
    const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
    if (got > 0) rest_.append(buffer, static_cast<std::size_t>(got));
    closed_ = got == 0;
    return got > 0;
  }

  int socket_;
  std::string rest_;
  bool closed_ = false;
};

} // namespace postponed::test
