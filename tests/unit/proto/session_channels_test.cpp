#include "proto/errors.hpp"
#include "support/scripted_broker.hpp"

#include <catch2/catch.hpp>

using namespace postponed;
using namespace postponed::proto;
using namespace postponed::test;
using namespace std::chrono_literals;

TEST_CASE("a channel opens, closes on request and may be opened again") {
  scripted_broker broker;
  broker.open();
  broker.client.open_channel(3);
  CHECK(!broker.client.channel_is_open(3));
  broker.expect<amqp_channel_open_t>(3);
  broker.reply(3, amqp_channel_open_ok_t{bytes("")});
  CHECK(broker.take<event::channel_opened>().channel == 3);
  CHECK(broker.client.channel_is_open(3));

  broker.client.close_channel(3);
  CHECK(!broker.client.channel_is_open(3));
  CHECK(broker.expect<amqp_channel_close_t>(3).reply_code == 200);
  broker.expect_no_event();
  broker.reply(3, amqp_channel_close_ok_t{});
  CHECK(broker.take<event::channel_close_ok>().channel == 3);
  broker.open_channel(3);
  CHECK(broker.client.channel_is_open(3));
}

TEST_CASE("a channel closed by the broker is answered, reported with its text, and may be opened again") {
  scripted_broker broker;
  broker.open();
  broker.open_channel(1);
  broker.open_channel(2);
  broker.reply(1, amqp_channel_close_t{404, bytes("NOT_FOUND - no exchange 'gone'"), 60, 40});
  const auto closed = broker.take<event::channel_closed>();
  CHECK(closed.channel == 1);
  CHECK(closed.code == 404);
  CHECK(closed.text == "NOT_FOUND - no exchange 'gone'");
  broker.expect<amqp_channel_close_ok_t>(1);
  CHECK(!broker.client.channel_is_open(1));
  CHECK(broker.client.channel_is_open(2));
  CHECK(broker.client.is_open());
  broker.open_channel(1);
}

TEST_CASE("a channel that the broker closes instead of opening is reported") {
  scripted_broker broker;
  broker.open();
  broker.client.open_channel(1);
  broker.expect<amqp_channel_open_t>(1);
  broker.reply(1, amqp_channel_close_t{504, bytes("CHANNEL_ERROR"), 20, 10});
  CHECK(broker.take<event::channel_closed>().code == 504);
  broker.expect<amqp_channel_close_ok_t>(1);
}

TEST_CASE("what is under way on a channel that we close is discarded") {
  scripted_broker broker;
  broker.open();
  broker.open_channel(1);
  broker.reply(1, amqp_basic_deliver_t{bytes("reader"), 1, 0, bytes(""), bytes("q")});
  broker.client.close_channel(1);
  broker.expect<amqp_channel_close_t>(1);
  broker.send(content_frames(1, no_properties, "late"));
  broker.deliver(1, 2, no_properties, "later still");
  broker.reply(1, amqp_basic_ack_t{1, 1});
  broker.reply(1, amqp_basic_cancel_t{bytes("reader"), 0});
  broker.expect_no_event();
  broker.expect_silence();
  broker.reply(1, amqp_channel_close_ok_t{});
  broker.take<event::channel_close_ok>();
}

TEST_CASE("a broker's channel.close that crosses ours is answered, and ours still waits for its answer") {
  scripted_broker broker;
  broker.open();
  broker.open_channel(1);
  broker.client.close_channel(1);
  broker.expect<amqp_channel_close_t>(1);
  broker.reply(1, amqp_channel_close_t{406, bytes("PRECONDITION_FAILED"), 60, 80});
  broker.expect<amqp_channel_close_ok_t>(1);
  broker.expect_no_event();
  broker.reply(1, amqp_channel_close_ok_t{});
  broker.take<event::channel_close_ok>();
}

