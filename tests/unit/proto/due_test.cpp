#include "proto/headers.hpp"
#include "unit/proto/wire_bytes.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace postponed::proto;
using namespace std::chrono_literals;

namespace {

const wall_time now = *parse_rfc3339("2026-11-23T20:54:38.500Z");

std::int64_t ms(wall_time time) {
  return time.time_since_epoch() / 1ms;
}

due_outcome read(const std::string& table, const delay_policy& policy = {}) {
  return read_due(wire::with_headers(table), policy, now);
}

// How long after the arrival, or a failure that says why.
microseconds waits(const std::string& table, const delay_policy& policy = {}) {
  const due_outcome outcome = read(table, policy);
  INFO(outcome.error);
  REQUIRE(outcome.problem == reason::none);
  return outcome.due - now;
}

bool has(const due_outcome& outcome, std::string_view text) {
  return outcome.error.find(text) != std::string::npos;
}

} // namespace

TEST_CASE("without a delay header the route's default holds, from the arrival") {
  delay_policy policy;
  policy.by_default = 15min;
  const due_outcome outcome = read_due(std::string(2, '\0'), policy, now);
  CHECK(outcome.problem == reason::none);
  CHECK(outcome.relative);
  CHECK(outcome.due == now + 15min);
  CHECK(waits(wire::text("other", "x"), policy) == 15min);
  CHECK(waits("") == 0us);
}

TEST_CASE("x-delay is taken as the plugin took it: integers of every width, floats, numeric strings") {
  CHECK(waits(wire::field("x-delay", 'b', "\x64")) == 100ms);
  CHECK(waits(wire::field("x-delay", 'B', "\xC8")) == 200ms);
  CHECK(waits(wire::field("x-delay", 's', wire::number(1500, 2))) == 1500ms);
  CHECK(waits(wire::field("x-delay", 'u', wire::number(60000, 2))) == 60s);
  CHECK(waits(wire::field("x-delay", 'I', wire::number(100000, 4))) == 100s);
  CHECK(waits(wire::field("x-delay", 'i', wire::number(4294967295, 4))) == 4294967295ms);
  CHECK(waits(wire::int64("x-delay", 86400000)) == 24h);
  CHECK(waits(wire::field("x-delay", 'L', wire::number(5, 8))) == 5ms);
  CHECK(waits(wire::real("x-delay", 1500.9)) == 1500ms);
  CHECK(waits(wire::field("x-delay", 'f', wire::number(std::bit_cast<std::uint32_t>(2.5F), 4))) == 2ms);
  CHECK(waits(wire::field("x-delay", 'D', "\x01" + wire::number(15, 4))) == 1ms);
  CHECK(waits(wire::text("x-delay", "2500")) == 2500ms);
  CHECK(waits(wire::text("x-delay", "+7")) == 7ms);
  CHECK(waits(wire::text("x-delay", "7.99")) == 7ms);
  CHECK(waits(wire::field("x-delay", 'x', wire::long_string("42"))) == 42ms);
  CHECK(read(wire::int64("x-delay", 1)).relative);
}

TEST_CASE("zero or less is due at the arrival") {
  for (const auto& field :
       {wire::int64("x-delay", 0), wire::int64("x-delay", -5000),
        wire::int64("x-delay", std::numeric_limits<std::int64_t>::min()), wire::text("x-delay", "-1"),
        wire::text("x-delay", "-99999999999999999999999"), wire::real("x-delay", -1e300),
        wire::text("x-delay", "0"), wire::real("x-delay", 0.9), wire::int64("x-opt-delivery-delay", -1),
        wire::text("_watermill_delayed_for", "-5s"), wire::text("_watermill_delayed_for", "0")})
    CHECK(waits(field) == 0us);
}

