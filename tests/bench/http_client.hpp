// A small blocking HTTP/1.1 client for benchmarks, on loopback: questions over one kept connection, and
// uploads of lines of JSON that are written while their results are read. Throws std::runtime_error. One
// thread each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace postponed::bench {

class http_client {
 public:
  explicit http_client(std::uint16_t port); // connects to 127.0.0.1
  ~http_client();
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  // The body of the answer, which must be 200.
  std::string get(const std::string& target);

 private:
  void fill();
  std::uint16_t port_;
  int socket_ = -1;
  std::string got_; // read and not used
};

// Posts `count` lines, each as `line` appends it to its argument, to /api/v1/messages in one chunked request,
// and reads a result line for each; throws where one is not held. Returns how many seconds it took.
double upload(std::uint16_t port, std::size_t count,
              const std::function<void(std::size_t, std::string&)>& line);

} // namespace postponed::bench
