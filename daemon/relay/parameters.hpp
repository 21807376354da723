// What the relay is told: routes, targets and limits. Filled by the application from the configuration;
// immutable while the relay runs. Pure data.
#pragma once

#include "base/held.hpp"
#include "schedule/backoff.hpp"
#include "schedule/retry_policy.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
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
  bool origin = false;                    // to the queue where it died, as x-death tells
};

// What becomes of a message that is released this late: after a downtime, a pause.
struct late_policy {
  enum class action : std::uint8_t { release, dead_letter, spread };
  microseconds after{std::chrono::hours{1}};
  action what = action::release;
  microseconds over{std::chrono::minutes{10}}; // spread evenly over so long from now
};

// When a destination that refuses everything is left alone, and how often one message tries it.
struct circuit_policy {
  std::uint32_t failures = 10; // returned or nacked in a row
  microseconds probe{std::chrono::seconds{10}};
};

// What is overdue after a downtime goes out beside what comes due now, and does not keep it waiting.
struct catch_up_policy {
  double share = 0.5; // of the turns at a destination while others are due there, above 0, below 1
  double rate = 5000; // overdue messages a second, of all routes together; 0: without limit
};

struct dedup_policy {
  enum class key_type : std::uint8_t { message_id, correlation_id, header, body };
  key_type key = key_type::message_id;
  std::string header;
  microseconds window{std::chrono::minutes{10}};
};

struct retry_parameters {
  schedule::retry_policy rule;
  std::map<std::string, schedule::retry_policy> reasons; // by x-death's reason; whole rules
};

struct route_parameters {
  std::string name;
  std::string queue; // the intake
  proto::delay_policy delay;
  bool delays = true; // false: it has retry alone, and every arrival is a consumer's failure
  std::optional<retry_parameters> retry;
  target release;
  target dead_letter;
  std::string dead_letter_name;
  std::optional<dedup_policy> dedup;
  double rate = 0; // releases a second; 0: without limit
  std::optional<circuit_policy> circuit;
  std::optional<late_policy> late;
  proto::dialect speaks = proto::dialect::amqp;
  std::map<std::string, std::string> topics; // watermill: topic or topic/handler to queue
  std::uint32_t max_hops = 20;
  std::uint32_t publish_attempts = 5;           // nacks or returns before the dead letter
  std::size_t max_size = std::size_t{16} << 20; // bytes of a body
};

// A dead letter of the file. Each also stands behind a route of its own, direct_route(), under which what is
// sent from it elsewhere is held.
struct dead_letter_parameters {
  std::string name;
  std::string queue; // watched; empty: none
  bool collect = false;
  target to;
  microseconds trash{std::chrono::hours{24 * 7}}; // discarded ones are kept so long
};

struct parameters {
  std::vector<route_parameters> routes;
  std::vector<dead_letter_parameters> dead_letters;
  std::size_t confirm_window = 2000;                    // messages published and not yet confirmed
  std::size_t window_bytes = std::size_t{8} << 20;      // ... and their bytes; one message may always go
  std::size_t horizon_rows = 200000;                    // rows of the near future in memory
  std::size_t body_cache = std::size_t{32} << 20;       // bytes of bodies in memory ahead of their due time
  microseconds horizon_ahead{std::chrono::seconds{90}}; // how far ahead rows are loaded
  microseconds read_ahead{std::chrono::seconds{1}};     // how long before its due time a body is read
  microseconds keep_body{
      std::chrono::seconds{10}}; // a body due sooner than this stays in memory from its intake
  microseconds stall_after{std::chrono::seconds{5}}; // no confirm for so long: the destination is stalled
  microseconds confirm_deadline{std::chrono::seconds{30}}; // no confirm for so long: the outcome is unknown
  microseconds overdue_after{std::chrono::seconds{5}};     // so late it goes as overdue, by `catch_up`
  catch_up_policy catch_up;
  schedule::backoff_policy publish_backoff{std::chrono::seconds{1}, std::chrono::minutes{10}, 2.0, 0.2};
  // A dead letter has nowhere else to go: it is tried more eagerly, and as one with all others of its
  // destination.
  schedule::backoff_policy burial_backoff{std::chrono::seconds{1}, std::chrono::seconds{30}, 2.0, 0.2};
  circuit_policy burial_circuit{3, std::chrono::seconds{5}};
};

// The route under which messages are held that were scheduled straight to a queue or exchange. It is always
// there, so that they can be no orphans; its dead letter is the first of the file.
inline constexpr const char* scheduled_route = "@@http";

// The route under which messages are held that go from a dead letter (or an operator) straight to somewhere.
// No route of the file has such a name: @ is reserved.
inline std::string direct_route(const std::string& dead_letter) {
  return "@" + dead_letter;
}

} // namespace postponed::relay