TEST_CASE("an unreadable delay names the header, shows the value, and says what would be right") {
  const auto outcome = read(wire::text("x-delay", "soon"));
  CHECK(outcome.problem == reason::bad_delay);
  CHECK(outcome.error ==
        "x-delay holds \"soon\"; milliseconds are needed: an integer, a float, or a string of digits "
        "such as \"1500\"");
  for (const char* text :
       {"", " 5", "5 ", "1e300", "0x10", "1.", ".5", "--1", "+", "1,5", "5ms", "1.2.3", "NaN", "inf"})
    CHECK(read(wire::text("x-delay", text)).problem == reason::bad_delay);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(read(wire::real("x-delay", nan)).problem == reason::bad_delay);
  CHECK(has(read(wire::real("x-delay", infinity)), "x-delay holds inf"));
  CHECK(has(read(wire::field("x-delay", 'T', wire::number(5, 8))), "the timestamp 5"));
  CHECK(has(read(wire::field("x-delay", 't', "\x01")), "true"));
  CHECK(has(read(wire::field("x-delay", 'V', "")), "no value"));
  CHECK(has(read(wire::nested("x-delay", 'A', "")), "an array"));
  CHECK(has(read(wire::nested("x-delay", 'F', "")), "a table"));
  CHECK(has(read(wire::real("x-opt-delivery-delay", 1.5)), "x-opt-delivery-delay holds 1.5"));
  CHECK(has(read(wire::text("postponed-until", "tomorrow")), "RFC 3339"));
  CHECK(has(read(wire::text("_watermill_delayed_for", "1 hour")), "Go duration"));
  CHECK(has(read(wire::int64("_watermill_delayed_until", 1)), "_watermill_delayed_until holds 1;"));
}

TEST_CASE("a shown value is cut between characters and holds nothing that harms a terminal") {
  const auto error =
      read(wire::text("x-delay", std::string(63, 'a') + "\xE2\x82\xAC" + std::string(9999, 'b'))).error;
  CHECK(error.find("\"" + std::string(63, 'a') + "...\"") != std::string::npos);
  CHECK(has(read(wire::text("x-delay", "\x1B[2J\n\xFF\"\xC3\xA4\xC0\x80")),
            "\"\\x1b[2J\\x0a\\xff\\\"\xC3\xA4\\xc0\\x80\""));
}

TEST_CASE("a delay beyond the route's maximum names both") {
  const auto outcome = read(wire::int64("x-delay", 400LL * 86400000));
  CHECK(outcome.problem == reason::delay_too_long);
  CHECK(outcome.error == "x-delay holds 34560000000: a delay of 400d; the route takes at most 365d");
  delay_policy policy;
  policy.max = 1s;
  CHECK(waits(wire::int64("x-delay", 1000), policy) == 1s);
  CHECK(read(wire::int64("x-delay", 1001), policy).problem == reason::delay_too_long);
  CHECK(has(read(wire::int64("x-delay", 1001), policy), "a delay of 1s1ms; the route takes at most 1s"));
}

TEST_CASE("no size of delay overflows, even where the route takes any") {
  delay_policy policy;
  policy.max = microseconds::max();
  for (const auto& field :
       {wire::int64("x-delay", std::numeric_limits<std::int64_t>::max()),
        wire::text("x-delay", "9223372036854775807"), wire::text("x-delay", "9223372036854775809"),
        wire::text("x-delay", std::string(5000, '9')), wire::real("x-delay", 1e300),
        wire::field("x-delay", 'L', wire::number(~0ULL, 8)),
        wire::field("x-delay", 'f', wire::number(std::bit_cast<std::uint32_t>(3e38F), 4)),
        wire::int64("postponed-until", std::numeric_limits<std::int64_t>::max()),
        wire::text("postponed-until", "99999999999999999999999999"),
        wire::field("x-opt-delivery-time", 'T', wire::number(~0ULL, 8)),
        wire::field("x-opt-delivery-time", 'T', wire::number(1ULL << 60, 8)),
        wire::field("x-opt-delivery-time", 'L', wire::number(~0ULL, 8)),
        wire::int64("x-opt-delivery-delay", 1LL << 61)}) {
    CHECK(read(field, policy).problem == reason::delay_too_long);
    CHECK(read(field).problem == reason::delay_too_long);
    CHECK(has(read(field, policy), "after the year 9999"));
  }
  CHECK(read(wire::text("_watermill_delayed_for", "2562047h"), policy).problem == reason::none);
  policy.by_default = microseconds::max();
  CHECK(read("", policy).problem == reason::none);
}

