// HTTP for tests: one request, one connection, no keep-alive, over a plain socket. Blocking. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace postponed::test {

struct http_response {
  int status = 0;      // 0: no answer (refused, closed, or not within the deadline)
  std::string headers; // as they came, without the status line
  std::string body;
};

http_response http_get(std::uint16_t port, const std::string& path,
                       std::chrono::milliseconds deadline = std::chrono::seconds{5},
                       const std::string& headers = {}); // more lines, each with its \r\n

// With any method and a body, of JSON unless `more` has a Content-Type. `more`: further header lines, each
// with its end.
http_response http_send(std::uint16_t port, const std::string& method, const std::string& target,
                        const std::string& body, const std::string& more = {},
                        std::chrono::milliseconds deadline = std::chrono::seconds{30});

} // namespace postponed::test
