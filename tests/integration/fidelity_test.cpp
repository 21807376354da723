// What goes through the hold comes out as it went in: compared with the same message sent straight to a
// queue, as the broker itself may write some types its own way.
#include "support/amqp_client.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/sidecar.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace postponed::test;
using namespace std::chrono_literals;

namespace {

struct house {
  std::string intake = fresh_name("later"), work = fresh_name("work"), straight = fresh_name("straight"),
              dead = fresh_name("dead");
  amqp_client client{rabbitmq_server::shared().port()};
  sidecar daemon;

  explicit house(const std::string& more = "")
      : daemon{sidecar::sections() +
                   filled(R"(
topology:
  queues: [{name: {intake}}, {name: {work}}, {name: {straight}}, {name: {dead}}]
dead_letters: [{name: bin, queue: {dead}}]
routes:
  - name: r
    queue: {intake}
    release: {queue: {work}}
    dead_letter: bin
)",
                          {{"intake", intake}, {"work", work}, {"straight", straight}, {"dead", dead}}) +
                   more,
               rabbitmq_server::shared().uri()} {
    daemon.start();
    client.select_confirms();
    client.consume(work, 0, true);
    client.consume(straight, 0, true);
  }

  // The message as it comes straight, and as it comes through the hold.
  std::pair<delivery, delivery> send(const std::string& body, message_properties properties) {
    client.publish("", straight, body, properties);
    fields delayed = properties.headers.value_or(fields{});
    delayed.insert(delayed.begin() + static_cast<std::ptrdiff_t>(delayed.size() / 2),
                   integer("x-delay", 200));
    properties.headers = delayed;
    client.publish("", intake, body, properties);
    std::pair<delivery, delivery> result;
    for (int i = 0; i < 2; ++i) {
      auto got = client.next(20s);
      REQUIRE(got);
      (got->routing_key == straight ? result.first : result.second) = std::move(*got);
    }
    return result;
  }
};

fields without_ours(const fields& from) {
  fields rest;
  for (const field& each : from)
    if (!each.name.starts_with("postponed-")) rest.push_back(each);
  return rest;
}

void check_same(const delivery& straight, const delivery& held) {
  CHECK(straight.body.size() == held.body.size());
  CHECK((straight.body == held.body)); // not shown: it may be megabytes
  const fields rest = without_ours(held.headers());
  INFO("straight " << show(straight.headers()).substr(0, 2000));
  INFO("held     " << show(rest).substr(0, 2000));
  CHECK((straight.headers() == rest));
  CHECK(held.headers().size() == rest.size() + 4);
  for (const char* const ours : {"postponed-id", "postponed-attempt", "postponed-route", "postponed-due"})
    CHECK(find(held.headers(), ours) != nullptr);
  CHECK(held.properties.delivery_mode == std::uint8_t{2});
  message_properties left = straight.properties, right = held.properties;
  left.headers.reset();
  right.headers.reset();
  left.delivery_mode = right.delivery_mode; // a release is always persistent
  CHECK((left == right));
}

} // namespace

TEST_CASE("headers of every AMQP type come out with their type, order and value") {
  house it;
  message_properties properties;
  const auto value = [](std::uint8_t kind, auto data) {
    field_value result;
    result.kind = kind;
    result.data = data;
    return result;
  };
  fields nested{text("inner", "x"), long_integer("big", INT64_MIN)};
  nested.push_back(table("deeper", {boolean("flag", false), array("list", {})}));
  properties.headers = fields{
      boolean("t", true),
      {"b", value(AMQP_FIELD_KIND_I8, std::int64_t{-8})},
      {"B", value(AMQP_FIELD_KIND_U8, std::uint64_t{200})},
      {"s", value(AMQP_FIELD_KIND_I16, std::int64_t{-1600})},
      {"u", value(AMQP_FIELD_KIND_U16, std::uint64_t{60000})},
      integer("I", -320000),
      {"i", value(AMQP_FIELD_KIND_U32, std::uint64_t{4000000000})},
      long_integer("l", INT64_MAX),
      {"f", value(AMQP_FIELD_KIND_F32, 1.5F)},
      number("d", -2.25e300),
      {"D", value(AMQP_FIELD_KIND_DECIMAL, decimal{2, 31415})},
      text("S", "gr\xC3\xBC\xC3\x9F \x01"),
      {"x", value(AMQP_FIELD_KIND_BYTES, std::string("\0\xFF bytes", 8))},
      timestamp("T", 1795471153),
      {"V", field_value{}},
      table("F", nested),
      array("A", {value(AMQP_FIELD_KIND_I32, std::int64_t{1}),
                  value(AMQP_FIELD_KIND_UTF8, std::string{"two"}), field_value{},
                  value(AMQP_FIELD_KIND_ARRAY, std::vector<field_value>{value(AMQP_FIELD_KIND_TIMESTAMP,
                                                                              std::uint64_t{1795471153})}),
                  value(AMQP_FIELD_KIND_TABLE, fields{number("in", 0.5)})}),
      text("", "an empty name"),
      text("empty", ""),
  };
  const auto [straight, held] = it.send("body", properties);
  CHECK(straight.headers().size() == properties.headers->size());
  check_same(straight, held);
}

TEST_CASE("every property comes out as it went in") {
  house it;
  message_properties properties;
  properties.content_type = "application/json";
  properties.content_encoding = "gzip";
  properties.priority = 7;
  properties.correlation_id = "c-1";
  properties.reply_to = "replies";
  properties.expiration = "600000";
  properties.message_id = "m-1";
  properties.timestamp = 1795471153;
  properties.type = "order.placed";
  properties.app_id = "shop";
  const auto [straight, held] = it.send("{}", properties);
  check_same(straight, held);
  CHECK(held.properties.expiration == "600000");
}

TEST_CASE("an empty body, a body of 5 MiB and a thousand headers come out whole") {
  house it;
  SECTION("empty") {
    const auto [straight, held] = it.send("", {});
    check_same(straight, held);
  }
  SECTION("5 MiB") {
    std::string body(5 << 20, '\0');
    std::mt19937_64 random{5};
    for (char& each : body)
      each = static_cast<char>(random());
    const auto [straight, held] = it.send(body, {});
    check_same(straight, held);
  }
  SECTION("1,000 headers") {
    message_properties properties;
    properties.headers = fields{};
    for (int i = 0; i < 1000; ++i)
      properties.headers->push_back(
          text("header-" + std::to_string(i), std::string(static_cast<std::size_t>(i % 50), 'v')));
    const auto [straight, held] = it.send("body", properties);
    CHECK(held.headers().size() >= 1000);
    check_same(straight, held);
  }
}

TEST_CASE("what would make trouble is dead-lettered with its reason, at once") {
  house it{"    max_size: 1KiB\n    delay: {max: 1h}\n"};
  it.client.publish("", it.intake, std::string(1025, 'x'));
  it.client.publish_to_queue(it.intake, "a", {text("x-delay", "soon")});
  it.client.publish_to_queue(it.intake, "b", {integer("x-delay", 3600001)});
  amqp_client dead{rabbitmq_server::shared().port()};
  dead.consume(it.dead);
  std::map<std::string, std::string> reasons;
  for (const delivery& each : dead.take(3, 10s))
    reasons[text_of(each.headers(), "postponed-reason")] = text_of(each.headers(), "postponed-error");
  CHECK(reasons.size() == 3);
  CHECK(reasons["too_large"].find("1025") != std::string::npos);
  CHECK(reasons["bad_delay"].find("soon") != std::string::npos);
  CHECK(reasons["delay_too_long"].find("x-delay") != std::string::npos);
}