TEST_CASE("postponed-until takes RFC 3339, epoch milliseconds and an AMQP timestamp") {
  const auto in_an_hour = now + 1h;
  CHECK(waits(wire::text("postponed-until", "2026-11-23T22:54:38.5+01:00")) == 1h);
  CHECK(waits(wire::int64("postponed-until", ms(in_an_hour))) == 1h);
  CHECK(waits(wire::text("postponed-until", std::to_string(ms(in_an_hour)))) == 1h);
  CHECK(waits(wire::field("postponed-until", 'T', wire::number(1795467279, 8))) == 500ms);
  CHECK_FALSE(read(wire::int64("postponed-until", ms(in_an_hour))).relative);
  CHECK(read(wire::real("postponed-until", 1e12)).problem == reason::bad_delay);
}

TEST_CASE(
    "x-opt-delivery-time takes epoch milliseconds and an AMQP timestamp, x-opt-delivery-delay milliseconds") {
  CHECK(waits(wire::int64("x-opt-delivery-time", ms(now + 5s))) == 5s);
  CHECK(waits(wire::text("x-opt-delivery-time", std::to_string(ms(now + 5s)))) == 5s);
  CHECK(waits(wire::field("x-opt-delivery-time", 'T', wire::number(1795467280, 8))) == 1500ms);
  CHECK(read(wire::text("x-opt-delivery-time", "2026-11-23T22:54:38Z")).problem == reason::bad_delay);
  CHECK(waits(wire::int64("x-opt-delivery-delay", 250)) == 250ms);
  CHECK(waits(wire::text("x-opt-delivery-delay", "250")) == 250ms);
}

TEST_CASE("a point in time in the past is due at the arrival, one beyond the maximum is too long") {
  CHECK(waits(wire::text("postponed-until", "1970-01-01T00:00:00Z")) == 0us);
  CHECK(waits(wire::text("postponed-until", "0000-01-01T00:00:00Z")) == 0us);
  CHECK(waits(wire::int64("postponed-until", std::numeric_limits<std::int64_t>::min())) == 0us);
  CHECK(waits(wire::int64("x-opt-delivery-time", 0)) == 0us);
  const auto outcome = read(wire::text("postponed-until", "2028-11-23T20:54:38.500Z"));
  CHECK(outcome.problem == reason::delay_too_long);
  CHECK(has(
      outcome,
      "postponed-until holds \"2028-11-23T20:54:38.500Z\": a time 731d away; the route takes at most 365d"));
  CHECK(read(wire::text("postponed-until", "9999-12-31T23:59:60Z")).problem == reason::delay_too_long);
}

TEST_CASE("the first present header in the route's order decides, readable or not") {
  const std::string both = wire::text("postponed-until", "never") + wire::int64("x-delay", 1000);
  CHECK(waits(both) == 1s);
  delay_policy policy;
  policy.headers = {delay_header::postponed_until, delay_header::x_delay};
  CHECK(read(both, policy).problem == reason::bad_delay);
  policy.headers = {delay_header::x_opt_delivery_delay};
  policy.by_default = 3s;
  CHECK(waits(both, policy) == 3s);
  CHECK(waits(wire::int64("x-delay", 1) + wire::int64("x-delay", 2)) == 1ms);
}

TEST_CASE("Watermill's until holds, and its for where the two agree within a second") {
  const auto until = [](const char* text) { return wire::text("_watermill_delayed_until", text); };
  const auto span = [](const char* text) { return wire::text("_watermill_delayed_for", text); };
  CHECK(waits(span("1m30s")) == 90s);
  CHECK(waits(until("2026-11-23T20:54:43Z")) == 4500ms);
  const auto agreeing = read(until("2026-11-23T20:54:43Z") + span("5s"));
  CHECK(agreeing.due == now + 5s);
  CHECK(agreeing.relative);
  const auto apart = read(until("2026-11-23T20:54:42Z") + span("5s"));
  CHECK(apart.due == now + 3500ms);
  CHECK_FALSE(apart.relative);
  CHECK(waits(span("1h") + until("2026-11-23T20:54:43Z")) == 4500ms);
  CHECK(waits(until("2026-11-23T20:54:43Z") + span("nonsense")) == 4500ms);
  CHECK(waits(until("2026-11-23T20:54:30Z") + span("2s")) == 0us);
  CHECK(read(until("soon") + span("2s")).problem == reason::bad_delay);
}

