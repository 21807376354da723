#include "proto/headers.hpp"
#include "proto/properties.hpp"
#include "unit/proto/wire_bytes.hpp"

#include <catch2/catch.hpp>

using namespace postponed::proto;
using namespace std::chrono_literals;

namespace {

const wall_time due = *parse_rfc3339("2026-11-23T20:54:38.123Z");

release_stamp stamp() {
  return {"1b2-3-00000004", 2, "orders", due};
}

burial_stamp burial() {
  return {reason::bad_delay, "why", *parse_rfc3339("2026-11-23T20:00:00Z"), "ex", "key", "intake"};
}

std::string stamped() {
  return wire::text("postponed-id", "1b2-3-00000004") + wire::int64("postponed-attempt", 2) +
         wire::text("postponed-route", "orders") + wire::text("postponed-due", "2026-11-23T20:54:38.123Z");
}

std::string buried() {
  return wire::text("postponed-reason", "bad_delay") + wire::text("postponed-error", "why") +
         wire::text("postponed-first-seen", "2026-11-23T20:00:00.000Z") +
         wire::text("postponed-buried", "1970-01-01T00:00:00.000Z") +
         wire::text("postponed-from-exchange", "ex") + wire::text("postponed-from-routing-key", "key") +
         wire::text("postponed-from-queue", "intake");
}

// What the broker and the delays leave behind, each of a form that it really has.
std::string broker_marks() {
  const std::string death = wire::int64("count", 1) + wire::text("reason", "rejected") +
                            wire::text("queue", "q") + wire::field("time", 'T', wire::number(1764000000, 8));
  return wire::nested("x-death", 'A', "F" + wire::long_string(death)) +
         wire::text("x-first-death-queue", "q") + wire::text("x-first-death-reason", "rejected") +
         wire::text("x-last-death-exchange", "e") + wire::int64("x-delivery-count", 3) +
         wire::int64("x-acquired-count", 3);
}
std::string delays() {
  return wire::int64("x-delay", 5000) + wire::text("postponed-until", "2026-11-23T20:54:38Z") +
         wire::field("x-opt-delivery-time", 'T', wire::number(1, 8)) +
         wire::int64("x-opt-delivery-delay", 1) +
         wire::text("_watermill_delayed_until", "2026-11-23T20:54:38Z");
}
std::string copies() {
  return wire::nested("CC", 'A', "S" + wire::long_string("other")) + wire::nested("BCC", 'A', "");
}
std::string look_alikes() {
  return wire::text("X-Death", "1") + wire::text("x-deaths", "2") + wire::text("x-delayed", "3") +
         wire::text("cc", "4") + wire::text("CCC", "5") + wire::text("x-amqp-1.0-properties", "6") +
         wire::int64("timestamp_in_ms", 7) + wire::text("postponed-until-then", "8") +
         wire::text("_watermill_delayed_for", "1h") + wire::text("x-", "9") + wire::text("postponed-", "10") +
         wire::text("_watermill_message_uuid", "11");
}

} // namespace

TEST_CASE("a release keeps headers of every type byte for byte and in order") {
  const std::string table = wire::every_type() + look_alikes();
  CHECK(release_properties(wire::with_headers(table), stamp()) == wire::persistent(table + stamped()));
}

TEST_CASE("a release keeps a thousand headers around what it strips") {
  std::string table;
  std::string kept;
  for (int i = 0; i < 1000; ++i) {
    const std::string one = wire::int64("h" + std::to_string(i), i);
    table += one;
    kept += one;
    if (i % 100 == 0) table += delays() + broker_marks() + copies();
  }
  CHECK(release_properties(wire::with_headers(table), stamp()) == wire::persistent(kept + stamped()));
}

TEST_CASE("a release strips the broker's marks, the delays, the copies and an earlier burial") {
  const std::string table = broker_marks() + wire::text("a", "1") + delays() + wire::text("b", "2") +
                            copies() + buried() + wire::text("postponed-from-expiration", "9") +
                            wire::text("c", "3");
  CHECK(release_properties(wire::with_headers(table), stamp()) ==
        wire::persistent(wire::text("a", "1") + wire::text("b", "2") + wire::text("c", "3") + stamped()));
}

