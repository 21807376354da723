// Writes basic-class properties in wire form into one string. Internal to proto; pure; any thread.
//
// A template over how the header table is written, so that a release copies the headers it keeps straight
// into the outgoing string: one allocation a message. Source: AMQP 0-9-1 section 4.2.6.1.
#pragma once

#include "proto/octets.hpp"
#include "proto/properties.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postponed::proto {

namespace flag {

// The properties' bits, in the order in which their values follow. Bit 1 is unused, bit 0 announces more
// flags, which the basic class never has.
enum : std::uint16_t {
  content_type = 1 << 15,
  content_encoding = 1 << 14,
  headers = 1 << 13,
  delivery_mode = 1 << 12,
  priority = 1 << 11,
  correlation_id = 1 << 10,
  reply_to = 1 << 9,
  expiration = 1 << 8,
  message_id = 1 << 7,
  timestamp = 1 << 6,
  type = 1 << 5,
  user_id = 1 << 4,
  app_id = 1 << 3,
  cluster_id = 1 << 2,
};

} // namespace flag

// `append_headers(out)` appends the table without its length; it is called where `properties.headers` is
// present (its content does not matter). `expected` is the size to reserve. Short strings are 255 bytes at
// most: asserted, and a longer one is cut rather than let the frame go wrong.
template <typename AppendHeaders>
std::string write_properties(const properties_view& properties, std::size_t expected,
                             AppendHeaders append_headers) {
  std::string out;
  out.reserve(expected);
  out.append(2, '\0'); // the flags, known at the end
  std::uint16_t flags = 0;
  const auto short_string = [&](std::uint16_t bit, const std::optional<std::string_view>& value) {
    if (!value) return;
    assert(value->size() <= 255);
    const std::size_t size = std::min<std::size_t>(value->size(), 255);
    flags |= bit;
    out += static_cast<char>(size);
    out.append(value->substr(0, size));
  };
  const auto octet = [&](std::uint16_t bit, const std::optional<std::uint8_t>& value) {
    if (!value) return;
    flags |= bit;
    out += static_cast<char>(*value);
  };

  short_string(flag::content_type, properties.content_type);
  short_string(flag::content_encoding, properties.content_encoding);
  if (properties.headers) {
    flags |= flag::headers;
    const std::size_t length_at = out.size();
    out.append(4, '\0');
    append_headers(out);
    const auto length = static_cast<std::uint32_t>(out.size() - length_at - 4);
    for (std::size_t i = 0; i < 4; ++i)
      out[length_at + i] = static_cast<char>((length >> (24 - 8 * i)) & 0xFF);
  }
  octet(flag::delivery_mode, properties.delivery_mode);
  octet(flag::priority, properties.priority);
  short_string(flag::correlation_id, properties.correlation_id);
  short_string(flag::reply_to, properties.reply_to);
  short_string(flag::expiration, properties.expiration);
  short_string(flag::message_id, properties.message_id);
  if (properties.timestamp) {
    flags |= flag::timestamp;
    append_octets(out, *properties.timestamp);
  }
  short_string(flag::type, properties.type);
  short_string(flag::user_id, properties.user_id);
  short_string(flag::app_id, properties.app_id);
  short_string(flag::cluster_id, properties.cluster_id);

  out[0] = static_cast<char>(flags >> 8);
  out[1] = static_cast<char>(flags & 0xFF);
  return out;
}

} // namespace postponed::proto
