// What postponed holds: a message with its due time, and the id under which the world knows it.
// Pure data: any thread, value semantics.
#pragma once

#include "proto/headers.hpp"
#include "proto/message.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace postponed {

using proto::microseconds;
using proto::reason;
using proto::wall_time;

// Names one held message for ever. It locates its row without an index: `slot` is the minute since 1970 in
// which the message was due when it was accepted (every store bucket covers whole slots), `row` counts up
// over the whole store. The nonce makes ids hard to guess and tells two stores apart. On the wire:
// "slot-row-nonce" in lower-case hex.
struct held_id {
  std::int64_t slot = 0;
  std::int64_t row = 0; // 1 and up; unique within the store
  std::uint32_t nonce = 0;

  auto operator<=>(const held_id&) const = default;
};
std::string to_string(const held_id& id);
struct held_id_text { // the same without an allocation
  std::array<char, 42> octets{};
  std::size_t size = 0;
  std::string_view view() const { return {octets.data(), size}; }
};
held_id_text write_held_id(const held_id& id);
std::optional<held_id> held_id_from(std::string_view text); // nothing where it is not an id of ours

// Where one message is published instead of where its route says: a replay to elsewhere, one scheduled
// straight to a queue (exchange empty: the default exchange).
struct direct_target {
  std::string exchange, routing_key;
  bool operator==(const direct_target&) const = default;
};

// The whole of a held message.
struct held_record {
  held_id id;
  wall_time due{};
  bool relative = false;     // the due time came of a delay, not of a point in time (see relay/horizon.hpp)
  wall_time first_seen{};    // when it first arrived at postponed
  std::string route;         // by name: a route may vanish from the file and come back
  std::uint32_t attempt = 1; // the consumer's attempt that the release will be, from 1
  std::uint32_t publish_failures = 0; // nacks and returns so far; not the consumer's attempts
  std::uint32_t hops = 0;             // times round without a consumer's failure; a loop is cut by it
  std::uint32_t replays = 0;          // times that a person sent it again
  std::optional<direct_target> to;
  reason why = reason::none; // other than none: on its way to the dead letter, with `error`
  std::string error;
  proto::message content; // exchange and routing_key as it arrived
};

// A loaded row of the near horizon: enough to turn the wheel, without the body.
struct held_ref {
  held_id id;
  wall_time due{};
  bool relative = false;   // as in held_record
  std::uint32_t bytes = 0; // properties and body, for budgets
  std::uint32_t route = 0; // the store's number for the route's name (store::route_totals); 0: not known
};

} // namespace postponed

template <>
struct std::hash<postponed::held_id> {
  std::size_t operator()(const postponed::held_id& id) const noexcept {
    return std::hash<std::int64_t>{}(id.row); // rows are unique in a store
  }
};