TEST_CASE("frames for a channel that is not open are ignored") {
  scripted_broker broker;
  broker.open();
  broker.open_channel(1);
  broker.reply(1, amqp_channel_close_t{404, bytes("gone"), 0, 0});
  broker.take<event::channel_closed>();
  broker.expect<amqp_channel_close_ok_t>(1);
  const channel_id channel = GENERATE(as<channel_id>{}, 1, 9, 65535);
  broker.deliver(channel, 1, no_properties, "body");
  broker.reply(channel, amqp_basic_ack_t{1, 0});
  broker.send(frame(1, channel, "no method"));
  broker.expect_no_event();
  broker.expect_silence();
  CHECK(broker.client.is_open());
}

TEST_CASE("requests on a channel that closed meanwhile are dropped") {
  scripted_broker broker;
  broker.open();
  broker.open_channel(1);
  broker.client.select_confirms(1);
  broker.expect<amqp_confirm_select_t>(1);
  CHECK(broker.client.publish(1, "", "q", no_properties, "1", true) == 1);
  broker.expect<amqp_basic_publish_t>(1);
  broker.expect_content(1);
  broker.reply(1, amqp_channel_close_t{404, bytes("gone"), 0, 0});
  broker.expect<amqp_channel_close_ok_t>(1);

  // The owner has not seen the event yet.
  broker.client.ack(1, 7, true);
  broker.client.nack(1, 8, false, true);
  broker.client.qos(1, 10);
  broker.client.consume(1, "q", "reader");
  broker.client.close_channel(1);
  CHECK(broker.client.publish(1, "", "q", no_properties, "2", true) == 2); // to be lost with the channel
  broker.expect_silence();
  CHECK(broker.take<event::channel_closed>().code == 404);
}

TEST_CASE("requests after the connection closed are dropped") {
  scripted_broker broker;
  broker.open();
  broker.open_channel(1);
  broker.reply(amqp_connection_close_t{320, bytes("CONNECTION_FORCED"), 0, 0});
  broker.expect<amqp_connection_close_ok_t>();
  broker.client.ack(1, 7, true);
  broker.client.publish(1, "", "q", no_properties, "2", true);
  broker.client.open_channel(2);
  broker.client.close(200, "bye", broker.now);
  broker.expect_silence();
  CHECK(broker.take<event::closed>().code == 320);
  broker.expect_no_event();
}

TEST_CASE("confirm tags count from 1 on each opening of a channel, and are 0 without confirms") {
  scripted_broker broker;
  broker.open();
  broker.open_channel(1);
  broker.open_channel(2);
  const auto publish = [&](channel_id channel) {
    return broker.client.publish(channel, "", "q", no_properties, "", true);
  };
  CHECK(publish(1) == 0);
  broker.client.select_confirms(1);
  CHECK(publish(1) == 1);
  CHECK(publish(1) == 2);
  CHECK(publish(2) == 0);
  broker.reply(1, amqp_confirm_select_ok_t{});
  CHECK(broker.take<event::confirm_selected>().channel == 1);
  CHECK(publish(1) == 3);
  broker.reply(1, amqp_channel_close_t{404, bytes("gone"), 0, 0});
  broker.take<event::channel_closed>();
  broker.client.open_channel(1);
  broker.reply(1, amqp_channel_open_ok_t{bytes("")});
  broker.take<event::channel_opened>();
  CHECK(publish(1) == 0);
  broker.client.select_confirms(1);
  CHECK(publish(1) == 1);
}

