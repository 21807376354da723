// What the relay is told: routes, targets and limits. Filled by the application from the configuration;
// immutable while the relay runs. Pure data.
#pragma once

#include "base/held.hpp"
#include "schedule/backoff.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postponed::relay {

// Where a publish goes. Exchange and routing key are templates (relay/templates.hpp). With neither `queue`
// nor `exchange`: back through the exchange and key with which the message came.
struct target {
  std::optional<std::string> exchange;
  std::optional<std::string> routing_key; // absent: the message's own
  std::optional<std::string> queue;       // straight to it, by the default exchange
};

struct route_parameters {
  std::string name;
  std::string queue; // the intake
  proto::delay_policy delay;
  target release;
  target dead_letter;
  std::uint32_t publish_attempts = 5;           // nacks or returns before the dead letter
  std::size_t max_size = std::size_t{16} << 20; // bytes of a body
};

struct parameters {
  std::vector<route_parameters> routes;
  std::size_t confirm_window = 2000;                    // messages published and not yet confirmed
  std::size_t window_bytes = std::size_t{32} << 20;     // ... and their bytes; one message may always go
  std::size_t horizon_rows = 200000;                    // rows of the near future in memory
  std::size_t body_cache = std::size_t{32} << 20;       // bytes of bodies in memory ahead of their due time
  microseconds horizon_ahead{std::chrono::seconds{90}}; // how far ahead rows are loaded
  microseconds read_ahead{std::chrono::seconds{1}};     // how long before its due time a body is read
  microseconds keep_body{
      std::chrono::seconds{10}}; // a body due sooner than this stays in memory from its intake
  microseconds stall_after{std::chrono::seconds{5}}; // no confirm for so long: the destination is stalled
  microseconds confirm_deadline{std::chrono::seconds{30}}; // no confirm for so long: the outcome is unknown
  schedule::backoff_policy publish_backoff{std::chrono::seconds{1}, std::chrono::minutes{10}, 2.0, 0.2};
};

} // namespace postponed::relay
