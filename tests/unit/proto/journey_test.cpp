// What a message tells of earlier journeys, and what the dialects make of its headers.
#include "proto/headers.hpp"
#include "proto/properties.hpp"
#include "proto/watermill.hpp"
#include "unit/proto/wire_bytes.hpp"

#include <catch2/catch.hpp>

using namespace postponed::proto;

namespace {

constexpr wall_time seen{std::chrono::milliseconds{1763931278123}};

release_stamp stamp(dialect speaks, std::uint32_t attempt = 3) {
  release_stamp out;
  out.id = "1b2-3-00000004";
  out.attempt = attempt;
  out.route = "orders";
  out.due = seen + std::chrono::hours{1};
  out.first_seen = seen;
  out.hops = 2;
  out.replays = 1;
  out.speaks = speaks;
  return out;
}
burial_stamp burial() {
  burial_stamp out;
  out.why = reason::attempts_exhausted;
  out.error = "attempt 3 of 3 failed";
  out.first_seen = seen;
  out.from_exchange = "shop";
  out.from_routing_key = "order.placed";
  out.from_queue = "failed";
  out.origin_queue = "work";
  out.buried = seen + std::chrono::hours{2};
  return out;
}

// The headers as type and printable value.
std::vector<std::pair<std::string, std::string>> headers_of(const std::string& raw) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto view = properties_view::parse(raw);
  const auto table = read_table(view->headers.value());
  REQUIRE(table.has_value());
  for (const field& each : *table) {
    std::string value(1, each.type);
    if (const auto text = each.text())
      value.append(*text);
    else if (const auto number = each.integer())
      value += std::to_string(*number);
    out.emplace_back(each.name, value);
  }
  return out;
}
std::string header(const std::string& raw, std::string_view name) {
  for (const auto& [each, value] : headers_of(raw))
    if (each == name) return value;
  return "absent";
}

} // namespace

TEST_CASE("a journey is read back as it was written, in every dialect") {
  for (const dialect speaks : {dialect::amqp, dialect::watermill, dialect::plugin}) {
    const journey released = journey_of(release_properties({}, stamp(speaks)));
    CHECK(released.id == "1b2-3-00000004");
    CHECK(released.attempt == 3);
    CHECK(released.route == "orders");
    CHECK(released.first_seen == seen);
    CHECK(released.hops == 2);
    CHECK(released.replays == 1);
    CHECK_FALSE(released.was_buried());
    const journey buried = journey_of(burial_properties({}, stamp(speaks), burial()));
    CHECK(buried.was_buried());
    CHECK(buried.reason == "attempts_exhausted");
    CHECK(buried.error == "attempt 3 of 3 failed");
    CHECK(buried.buried == seen + std::chrono::hours{2});
    CHECK(buried.from_exchange == "shop");
    CHECK(buried.from_routing_key == "order.placed");
    CHECK(buried.from_queue == "failed");
    CHECK(buried.origin_queue == "work");
  }
}

TEST_CASE("what is absent, mistyped or absurd in a journey is as if it were not there") {
  const journey odd = journey_of(
      wire::with_headers(wire::int64("postponed-attempt", 0) + wire::text("postponed-hops", "-3") +
                         wire::text("postponed-replays", "many") + wire::int64("postponed-first-seen", 5) +
                         wire::text("postponed-buried", "yesterday") + wire::int64("postponed-route", 5)));
  CHECK_FALSE(odd.attempt.has_value());
  CHECK(odd.hops == 0);
  CHECK(odd.replays == 0);
  CHECK_FALSE(odd.first_seen.has_value());
  CHECK_FALSE(odd.buried.has_value());
  CHECK(odd.route.empty());
  CHECK(journey_of("").id.empty());
  CHECK(journey_of("\x20").id.empty());
}

TEST_CASE("a release takes off what an earlier journey wrote and this one does not") {
  release_stamp plain = stamp(dialect::amqp, 1);
  plain.first_seen.reset();
  plain.hops = 0;
  plain.replays = 0;
  const std::string again = release_properties(burial_properties({}, stamp(dialect::amqp), burial()), plain);
  std::vector<std::string> names;
  for (const auto& [name, value] : headers_of(again))
    names.push_back(name);
  CHECK(names ==
        std::vector<std::string>{"postponed-id", "postponed-attempt", "postponed-route", "postponed-due"});
}

