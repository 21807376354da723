#include "support/http_get.hpp"

#include <arpa/inet.h>
#include <cstdlib>
#include <netinet/in.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace postponed::test {

namespace {

// All that comes until the other side closes; what came so far where it does not within the socket's time.
std::string exchange(int socket, std::uint16_t port, const std::string& request) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
  if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    return {};
  std::string answer;
  char buffer[16384];
  for (ssize_t got = 0; (got = ::recv(socket, buffer, sizeof buffer, 0)) > 0;)
    answer.append(buffer, static_cast<std::size_t>(got));
  return answer;
}

// What the chunks hold; of an answer that broke off, what came of it.
std::string without_chunks(std::string_view body) {
  std::string whole;
  for (;;) {
    const std::size_t line = body.find("\r\n");
    if (line == std::string_view::npos) return whole;
    const std::size_t size = std::strtoull(std::string{body.substr(0, line)}.c_str(), nullptr, 16);
    body.remove_prefix(line + 2);
    whole += body.substr(0, size);
    if (size == 0 || body.size() < size + 2) return whole;
    body.remove_prefix(size + 2);
  }
}

http_response one_request(std::uint16_t port, const std::string& request,
                          std::chrono::milliseconds deadline) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return {};
  timeval time{};
  time.tv_sec = deadline.count() / 1000;
  time.tv_usec = deadline.count() % 1000 * 1000;
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
  const std::string answer = exchange(socket, port, request);
  ::close(socket);

  const std::size_t line = answer.find("\r\n");
  const std::size_t head = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.") || head == std::string::npos) return {};
  http_response response;
  response.status = std::atoi(answer.c_str() + 9);
  if (head > line) response.headers = answer.substr(line + 2, head - line - 2);
  response.body = answer.substr(head + 4);
  if (response.headers.find("Transfer-Encoding: chunked") != std::string::npos)
    response.body = without_chunks(response.body);
  return response;
}

std::string first_lines(const std::string& method, const std::string& target, std::uint16_t port) {
  return method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
         "\r\nConnection: close\r\n";
}

} // namespace

http_response http_get(std::uint16_t port, const std::string& path, std::chrono::milliseconds deadline,
                       const std::string& headers) {
  return one_request(port, first_lines("GET", path, port) + headers + "\r\n", deadline);
}

http_response http_send(std::uint16_t port, const std::string& method, const std::string& target,
                        const std::string& body, const std::string& more,
                        std::chrono::milliseconds deadline) {
  const bool typed = more.find("Content-Type:") != std::string::npos;
  return one_request(port,
                     first_lines(method, target, port) + (typed ? "" : "Content-Type: application/json\r\n") +
                         "Content-Length: " + std::to_string(body.size()) + "\r\n" + more + "\r\n" + body,
                     deadline);
}

} // namespace postponed::test
