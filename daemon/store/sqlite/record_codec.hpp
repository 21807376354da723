// A held record's head (all but due time and body) as bytes, and the checksum over the whole. Pure.
//
// Layout, all integers little-endian: version (1 byte, 1), flags (1 byte: 1 relative), why (1), nonce (4),
// route (4), attempt (4), publish failures (4), first seen (8, us), then exchange, routing key, error and
// properties, each with a 4-byte length before it. Strings are any bytes.
#pragma once

#include "base/held.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postponed::store::sqlite {

struct record_head {
  held_record record;      // without id.slot, id.row, due, route and body
  std::uint32_t route = 0; // its number in the routes table
};

std::string encode_head(const held_record& record, std::uint32_t route);
std::optional<record_head> decode_head(std::string_view bytes); // nothing where the bytes do not add up
std::uint32_t nonce_of(std::string_view head);                  // REQUIRES a head that decode_head takes
std::uint32_t route_of(std::string_view head);
bool is_relative(std::string_view head);

// Over row, due time, head and body: a page that was lost or mixed up does not go unnoticed.
std::int64_t checksum(std::int64_t row, std::int64_t due, std::string_view head, std::string_view body);

} // namespace postponed::store::sqlite