TEST_CASE("with Watermill every header is a string, the broker's marks are gone, and failures are counted") {
  const std::string table =
      wire::text("_watermill_message_uuid", "u-1") + wire::int64("retries", -7) +
      wire::field("flag", 't', "\x01") + wire::real("share", 0.25) +
      wire::field("at", 'T', wire::number(1764000000, 8)) + wire::field("nothing", 'V', "") +
      wire::nested("list", 'A', "l" + wire::number(1, 8) + "S" + wire::long_string("a\"b")) +
      wire::nested("map", 'F', wire::text("k", "v")) +
      wire::field("amount", 'D', "\x02" + wire::number(1234, 4)) +
      wire::nested("x-death", 'A', "F" + wire::long_string(wire::text("queue", "q"))) +
      wire::text("reason_poisoned", "boom") + wire::text("topic_poisoned", "orders") +
      wire::text("_watermill_requeuer_retries", "1") + wire::text("_watermill_delayed_for", "2s");
  const std::string out = release_properties(wire::with_headers(table), stamp(dialect::watermill));
  for (const auto& [name, value] : headers_of(out)) {
    INFO(name);
    CHECK(value.front() == 'S');
  }
  CHECK(header(out, "_watermill_message_uuid") == "Su-1");
  CHECK(header(out, "retries") == "S-7");
  CHECK(header(out, "flag") == "Strue");
  CHECK(header(out, "share") == "S0.25");
  CHECK(header(out, "at") == "S2025-11-24T16:00:00.000Z");
  CHECK(header(out, "nothing") == "S");
  CHECK(header(out, "list") == "S[1,\"a\\\"b\"]");
  CHECK(header(out, "map") == "S{\"k\":\"v\"}");
  CHECK(header(out, "amount") == "S12.34");
  CHECK(header(out, "x-death") == "absent");
  CHECK(header(out, "reason_poisoned") == "absent");
  CHECK(header(out, "topic_poisoned") == "absent");
  CHECK(header(out, "_watermill_requeuer_retries") == "S2");
  CHECK(header(out, "_watermill_delayed_for") == "S2s");
  CHECK(header(out, "postponed-attempt") == "S3");
}

TEST_CASE("with Watermill a dead letter carries its poison keys, and what the application wrote stays") {
  const std::string fresh = burial_properties({}, stamp(dialect::watermill), burial());
  CHECK(header(fresh, "reason_poisoned") == "Sattempt 3 of 3 failed");
  CHECK(header(fresh, "topic_poisoned") == "Sshop");
  CHECK(header(fresh, "handler_poisoned") == "Sorders");
  CHECK(header(fresh, "subscriber_poisoned") == "Spostponed");
  const std::string known = burial_properties(
      wire::with_headers(wire::text("topic_poisoned", "orders") + wire::text("handler_poisoned", "mailer")),
      stamp(dialect::watermill), burial());
  CHECK(header(known, "topic_poisoned") == "Sorders");
  CHECK(header(known, "handler_poisoned") == "Smailer");
  CHECK(header(known, "reason_poisoned") == "Sattempt 3 of 3 failed");
}

TEST_CASE("with the plugin's dialect x-delay stays, as minus the delay and of its kind") {
  const auto released = [](const std::string& field) {
    return header(release_properties(wire::with_headers(field), stamp(dialect::plugin)), "x-delay");
  };
  CHECK(released(wire::int64("x-delay", 1500)) == "l-1500");
  CHECK(released(wire::field("x-delay", 'I', wire::number(1500, 4))) == "l-1500");
  CHECK(released(wire::int64("x-delay", -1500)) == "l-1500");
  CHECK(released(wire::text("x-delay", "1500")) == "S-1500");
  CHECK(released(wire::text("x-delay", "-1500")) == "S-1500");
  const std::string real =
      release_properties(wire::with_headers(wire::real("x-delay", 1500.5)), stamp(dialect::plugin));
  CHECK(real.find(wire::real("x-delay", -1500.5)) != std::string::npos);
  CHECK(header(release_properties(wire::with_headers(wire::int64("x-delay", 5)), stamp(dialect::amqp)),
               "x-delay") == "absent");
  CHECK(header(burial_properties(wire::with_headers(wire::int64("x-delay", 5)), stamp(dialect::plugin),
                                 burial()),
               "x-delay") == "l5");
}

TEST_CASE("a replay begins anew, and says how often it was sent again") {
  const std::string dead = burial_properties(
      wire::with_headers(wire::text("tenant", "acme") + wire::int64("x-delay", 5) +
                         wire::nested("x-death", 'A', "F" + wire::long_string(wire::text("queue", "q")))),
      stamp(dialect::watermill), burial());
  const std::string again = replay_properties(dead, {2, "", true});
  CHECK(headers_of(again) ==
        std::vector<std::pair<std::string, std::string>>{{"tenant", "Sacme"}, {"postponed-replays", "l2"}});
}

TEST_CASE("a replay keeps what tells its way back until it is released") {
  const std::string dead = burial_properties(
      wire::with_headers(wire::text("tenant", "acme") + wire::text("topic_poisoned", "orders")),
      stamp(dialect::watermill), burial());
  const std::string again = replay_properties(dead, {1, "orders.work", false});
  CHECK(journey_of(again).origin_queue == "orders.work");
  CHECK_FALSE(journey_of(again).was_buried());
  REQUIRE(poison_of(again));
  CHECK(poison_of(again)->topic == "orders");
  const std::string released = release_properties(again, stamp(dialect::watermill));
  CHECK(journey_of(released).origin_queue.empty());
  CHECK_FALSE(poison_of(released));
}
