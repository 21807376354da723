// What is to become of a message that arrived at an intake: held until when, as which attempt, or
// dead-lettered and why. Pure; any thread.
//
// A message that died (x-death; with dialect watermill its poison keys) follows the route's `retry`, any
// other its `delay`. Attempts are numbered by postponed-attempt alone, one for each failure of a consumer:
// x-death is a hint that brokers and clients write as they like.
#pragma once

#include "relay/parameters.hpp"
#include "store/store.hpp"

#include <optional>
#include <string>

namespace postponed::relay {

struct arrival {
  wall_time due{};
  bool relative = false;
  wall_time first_seen{};
  std::uint32_t attempt = 1; // that the release will be
  std::uint32_t hops = 0, replays = 0;
  bool failed = false;       // at a consumer
  reason why = reason::none; // other than none: to its dead letter, with `error`
  std::string error;
  bool round_again = false; // its dead letter came back although it was cut for looping: publish it nowhere
};

// `uniform01` in [0, 1): for the jitter of a pause.
arrival judge_arrival(const route_parameters& route, const proto::message& content, wall_time now,
                      double uniform01);

// The queue in which the message died, for release: {origin: true} and for people.
std::optional<std::string> origin_of(const route_parameters& route, std::string_view raw_properties);
inline constexpr const char* no_origin_text =
    "release: {origin: true}, and neither x-death nor postponed-origin-queue tells the queue where it died";

// The value by which the route's dedup knows the message; nothing where it has none: then it is always held.
std::optional<std::string> dedup_key(const dedup_policy& policy, const proto::message& content);

// By what a message is recognised that the broker delivers again from `queue`; empty where it has no
// message-id. Headers do not count: the broker adds to them when it delivers again (x-delivery-count).
store::fingerprint delivered_as(const std::string& queue, const proto::message& content);

} // namespace postponed::relay