TEST_CASE("consuming: prefetch, consumer, acks, cancel") {
  scripted_broker broker;
  broker.open();
  broker.open_channel(1);
  broker.client.qos(1, 250);
  const auto& qos = broker.expect<amqp_basic_qos_t>(1);
  CHECK((qos.prefetch_count == 250 && qos.prefetch_size == 0 && !qos.global));
  broker.reply(1, amqp_basic_qos_ok_t{});
  CHECK(broker.take<event::qos_ok>().channel == 1);

  broker.client.consume(1, "orders.later", "reader", {{"x-priority", std::int64_t{-3}}});
  const auto& consume = broker.expect<amqp_basic_consume_t>(1);
  CHECK(text(consume.queue) == "orders.later");
  CHECK(text(consume.consumer_tag) == "reader");
  CHECK((!consume.no_ack && !consume.exclusive && !consume.nowait && !consume.no_local));
  REQUIRE(consume.arguments.num_entries == 1);
  CHECK(consume.arguments.entries[0].value.value.i64 == -3);
  broker.reply(1, amqp_basic_consume_ok_t{bytes("reader")});
  CHECK(broker.take<event::consume_ok>().consumer_tag == "reader");

  broker.client.ack(1, 1ull << 40, true);
  const auto& ack = broker.expect<amqp_basic_ack_t>(1);
  CHECK((ack.delivery_tag == 1ull << 40 && ack.multiple));
  broker.client.nack(1, 42, false, true);
  const auto& nack = broker.expect<amqp_basic_nack_t>(1);
  CHECK((nack.delivery_tag == 42 && !nack.multiple && nack.requeue));

  broker.client.cancel(1, "reader");
  const auto& cancel = broker.expect<amqp_basic_cancel_t>(1);
  CHECK((text(cancel.consumer_tag) == "reader" && !cancel.nowait));
  broker.reply(1, amqp_basic_cancel_ok_t{bytes("reader")});
  CHECK(broker.take<event::cancel_ok>().consumer_tag == "reader");
}

TEST_CASE("a consumer cancelled by the broker is reported, and answered where an answer is awaited") {
  scripted_broker broker;
  broker.open();
  broker.open_channel(1);
  broker.reply(1, amqp_basic_cancel_t{bytes("reader"), 1});
  CHECK(broker.take<event::cancelled>().consumer_tag == "reader");
  broker.expect_silence();
  broker.reply(1, amqp_basic_cancel_t{bytes("reader 2"), 0});
  CHECK(broker.take<event::cancelled>().consumer_tag == "reader 2");
  CHECK(text(broker.expect<amqp_basic_cancel_ok_t>(1).consumer_tag) == "reader 2");
}

TEST_CASE("exchanges, queues and bindings are declared with their flags and arguments") {
  scripted_broker broker;
  broker.open();
  broker.open_channel(1);
  exchange_declaration exchange;
  exchange.name = "orders";
  exchange.type = "topic";
  exchange.internal = true;
  exchange.arguments = {{"alternate-exchange", std::string{"orders.unrouted"}}};
  broker.client.declare(1, exchange);
  const auto& declared = broker.expect<amqp_exchange_declare_t>(1);
  CHECK((text(declared.exchange) == "orders" && text(declared.type) == "topic"));
  CHECK((declared.durable && declared.internal && !declared.passive && !declared.auto_delete &&
         !declared.nowait));
  CHECK(text(declared.arguments.entries[0].value.value.bytes) == "orders.unrouted");

  queue_declaration queue;
  queue.name = "orders.later";
  queue.passive = true;
  queue.durable = false;
  queue.exclusive = queue.auto_delete = true;
  queue.arguments = {{"x-queue-type", std::string{"quorum"}},
                     {"x-max-length", std::int64_t{1} << 40},
                     {"x-flag", true},
                     {"x-factor", 0.5},
                     {"x-nothing", std::monostate{}},
                     {"x-table", argument_list{{"inner", std::int64_t{1}}, {"more", argument_list{}}}},
                     {"x-array", argument_list{{"", std::string{"a"}}, {"", false}}, true}};
  broker.client.declare(1, queue);
  const auto& asked = broker.expect<amqp_queue_declare_t>(1);
  CHECK((asked.passive && !asked.durable && asked.exclusive && asked.auto_delete && !asked.nowait));
  REQUIRE(asked.arguments.num_entries == 7);
  const auto* const entries = asked.arguments.entries;
  CHECK(text(entries[0].key) == "x-queue-type");
  CHECK(entries[1].value.kind == AMQP_FIELD_KIND_I64);
  CHECK(entries[1].value.value.i64 == std::int64_t{1} << 40);
  CHECK((entries[2].value.kind == AMQP_FIELD_KIND_BOOLEAN && entries[2].value.value.boolean));
  CHECK((entries[3].value.kind == AMQP_FIELD_KIND_F64 && entries[3].value.value.f64 == 0.5));
  CHECK(entries[4].value.kind == AMQP_FIELD_KIND_VOID);
  REQUIRE(entries[5].value.kind == AMQP_FIELD_KIND_TABLE);
  CHECK(entries[5].value.value.table.entries[0].value.value.i64 == 1);
  CHECK(entries[5].value.value.table.entries[1].value.kind == AMQP_FIELD_KIND_TABLE);
  REQUIRE(entries[6].value.kind == AMQP_FIELD_KIND_ARRAY);
  CHECK(text(entries[6].value.value.array.entries[0].value.bytes) == "a");

  broker.client.bind(1, {"orders.later", "orders", "later.#", {}});
  const auto& bound = broker.expect<amqp_queue_bind_t>(1);
  CHECK((text(bound.queue) == "orders.later" && text(bound.exchange) == "orders" &&
         text(bound.routing_key) == "later.#"));

  broker.reply(1, amqp_exchange_declare_ok_t{});
  broker.reply(1, amqp_queue_declare_ok_t{bytes("orders.later"), 12, 3});
  broker.reply(1, amqp_queue_bind_ok_t{});
  broker.take<event::exchange_declared>();
  const auto found = broker.take<event::queue_declared>();
  CHECK((found.queue == "orders.later" && found.messages == 12 && found.consumers == 3));
  broker.take<event::queue_bound>();
}

