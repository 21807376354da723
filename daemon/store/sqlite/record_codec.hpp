// A held record's head (all but its row and body) as bytes, and the checksum over the whole. Pure.
//
// Layout, all integers little-endian: version (1 byte, 2), flags (1 byte: 1 relative, 2 with a target of its
// own), why (1), nonce (4), route (4), attempt (4), publish failures (4), hops (4), replays (4), first seen
// (8, us), due (8, us), then exchange, routing key, error and properties, each with a 4-byte length before
// it, and with flag 2 the target's exchange and routing key likewise. Strings are any bytes. With its row a
// body's record is whole, so that lost entries could be made again from the segments.
#pragma once

#include "base/held.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postponed::store::sqlite {

struct record_head {
  held_record record;      // without id.slot, id.row, route and body
  std::uint32_t route = 0; // its number in the routes table
};

std::string encode_head(const held_record& record, std::uint32_t route);
std::optional<record_head> decode_head(std::string_view bytes); // nothing where the bytes do not add up

// Over row, head and body: a page that was lost or mixed up does not go unnoticed.
std::int64_t checksum(std::int64_t row, std::string_view head, std::string_view body);

} // namespace postponed::store::sqlite