TEST_CASE("a stamp takes the place of an older one, whatever its type, and of its repetitions") {
  const std::string table = wire::text("a", "1") + wire::field("postponed-due", 'V', "") +
                            wire::text("b", "2") + wire::text("postponed-id", "old") +
                            wire::text("postponed-attempt", "1") + wire::text("postponed-id", "older") +
                            wire::text("c", "3");
  const std::string expected =
      wire::text("a", "1") + wire::text("postponed-due", "2026-11-23T20:54:38.123Z") + wire::text("b", "2") +
      wire::text("postponed-id", "1b2-3-00000004") + wire::int64("postponed-attempt", 2) +
      wire::text("c", "3") + wire::text("postponed-route", "orders");
  CHECK(release_properties(wire::with_headers(table), stamp()) == wire::persistent(expected));
  const std::string once = release_properties(wire::with_headers(table), stamp());
  CHECK(release_properties(once, stamp()) == once);
}

TEST_CASE("a release sets delivery mode 2, drops the user id, and keeps every other property") {
  properties_view all;
  all.content_type = "text/plain";
  all.content_encoding = "gzip";
  all.delivery_mode = std::uint8_t{1};
  all.priority = std::uint8_t{7};
  all.correlation_id = "c";
  all.reply_to = "r";
  all.expiration = "60000";
  all.message_id = "m";
  all.timestamp = 1764000000;
  all.type = "t";
  all.user_id = "guest";
  all.app_id = "a";
  all.cluster_id = "k";
  properties_view expected = all;
  const std::string table = stamped();
  expected.headers = table;
  expected.delivery_mode = std::uint8_t{2};
  expected.user_id.reset();
  CHECK(release_properties(encode(all), stamp()) == encode(expected));
}

TEST_CASE("properties that do not parse give way to the stamp") {
  CHECK(release_properties("", stamp()) == wire::persistent(stamped()));
  CHECK(release_properties(wire::number(0xFFFF, 2), stamp()) == wire::persistent(stamped()));
  CHECK(burial_properties("\x20", stamp(), burial()) == wire::persistent(stamped() + buried()));
}

TEST_CASE("a header table that does not parse gives way to the stamp, and the other properties stay") {
  const std::string broken =
      wire::text("a", "1") + wire::text("postponed-id", "old") + wire::field("bad", '?', "");
  const std::string raw =
      wire::number(0xA000, 2) + wire::short_string("text/plain") + wire::long_string(broken);
  CHECK(release_properties(raw, stamp()) ==
        wire::number(0xB000, 2) + wire::short_string("text/plain") + wire::long_string(stamped()) + '\2');
}

TEST_CASE("a burial keeps x-death and the delays, and drops the copies and the user id") {
  const std::string table = wire::every_type() + broker_marks() + delays() + look_alikes();
  const std::string raw =
      wire::number(0x2010, 2) + wire::long_string(copies() + table) + wire::short_string("guest");
  CHECK(burial_properties(raw, stamp(), burial()) == wire::persistent(table + stamped() + buried()));
}

TEST_CASE("a burial replaces what an earlier one wrote, where it stood") {
  const std::string old = wire::text("postponed-reason", "nacked") + wire::text("k", "v") +
                          wire::text("postponed-from-queue", "elsewhere");
  const std::string once = burial_properties(wire::with_headers(old), stamp(), burial());
  const auto headers = properties_view::parse(once)->headers.value();
  CHECK(headers.starts_with(wire::text("postponed-reason", "bad_delay") + wire::text("k", "v") +
                            wire::text("postponed-from-queue", "intake")));
  CHECK(burial_properties(once, stamp(), burial()) == once);
}

TEST_CASE("a dead letter does not expire: its expiration becomes a header") {
  const std::string raw = wire::number(0x0100, 2) + wire::short_string("60000");
  const std::string dead = burial_properties(raw, stamp(), burial());
  CHECK(dead == wire::persistent(stamped() + buried() + wire::text("postponed-from-expiration", "60000")));
  CHECK(release_properties(dead, stamp()) == wire::persistent(stamped()));
}

TEST_CASE("a long error is cut at 1,024 bytes and between characters") {
  const auto error_of = [](std::string text) {
    burial_stamp why = burial();
    why.error = std::move(text);
    const std::string dead = burial_properties(std::string(2, '\0'), stamp(), why);
    const auto fields = read_table(properties_view::parse(dead)->headers.value()).value();
    for (const field& each : fields)
      if (each.name == "postponed-error") return std::string{each.text().value()};
    return std::string{"no error header"};
  };
  const std::string euro = "\xE2\x82\xAC";
  CHECK(error_of(std::string(1024, 'a')) == std::string(1024, 'a'));
  CHECK(error_of(std::string(1025, 'a')) == std::string(1024, 'a'));
  CHECK(error_of(std::string(1021, 'a') + euro) == std::string(1021, 'a') + euro);
  CHECK(error_of(std::string(1022, 'a') + euro) == std::string(1022, 'a'));
  CHECK(error_of(std::string(1023, 'a') + euro + "b") == std::string(1023, 'a'));
  CHECK(error_of(std::string(3000, '\x80')).size() == 1024); // no UTF-8 at all
}

