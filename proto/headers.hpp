// What postponed reads from and writes to a message's headers: due times in, postponed-* out, broker marks
// stripped. Pure; any thread. Contract: proto/PROTOCOL.md. Times are UTC, microseconds.
#pragma once

#include "proto/message.hpp"

#include <boost/system/result.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postponed::proto {

using wall_time = std::chrono::sys_time<std::chrono::microseconds>;
using microseconds = std::chrono::microseconds;

// Why a message goes to a dead letter. The names (to_string) are on the wire and in metrics: never rename
// one.
enum class reason : std::uint8_t {
  none = 0,
  bad_delay,
  delay_too_long,
  too_large,
  malformed,
  unroutable,
  nacked,
  attempts_exhausted,
  max_age,
  late,
  duplicate_id,
  loop,      // it came round more often than the route allows
  no_origin, // release: {origin: true}, and nothing tells the queue where it died
};
std::string_view to_string(reason value);

// The headers that may carry a due time, in the order in which a route asks for them.
enum class delay_header : std::uint8_t {
  x_delay,                 // ms, relative: integer, numeric string, or float (truncated)
  postponed_until,         // RFC 3339 string, epoch ms as integer or numeric string, or a T as below
  x_opt_delivery_time,     // epoch ms (integer, numeric string) or an AMQP timestamp (T, seconds)
  x_opt_delivery_delay,    // ms, relative: integer or numeric string
  watermill_delayed_until, // RFC 3339; _watermill_delayed_for (Go duration) beside it is truer under 1 s
                           // difference
  watermill_delayed_for,   // Go duration, relative
};
std::string_view to_string(delay_header value); // the header's name on the wire
std::optional<delay_header> delay_header_from(std::string_view name);
const std::vector<delay_header>& all_delay_headers();

struct delay_policy {
  std::vector<delay_header> headers = all_delay_headers();
  microseconds by_default{0};
  microseconds max{std::chrono::hours{24 * 365}};
  bool from_publisher_timestamp = false; // delay: {from: timestamp}
};

// When a message is due, or why that cannot be told.
struct due_outcome {
  wall_time due{};
  bool relative = false; // it came of a delay (a header's or the route's default), not of a point in time
  bool asked = false;    // a header decided, for a time after arrival: an application means it
  reason problem = reason::none; // bad_delay, delay_too_long or malformed; `due` is then meaningless
  std::string error;             // for a person: which header, what it held, what would be right
};
// The first header in the policy's order that is present decides; where it is unreadable, the problem is
// bad_delay. A relative delay runs from `timestamp_in_ms` (header, broker's stamp) where present and
// plausible, else from the publisher's `timestamp` where the policy says so and it is present and plausible,
// else from `arrived`. Plausible: not after `arrived`, and not before the postponed-due of an earlier
// release, whose journey it then belongs to. Zero or less, or past: due at once, that is at `arrived`. The
// policy's max holds for a delay, and for a point in time as seen from `arrived`; the default is not checked
// against it. Properties that do not parse: malformed.
due_outcome read_due(std::string_view raw_properties, const delay_policy& policy, wall_time arrived);

// How a route's applications speak. watermill: every header a string, its poison keys and requeuer count;
// plugin: x-delay stays, as minus the delay.
enum class dialect : std::uint8_t { amqp, watermill, plugin };