TEST_CASE("a method too large for a frame ends the session before it leaves") {
  scripted_broker broker;
  broker.frame_max = 8192;
  broker.open();
  broker.open_channel(1);
  queue_declaration queue;
  queue.name = "q";
  SECTION("by its arguments") {
    queue.arguments = {{"x-text", std::string(9000, 'x')}};
  }
  SECTION("by a name over 255 bytes") {
    queue.name = std::string(256, 'q');
  }
  SECTION("by an argument's name over 255 bytes") {
    queue.arguments = {{std::string(256, 'x'), true}};
  }
  broker.client.declare(1, queue);
  CHECK(broker.take<event::closed>().error == errc::value_too_long);
  broker.expect<amqp_connection_close_t>();
  broker.expect_silence();
}

TEST_CASE("blocked and unblocked are reported with the reason") {
  scripted_broker broker;
  broker.open();
  broker.reply(amqp_connection_blocked_t{bytes("low on memory")});
  CHECK(broker.take<event::blocked>().reason == "low on memory");
  broker.reply(amqp_connection_unblocked_t{});
  broker.take<event::unblocked>();
  CHECK(broker.client.is_open());
}

TEST_CASE("connection.update-secret is ignored") {
  scripted_broker broker;
  broker.open();
  broker.send(frame(1, 0, std::string_view{"\0\x0A\0\x46\0\0\0\1s\1r", 11}));
  broker.send(frame(1, 0, std::string_view{"\0\x0A\0\x47", 4}));
  broker.expect_no_event();
  CHECK(broker.client.is_open());
}

TEST_CASE("a connection closed by the broker is answered and reported with its text, and is over") {
  scripted_broker broker;
  broker.open();
  broker.open_channel(1);
  broker.send(method_frame(0, amqp_connection_close_t{541, bytes("INTERNAL_ERROR"), 60, 40}) +
              method_frame(1, amqp_basic_ack_t{1, 0}) + "garbage");
  const auto closed = broker.take<event::closed>();
  CHECK((closed.by_peer && closed.code == 541 && closed.text == "INTERNAL_ERROR" && !closed.error));
  broker.expect<amqp_connection_close_ok_t>();
  CHECK(broker.client.is_closed());
  CHECK(!broker.client.is_open());
  CHECK(!broker.client.channel_is_open(1));
  CHECK(!broker.client.next_deadline());

  broker.reply(1, amqp_basic_ack_t{1, 0});
  broker.pass(1h);
  broker.expect_no_event();
  broker.expect_silence();
}
