#include "proto/errors.hpp"
#include "support/scripted_broker.hpp"

#include <catch2/catch.hpp>

using namespace postponed;
using namespace postponed::proto;
using namespace postponed::test;

namespace {

std::string get_ok(channel_id channel, delivery_tag tag, bool redelivered, std::uint32_t left) {
  return method_frame(
      channel, amqp_basic_get_ok_t{tag, redelivered ? 1 : 0, bytes("orders.dlx"), bytes("dead.r"), left});
}

} // namespace

TEST_CASE("one message is asked for and comes whole, with what is left behind it") {
  scripted_broker broker;
  broker.octet_by_octet = GENERATE(false, true);
  broker.open();
  broker.open_channel(2);
  broker.client.get(2, "orders.dead");
  const auto& asked = broker.expect<amqp_basic_get_t>(2);
  CHECK((text(asked.queue) == "orders.dead" && !asked.no_ack));

  broker.send(get_ok(2, 7, true, 41) + content_frames(2, no_properties, "the body", 3));
  const auto got = broker.take<event::got>();
  CHECK((got.channel == 2 && got.tag == 7 && got.redelivered && got.messages == 41));
  CHECK((got.content.exchange == "orders.dlx" && got.content.routing_key == "dead.r"));
  CHECK((got.content.properties == no_properties && got.content.body == "the body"));

  broker.client.nack(2, got.tag, false, true);
  CHECK(broker.expect<amqp_basic_nack_t>(2).requeue);
}

TEST_CASE("a queue with nothing ready says so") {
  scripted_broker broker;
  broker.open();
  broker.open_channel(2);
  broker.client.get(2, "orders.dead");
  broker.reply(2, amqp_basic_get_empty_t{bytes("")});
  CHECK(broker.take<event::got_empty>().channel == 2);
}

TEST_CASE("several are asked for at once and answered in order, the last by nothing") {
  scripted_broker broker;
  broker.open();
  broker.open_channel(2);
  for (int i = 0; i < 3; ++i) {
    broker.client.get(2, "orders.dead");
    broker.expect<amqp_basic_get_t>(2);
  }
  broker.send(get_ok(2, 1, false, 1) + content_frames(2, no_properties, "one"));
  broker.send(get_ok(2, 2, false, 0) + content_frames(2, no_properties, ""));
  broker.reply(2, amqp_basic_get_empty_t{bytes("")});
  CHECK(broker.take<event::got>().content.body == "one");
  CHECK(broker.take<event::got>().content.body.empty());
  broker.take<event::got_empty>();
  broker.expect_no_event();
}

TEST_CASE("an answer to no question ends the session") {
  const bool empty = GENERATE(true, false);
  scripted_broker broker;
  broker.open();
  broker.open_channel(2);
  SECTION("nothing was asked") {}
  SECTION("it was answered") {
    broker.client.get(2, "q");
    broker.reply(2, amqp_basic_get_empty_t{bytes("")});
    broker.take<event::got_empty>();
  }
  SECTION("it was asked on an earlier opening of the channel") {
    broker.client.get(2, "q");
    broker.reply(2, amqp_channel_close_t{404, bytes("no queue 'q'"), 60, 70});
    broker.take<event::channel_closed>();
    broker.client.open_channel(2);
    broker.reply(2, amqp_channel_open_ok_t{bytes("")});
    broker.take<event::channel_opened>();
  }
  if (empty)
    broker.reply(2, amqp_basic_get_empty_t{bytes("")});
  else
    broker.send(get_ok(2, 1, false, 0));
  const auto closed = broker.take<event::closed>();
  CHECK((closed.code == 505 && closed.error == errc::malformed_frame));
}

TEST_CASE(
    "a queue that is not there closes the channel, and a message under way on a closing one is dropped") {
  scripted_broker broker;
  broker.open();
  broker.open_channel(2);
  broker.client.get(2, "q");
  SECTION("by the broker") {
    broker.reply(2, amqp_channel_close_t{404, bytes("NOT_FOUND - no queue 'q'"), 60, 70});
    CHECK(broker.take<event::channel_closed>().code == 404);
    broker.client.get(2, "q"); // the owner had not seen it yet
  }
  SECTION("by us") {
    broker.client.close_channel(2);
    broker.send(get_ok(2, 1, false, 0) + content_frames(2, no_properties, "late"));
    broker.expect_no_event();
    broker.reply(2, amqp_channel_close_ok_t{});
    broker.take<event::channel_close_ok>();
  }
  CHECK(broker.client.is_open());
}

TEST_CASE("a passive declare tells how many messages and consumers a queue has") {
  scripted_broker broker;
  broker.open();
  broker.open_channel(1);
  queue_declaration look;
  look.name = "orders.dead";
  look.passive = true;
  broker.client.declare(1, look);
  CHECK(broker.expect<amqp_queue_declare_t>(1).passive);
  broker.reply(1, amqp_queue_declare_ok_t{bytes("orders.dead"), 4'000'000'000, 2});
  const auto found = broker.take<event::queue_declared>();
  CHECK((found.queue == "orders.dead" && found.messages == 4'000'000'000 && found.consumers == 2));
}