TEST_CASE("ids and attempts are read back from what a release wrote") {
  const std::string raw = release_properties(std::string(2, '\0'), stamp());
  CHECK(postponed_id_of(raw) == "1b2-3-00000004");
  CHECK(attempt_of(raw) == 2);
  CHECK_FALSE(message_id_of(raw));
  CHECK(message_id_of(wire::number(0x0080, 2) + wire::short_string("id-1")) == "id-1");
}

TEST_CASE("ids and attempts that are absent, empty or mistyped are none") {
  const std::string none(2, '\0');
  CHECK_FALSE(postponed_id_of(none));
  CHECK_FALSE(postponed_id_of(""));
  CHECK_FALSE(postponed_id_of(wire::with_headers(wire::int64("postponed-id", 1))));
  CHECK_FALSE(postponed_id_of(wire::with_headers(wire::text("postponed-id", ""))));
  CHECK_FALSE(message_id_of(wire::number(0x0080, 2) + wire::short_string("")));
  CHECK_FALSE(message_id_of(""));
  const auto attempt = [](const std::string& table) { return attempt_of(wire::with_headers(table)); };
  CHECK(attempt_of(none) == 1);
  CHECK(attempt(wire::text("postponed-attempt", "7")) == 7);
  CHECK(attempt(wire::field("postponed-attempt", 'B', "\x09")) == 9);
  CHECK(attempt(wire::text("postponed-attempt", "7x")) == 1);
  CHECK(attempt(wire::text("postponed-attempt", "")) == 1);
  CHECK(attempt(wire::int64("postponed-attempt", 0)) == 1);
  CHECK(attempt(wire::int64("postponed-attempt", -5)) == 1);
  CHECK(attempt(wire::int64("postponed-attempt", INT32_MAX)) == INT32_MAX);
  CHECK(attempt(wire::int64("postponed-attempt", std::int64_t{INT32_MAX} + 1)) == 1);
  CHECK(attempt(wire::field("postponed-attempt", 'V', "")) == 1);
}

TEST_CASE("reasons and delay headers have the names of the contract") {
  CHECK(to_string(reason::bad_delay) == "bad_delay");
  CHECK(to_string(reason::delay_too_long) == "delay_too_long");
  CHECK(to_string(reason::too_large) == "too_large");
  CHECK(to_string(reason::malformed) == "malformed");
  CHECK(to_string(reason::unroutable) == "unroutable");
  CHECK(to_string(reason::nacked) == "nacked");
  CHECK(all_delay_headers().size() == 6);
  for (const delay_header each : all_delay_headers())
    CHECK(delay_header_from(to_string(each)) == each);
  CHECK(delay_header_from("x-opt-delivery-time") == delay_header::x_opt_delivery_time);
  CHECK_FALSE(delay_header_from("X-Delay"));
  CHECK_FALSE(delay_header_from(""));
}

TEST_CASE("any truncation or single changed octet leaves well-formed outgoing properties") {
  const std::string raw = wire::with_headers(wire::every_type() + broker_marks() + delays() + copies());
  const auto check = [](const std::string& hostile) {
    const std::string released = release_properties(hostile, stamp());
    const std::string dead = burial_properties(hostile, stamp(), burial());
    for (const std::string& out : {released, dead}) {
      const auto view = properties_view::parse(out);
      const bool fine = view && view->headers && read_table(*view->headers) && view->delivery_mode == 2;
      if (!fine) FAIL("malformed outgoing properties");
    }
    if (postponed_id_of(released) != "1b2-3-00000004") FAIL("no id");
    read_due(hostile, {}, due);
    attempt_of(hostile);
  };
  for (std::size_t size = 0; size < raw.size(); ++size)
    check(std::string{raw, 0, size});
  for (std::size_t at = 0; at < raw.size(); ++at) {
    for (const int change : {0x01, 0x80, 0xFF}) {
      std::string hostile = raw;
      hostile[at] = static_cast<char>(hostile[at] ^ change);
      check(hostile);
    }
  }
  SUCCEED();
}