TEST_CASE("a relative delay runs from the broker's stamp, so that time in the intake counts") {
  const auto stamped = [](auto before) { return wire::int64("timestamp_in_ms", ms(now - before)); };
  CHECK(waits(stamped(4s) + wire::int64("x-delay", 10000)) == 6s);
  CHECK(waits(stamped(40s) + wire::int64("x-delay", 10000)) == 0us);
  CHECK(waits(stamped(4s) + wire::text("_watermill_delayed_for", "10s")) == 6s);
  CHECK(waits(stamped(4s) + wire::text("postponed-until", "2026-11-23T20:54:48.5Z")) == 10s);
  delay_policy policy;
  policy.by_default = 10s;
  policy.max = 10s;
  CHECK(waits(stamped(4s), policy) == 6s);
  CHECK(waits(stamped(4s) + wire::int64("x-delay", 10000), policy) == 6s);
  CHECK(read(stamped(4s) + wire::int64("x-delay", 10001), policy).problem == reason::delay_too_long);
}

TEST_CASE("a stamp from the future, negative or mistyped counts for nothing") {
  const std::string delay = wire::int64("x-delay", 10000);
  CHECK(waits(wire::int64("timestamp_in_ms", ms(now + 1ms)) + delay) == 10s);
  CHECK(waits(wire::int64("timestamp_in_ms", std::numeric_limits<std::int64_t>::max()) + delay) == 10s);
  CHECK(waits(wire::int64("timestamp_in_ms", -1) + delay) == 10s);
  CHECK(waits(wire::int64("timestamp_in_ms", 0) + delay) == 10s);
  CHECK(waits(wire::text("timestamp_in_ms", "1") + delay) == 10s);
}

TEST_CASE("a stamp from before an earlier release belongs to that journey") {
  const std::string delay = wire::int64("x-delay", 10000);
  const std::string old_stamp = wire::int64("timestamp_in_ms", ms(now - 1h));
  CHECK(waits(old_stamp + wire::text("postponed-due", "2026-11-23T20:30:00.000Z") + delay) == 10s);
  CHECK(waits(wire::int64("timestamp_in_ms", ms(now - 1s)) +
              wire::text("postponed-due", "2026-11-23T20:30:00.000Z") + delay) == 9s);
  CHECK(waits(old_stamp + wire::text("postponed-due", "unreadable") + delay) == 0us);
}

TEST_CASE("the publisher's timestamp counts only where the route trusts it") {
  const std::string headers = wire::int64("x-delay", 10000);
  const auto raw = [&](std::uint64_t seconds, const std::string& more = "") {
    return wire::number(0x2040, 2) + wire::long_string(headers + more) + wire::number(seconds, 8);
  };
  delay_policy trusting;
  trusting.from_publisher_timestamp = true;
  const std::uint64_t before = 1795467278 - 3; // 3.5 s before now
  CHECK(read_due(raw(before), {}, now).due == now + 10s);
  CHECK(read_due(raw(before), trusting, now).due == now + 6500ms);
  CHECK(read_due(raw(1795467278 + 60), trusting, now).due == now + 10s);
  CHECK(read_due(raw(~0ULL), trusting, now).due == now + 10s);
  const std::string stamp = wire::int64("timestamp_in_ms", ms(now - 1s));
  CHECK(read_due(raw(before, stamp), trusting, now).due == now + 9s);
}

TEST_CASE("properties or headers that do not parse are malformed") {
  CHECK(read_due("", {}, now).problem == reason::malformed);
  CHECK(read_due(wire::number(0x0001, 2), {}, now).problem == reason::malformed);
  CHECK(read(wire::int64("x-delay", 5) + "\x05").problem == reason::malformed);
  CHECK_FALSE(read("\x05").error.empty());
}
