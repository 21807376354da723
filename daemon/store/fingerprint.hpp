// By what a message is known again. Pure data.
#pragma once

#include <compare>
#include <cstdint>

namespace postponed::store {

// Recognises a message that was committed but whose ack did not reach the broker (design: promise 3): SHA-256
// over queue, message-id and content, cut to 16 bytes. All zero: none (no message-id).
struct fingerprint {
  std::uint64_t high = 0, low = 0;
  bool empty() const { return high == 0 && low == 0; }
  auto operator<=>(const fingerprint&) const = default;
};

} // namespace postponed::store
