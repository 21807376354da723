// The limits under which the admin endpoint's HTTP server serves. Plain data; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace postponed::admin {

struct http_limits {
  std::uint32_t header_bytes = 16 * 1024;
  std::uint64_t body_bytes = std::uint64_t{1} << 20; // of a body that is read whole
  std::size_t connections = 64;                      // more wait in the listening socket's queue
  std::size_t streams = 32;                          // answers in pieces at once; then 503
  // For a whole request, for the next on a kept connection, for a TLS handshake; of a body in pieces for each
  // piece. And for an answer, in pieces for each.
  std::chrono::milliseconds patience{15000};
  std::chrono::milliseconds deadline{30000};  // for the handler; then 504, and what it answers is lost
  std::chrono::milliseconds heartbeat{15000}; // an answer in pieces that says nothing says that it lives
};

} // namespace postponed::admin
