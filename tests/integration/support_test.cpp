// The tools that the other integration tests rely on: a broker that keeps its data over a restart, and a
// client that neither loses nor changes what it is given.
#include "support/amqp_client.hpp"
#include "support/eventually.hpp"
#include "support/rabbitmq_server.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>

using namespace postponed::test;
using namespace std::chrono_literals;

namespace {

fields every_type() {
  return {boolean("boolean", true),
          {"i8", {AMQP_FIELD_KIND_I8, std::int64_t{-8}}},
          {"u8", {AMQP_FIELD_KIND_U8, std::uint64_t{200}}},
          {"i16", {AMQP_FIELD_KIND_I16, std::int64_t{-1600}}},
          {"u16", {AMQP_FIELD_KIND_U16, std::uint64_t{60000}}},
          integer("i32", -320000),
          {"u32", {AMQP_FIELD_KIND_U32, std::uint64_t{4000000000}}},
          long_integer("i64", -64000000000),
          {"u64", {AMQP_FIELD_KIND_U64, std::uint64_t{64000000000}}},
          {"f32", {AMQP_FIELD_KIND_F32, 1.5F}},
          number("f64", 2.25),
          {"decimal", {AMQP_FIELD_KIND_DECIMAL, decimal{2, 314}}},
          text("text", "gr\xc3\xbc\xc3\x9f"),
          {"bytes", {AMQP_FIELD_KIND_BYTES, std::string{"\x00\xff", 2}}},
          timestamp("timestamp", 1700000000),
          {"void", {}},
          array("array", {integer("", 1).value, text("", "two").value, array("", {}).value}),
          table("table", {text("inner", "x"), table("empty", {})})};
}

// 4.x hands the headers on sorted by name, and an unsigned 64-bit integer as a signed one. Neither is the
// daemon's to undo.
message_properties as_delivered(message_properties sent, const std::string& version) {
  if (version == "3.10") return sent;
  std::sort(sent.headers->begin(), sent.headers->end(),
            [](const field& left, const field& right) { return left.name < right.name; });
  for (field& each : *sent.headers)
    if (each.value.kind == AMQP_FIELD_KIND_U64)
      each.value =
          long_integer("", static_cast<std::int64_t>(std::get<std::uint64_t>(each.value.data))).value;
  return sent;
}

} // namespace

TEST_CASE("the test client returns every header type, property and body as it was published") {
  amqp_client client{rabbitmq_server::shared().port()};
  const std::string queue = fresh_name("every-type");
  client.declare_queue(queue);
  client.select_confirms();
  message_properties properties;
  properties.content_type = "text/plain";
  properties.message_id = "m-1";
  properties.priority = std::uint8_t{3};
  properties.delivery_mode = std::uint8_t{2};
  properties.timestamp = 1700000001;
  properties.headers = every_type();
  const std::string body(300000, 'b'); // of several frames
  client.publish("", queue, body, properties);
  client.publish("", queue, "");
  REQUIRE(client.wait_for_confirms());
  CHECK(client.depth(queue) == 2);

  client.consume(queue);
  const std::vector<delivery> got = client.take(2, 5s);
  REQUIRE(got.size() == 2);
  INFO(show(got[0].headers()));
  CHECK(got[0].properties == as_delivered(properties, rabbitmq_server::shared().version()));
  CHECK(got[0].body == body);
  CHECK(got[1].body.empty());
  CHECK_FALSE(client.next(50ms));
}

TEST_CASE("the test client learns of returns, and of a channel that the broker closed") {
  amqp_client client{rabbitmq_server::shared().port()};
  client.select_confirms();
  client.publish("", fresh_name("nowhere"), "lost", {}, true);
  REQUIRE(client.wait_for_confirms());
  REQUIRE(client.returned().size() == 1);
  CHECK(client.returned()[0].code == 312);
  CHECK_THROWS_WITH(client.depth(fresh_name("absent")), Catch::Contains("NOT_FOUND"));
}

TEST_CASE("many confirms are counted, whatever their order") {
  amqp_client client{rabbitmq_server::shared().port()};
  const std::string queue = fresh_name("many");
  client.declare_queue(queue);
  client.select_confirms();
  for (int i = 0; i < 5000; ++i)
    client.publish_to_queue(queue, std::to_string(i));
  REQUIRE(client.wait_for_confirms());
  client.consume(queue, 100);
  const std::vector<delivery> got = client.take(5000, 5s);
  REQUIRE(got.size() == 5000);
  CHECK(got.back().body == "4999");
}

TEST_CASE("the broker is of the version that the tests were started for") {
  const char* const chosen = std::getenv("POSTPONED_TEST_BROKER");
  const rabbitmq_server& server = rabbitmq_server::shared();
  CHECK(server.version() == (chosen == nullptr ? "3.10" : chosen));
  CHECK_THAT(server.control({"eval", "rabbit_misc:version()."}),
             Catch::StartsWith("\"" + server.version() + "."));
}

TEST_CASE("a broker of one's own keeps its messages and its port over a restart") {
  rabbitmq_server server{rabbitmq_server::tls::yes};
  const std::uint16_t port = server.port();
  const std::string queue = fresh_name("kept");
  {
    amqp_client client{port};
    client.declare_queue(queue);
    client.select_confirms();
    client.publish_to_queue(queue, "still here");
    REQUIRE(client.wait_for_confirms());
  }
  server.restart();
  REQUIRE(server.port() == port);
  REQUIRE(server.tls_port() != 0);
  amqp_client client{port};
  client.consume(queue);
  const std::vector<delivery> got = client.take(1, 5s);
  REQUIRE(got.size() == 1);
  CHECK(got[0].body == "still here");
  CHECK_THAT(server.control({"list_queues", "--quiet"}), Catch::Contains(queue));
  server.stop();
  CHECK_THROWS(amqp_client{port});
}
