#include "relay/arrival.hpp"

#include "base/fingerprint.hpp"
#include "proto/deaths.hpp"
#include "proto/properties.hpp"
#include "proto/watermill.hpp"

#include <algorithm>

namespace postponed::relay {

namespace {

const schedule::retry_policy& rule_for(const retry_parameters& retry, const std::string& reason) {
  const auto at = retry.reasons.find(reason);
  return at == retry.reasons.end() ? retry.rule : at->second;
}

void judge_failure(const route_parameters& route, const proto::message& content, wall_time now,
                   double uniform01, arrival& out) {
  const auto death =
      proto::death_of(content.properties, route.release.queue.value_or(std::string{}), route.queue);
  const schedule::retry_policy& rule = rule_for(*route.retry, death ? death->reason : std::string{});
  const std::uint32_t failed = proto::failed_attempt_of(content.properties, route.speaks);
  const std::string how = death ? " (" + death->reason + " in " + death->queue + ")" : "";
  out.failed = true;
  out.relative = true;
  out.attempt = failed + 1;
  out.due = now + schedule::pause_after(rule.pause, failed, uniform01);
  if (failed >= rule.attempts) {
    out.why = reason::attempts_exhausted;
    out.error =
        "attempt " + std::to_string(failed) + " of " + std::to_string(rule.attempts) + " failed" + how;
  } else if (rule.max_age > microseconds{0} && out.due - out.first_seen > rule.max_age) {
    out.why = reason::max_age;
    out.error = "attempt " + std::to_string(failed) + " failed" + how +
                ", and the next would begin later than max_age after the message was first seen";
  }
  if (out.why == reason::none) return;
  out.attempt = failed; // the dead letter tells how far it came
  out.due = now;
  out.relative = false;
}

// Answers whether a header of its own asked for the due time.
bool judge_delay(const route_parameters& route, const proto::message& content, wall_time now, arrival& out) {
  const proto::due_outcome due = proto::read_due(content.properties, route.delay, now);
  out.due = due.problem == reason::none ? due.due : now;
  out.relative = due.relative;
  out.why = due.problem;
  out.error = due.error;
  return due.asked;
}

} // namespace

arrival judge_arrival(const route_parameters& route, const proto::message& content, wall_time now,
                      double uniform01) {
  const proto::journey before = proto::journey_of(content.properties);
  arrival out;
  out.hops = before.hops;
  out.replays = before.replays;
  out.first_seen = before.first_seen ? std::min(*before.first_seen, now) : now;
  out.attempt = before.attempt.value_or(1);
  const bool comes_back = before.was_buried();
  const bool failed = route.retry && !comes_back &&
                      (!route.delays || proto::failed_at_consumer(content.properties, route.speaks));
  bool asked = false;
  if (failed)
    judge_failure(route, content, now, uniform01, out);
  else
    asked = judge_delay(route, content, now, out);
  if (out.why == reason::none && route.release.origin && !origin_of(route, content.properties)) {
    out.due = now; // it need not wait to hear that
    out.why = reason::no_origin;
    out.error = no_origin_text;
  }
  if (content.body.size() > route.max_size) {
    out.due = now;
    out.why = reason::too_large;
    out.error = "the body has " + std::to_string(content.body.size()) + " bytes, the route takes " +
                std::to_string(route.max_size) + " at most";
  }
  // A consumer's failures end at `attempts`. Whatever else brings a message here again and again is a loop:
  // unless it was given a due time anew, by an application that means it.
  if (failed || before.route.empty() || (asked && !comes_back)) return out;
  ++out.hops;
  if (out.hops <= route.max_hops) return out;
  out.due = now;
  out.relative = false;
  out.round_again = before.reason == proto::to_string(reason::loop);
  out.why = reason::loop;
  out.error = "it came to " + route.queue + " for the " + std::to_string(out.hops) +
              "th time without an application's doing: look for what leads from " +
              (comes_back ? "its dead-letter queue" : "where it is released to") + " back to this intake";
  return out;
}

std::optional<std::string> origin_of(const route_parameters& route, std::string_view raw_properties) {
  if (const auto death = proto::death_of(raw_properties, {}, route.queue)) return death->queue;
  const proto::journey before = proto::journey_of(raw_properties);
  if (!before.origin_queue.empty()) return before.origin_queue;
  return std::nullopt;
}

std::optional<std::string> dedup_key(const dedup_policy& policy, const proto::message& content) {
  using type = dedup_policy::key_type;
  if (policy.key == type::body) return content.body;
  const auto view = proto::properties_view::parse(content.properties);
  if (!view) return std::nullopt;
  const auto text = [](const std::optional<std::string_view>& value) -> std::optional<std::string> {
    if (!value || value->empty()) return std::nullopt;
    return std::string{*value};
  };
  if (policy.key == type::message_id) return text(view->message_id);
  if (policy.key == type::correlation_id) return text(view->correlation_id);
  if (!view->headers) return std::nullopt;
  const auto fields = proto::read_table(*view->headers);
  if (!fields) return std::nullopt;
  for (const proto::field& each : *fields)
    if (each.name == policy.header) return std::string{each.type} + std::string{each.value};
  return std::nullopt;
}

store::fingerprint delivered_as(const std::string& queue, const proto::message& content) {
  const auto message_id = proto::message_id_of(content.properties);
  if (!message_id) return {};
  // The id that the message has from its last release tells its rounds apart: RabbitMQ 4.3 says `redelivered`
  // of a message that it has just dead-lettered out of a quorum queue.
  const std::string_view round = proto::postponed_id_of(content.properties).value_or(std::string_view{});
  const auto digest =
      fingerprint_of({queue, *message_id, content.exchange, content.routing_key, content.body, round});
  return {digest.first, digest.second};
}

} // namespace postponed::relay
