// Big-endian numbers in octets, as AMQP has them. Internal to proto; pure; any thread.
#pragma once

#include <cassert>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace postponed::proto {

// REQUIRES: `octets` holds at least sizeof(Number) of them.
template <std::unsigned_integral Number>
Number load_octets(std::string_view octets) {
  assert(octets.size() >= sizeof(Number));
  Number value = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i)
    value =
        static_cast<Number>((value << (sizeof(Number) > 1 ? 8 : 0)) | static_cast<unsigned char>(octets[i]));
  return value;
}

template <std::unsigned_integral Number>
void append_octets(std::string& out, Number value) {
  char octets[sizeof(Number)];
  for (std::size_t i = sizeof(Number); i-- > 0;) {
    octets[i] = static_cast<char>(value & 0xFF);
    value = static_cast<Number>(value >> (sizeof(Number) > 1 ? 8 : 0));
  }
  out.append(octets, sizeof(Number));
}

} // namespace postponed::proto