// The headers that postponed writes on a release. The views are good for as long as their texts.
struct release_stamp {
  std::string_view id;                   // postponed-id
  std::uint32_t attempt = 1;             // postponed-attempt
  std::string_view route;                // postponed-route
  wall_time due{};                       // postponed-due: RFC 3339 with milliseconds, UTC
  std::optional<wall_time> first_seen{}; // postponed-first-seen, where given: a retry's age counts from it
  std::uint32_t hops = 0;                // postponed-hops, where not 0
  std::uint32_t replays = 0;             // postponed-replays, where not 0
  dialect speaks = dialect::amqp;
};
// ... and on a dead letter also.
struct burial_stamp {
  reason why = reason::none; // postponed-reason
  std::string error;         // postponed-error; cut to 1,024 bytes at a character boundary
  wall_time first_seen{};    // postponed-first-seen
  std::string
      from_exchange; // postponed-from-exchange, postponed-from-routing-key, postponed-from-queue: where the
  std::string from_routing_key; // message was published and the intake that it came through
  std::string from_queue;
  std::string origin_queue{}; // postponed-origin-queue: where x-death says that it died; empty: not written
  wall_time buried{};         // postponed-buried: when it was dead-lettered
};
// Wire properties for a release: strips what PROTOCOL.md lists (x-death, x-first-death-*, x-last-death-*,
// x-delivery-count, x-acquired-count, the deadline headers, CC, BCC, user_id) and what an earlier burial
// wrote, sets delivery_mode 2, and writes the stamp; keeps everything else, in order, byte for byte
// (_watermill_delayed_for is kept). The stamp's headers that the message already carries are replaced where
// they stand. Properties that do not parse are replaced by the stamp alone; a header table that does not
// parse, by the stamp's headers.
std::string release_properties(std::string_view raw_properties, const release_stamp& stamp);
// For a dead letter: keeps x-death and the deadline headers, for the person who looks into it; drops CC, BCC
// and user_id; `expiration` becomes the header postponed-from-expiration, so that no dead letter expires
// unseen.
std::string burial_properties(std::string_view raw_properties, const release_stamp& stamp,
                              const burial_stamp& burial);

// The `postponed-id` and message-id of a message, where there is one that is not empty.
std::optional<std::string_view> postponed_id_of(std::string_view raw_properties);
std::optional<std::string_view> message_id_of(std::string_view raw_properties);
// What an earlier journey through postponed wrote. Whatever is absent, mistyped or absurd is as if it were
// not there.
struct journey {
  std::optional<std::uint32_t> attempt; // postponed-attempt, from 1
  std::optional<wall_time> first_seen;  // postponed-first-seen
  std::optional<wall_time> buried;      // postponed-buried
  std::uint32_t hops = 0, replays = 0;  // postponed-hops, postponed-replays
  std::string id, route;                // postponed-id, postponed-route
  std::string reason, error;            // postponed-reason: it has been a dead letter; postponed-error
  std::string from_exchange, from_routing_key, from_queue, origin_queue; // of a dead letter
  bool was_buried() const { return !reason.empty(); }
};
journey journey_of(std::string_view raw_properties);

// Properties for a dead letter that is held to be sent again: what postponed and the broker wrote is stripped
// and the stamp written. What the way back is read from stays until the release strips it: the origin queue
// and, unless it goes `straight` to somewhere, Watermill's poison keys.
struct replay_stamp {
  std::uint32_t replays = 1;  // postponed-replays
  std::string origin_queue{}; // postponed-origin-queue; empty: not written
  bool straight = false;
};
std::string replay_properties(std::string_view raw_properties, const replay_stamp& stamp);

// The attempt number carried by the message (postponed-attempt), 1 where absent or unreadable.
std::uint32_t attempt_of(std::string_view raw_properties);

// RFC 3339 (any offset, fraction up to nanoseconds, 't'/'z' and a space for the T allowed); nothing where
// malformed. What is finer than a microsecond is cut. A leap second (60, at the end of a month in UTC) is the
// second after it.
std::optional<wall_time> parse_rfc3339(std::string_view text);
// 2026-11-23T20:54:38.123Z: finer digits cut; outside the years 0 to 9999 the end of that range.
std::string format_rfc3339(wall_time time);
// Go's time.ParseDuration: [-+](number unit)+ with ns us (both micro signs) ms s m h; "0". Nothing where
// malformed or beyond 292 years.
std::optional<microseconds> parse_go_duration(std::string_view text);

} // namespace postponed::proto
