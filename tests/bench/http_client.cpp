#include "bench/http_client.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

namespace postponed::bench {

namespace {

constexpr std::size_t piece = std::size_t{64} << 10; // bytes of a chunk, about

int connected_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  if (socket < 0 || ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
      ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket);
    throw std::runtime_error{fmt::format("cannot connect to 127.0.0.1:{}", port)};
  }
  return socket;
}

std::size_t occurrences(std::string_view in, std::string_view of) {
  std::size_t count = 0;
  for (std::size_t at = in.find(of); at != in.npos; at = in.find(of, at + of.size()))
    ++count;
  return count;
}

} // namespace

http_client::http_client(std::uint16_t port) : port_{port}, socket_{connected_to(port)} {}

http_client::~http_client() {
  ::close(socket_);
}

void http_client::fill() {
  std::array<char, 65536> buffer{};
  const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (size <= 0) throw std::runtime_error{"the daemon closed the connection"};
  got_.append(buffer.data(), static_cast<std::size_t>(size));
}

std::string http_client::get(const std::string& target) {
  const std::string ask = fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", target, port_);
  if (::send(socket_, ask.data(), ask.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(ask.size()))
    throw std::runtime_error{"the daemon takes no request"};
  std::size_t end = got_.npos;
  while ((end = got_.find("\r\n\r\n")) == got_.npos)
    fill();
  const std::string_view head = std::string_view{got_}.substr(0, end);
  constexpr std::string_view name = "Content-Length: ";
  const std::size_t at = head.find(name);
  std::size_t length = 0;
  if (!head.starts_with("HTTP/1.1 200") || at == head.npos)
    throw std::runtime_error{fmt::format("{} answers {}", target, head)};
  std::from_chars(head.data() + at + name.size(), head.data() + head.size(), length);
  while (got_.size() < end + 4 + length)
    fill();
  std::string body = got_.substr(end + 4, length);
  got_.erase(0, end + 4 + length);
  return body;
}

double upload(std::uint16_t port, std::size_t count,
              const std::function<void(std::size_t, std::string&)>& line) {
  const auto begin = std::chrono::steady_clock::now();
  const int socket = connected_to(port);
  std::string out =
      fmt::format("POST /api/v1/messages HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n"
                  "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n",
                  port);
  std::string in, lines;
  std::size_t written = 0, made = 0, held = 0;
  bool ended = false;
  std::array<char, 65536> buffer{};
  for (;;) {
    if (written == out.size() && !ended) {
      out.clear();
      written = 0;
      lines.clear();
      for (; made < count && lines.size() < piece; ++made)
        line(made, lines);
      if (!lines.empty()) out = fmt::format("{:x}\r\n{}\r\n", lines.size(), lines);
      ended = made == count;
      if (ended) out += "0\r\n\r\n";
    }
    pollfd each{socket, static_cast<short>(written < out.size() ? POLLIN | POLLOUT : POLLIN), 0};
    if (::poll(&each, 1, 30000) <= 0) throw std::runtime_error{"the daemon answers no more"};
    if ((each.revents & POLLOUT) != 0) {
      const ssize_t size =
          ::send(socket, out.data() + written, out.size() - written, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (size < 0 && errno != EAGAIN) throw std::runtime_error{"the daemon takes no more"};
      written += static_cast<std::size_t>(std::max<ssize_t>(size, 0));
    }
    if ((each.revents & (POLLIN | POLLHUP)) == 0) continue;
    const ssize_t size = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (size <= 0) break;
    in.append(buffer.data(), static_cast<std::size_t>(size));
    // A result that is held has an id. What may be the beginning of one stays for the next piece.
    constexpr std::string_view mark = "\"id\":";
    const std::size_t keep = std::min(in.size(), mark.size() - 1);
    held += occurrences(in, mark);
    in.erase(0, in.size() - keep);
  }
  ::close(socket);
  if (held != count) throw std::runtime_error{fmt::format("{} of {} are held", held, count)};
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

} // namespace postponed::bench
