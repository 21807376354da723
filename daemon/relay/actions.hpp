// What the relay wants done. It never does anything itself: the driver (io/relay_driver) takes these after
// every event and performs them in this order. Pure data.
#pragma once

#include "store/store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postponed::relay {

// A publishing channel. Messages that may have made the broker close the main channel are tried again, one at
// a time, on the probe channel, so that the others need not wait for the verdict.
enum class lane : std::uint8_t { main = 0, probe = 1 };
inline constexpr std::size_t lane_count = 2;

struct publish_action {
  lane on = lane::main;
  std::uint64_t tag = 0; // the confirm tag that the session will give it: the driver checks
  std::string exchange, routing_key, properties, body;
};

// A queue that is consumed: of a route, or of a dead letter that is collected. Numbers are never given twice.
using source_id = std::uint32_t;

struct source {
  source_id id = 0;
  std::string name, queue; // of the route or dead letter; the queue
  bool is_route = true;
};

// Acks everything up to `tag` on the consuming channel of source `from`, if that is still its opening
// `epoch`.
struct ack_action {
  source_id from = 0;
  std::uint64_t epoch = 0;
  std::uint64_t tag = 0;
};

struct load_action {
  store::horizon_position after;
  wall_time until{};
  std::size_t limit = 0;
  bool overdue = false;              // of what is overdue, not of what comes due
  std::vector<std::uint32_t> skip{}; // numbers of routes, as in store::load
};

// A line for the log, for the person at 3 a.m.
struct note {
  enum class level { info, warning, error };
  level severity = level::info;
  std::string text;
  std::vector<std::pair<std::string_view, std::string>> fields; // the names are literals
};

using notes = std::vector<note>;

struct actions {
  std::vector<publish_action> publishes;
  std::vector<ack_action> acks;
  std::vector<held_id> reads;
  std::optional<load_action> load;
  relay::notes notes;
};

} // namespace postponed::relay
