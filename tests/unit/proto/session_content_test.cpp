#include "proto/errors.hpp"
#include "support/scripted_broker.hpp"

#include <catch2/catch.hpp>

#include <memory>

using namespace postponed;
using namespace postponed::proto;
using namespace postponed::test;

namespace {

std::unique_ptr<scripted_broker> consuming(session_options options = {}) {
  auto broker = std::make_unique<scripted_broker>(std::move(options));
  broker->open();
  broker->open_channel(1);
  broker->open_channel(2);
  return broker;
}

std::string pattern(std::size_t size) {
  std::string body(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    body[i] = static_cast<char>((i * 131) >> 3);
  return body;
}

// Properties with nothing but a header table of these octets.
std::string with_headers(std::string_view table) {
  std::string raw{"\x20\0", 2};
  for (int shift = 24; shift >= 0; shift -= 8)
    raw += static_cast<char>((table.size() >> shift) & 0xFF);
  return raw.append(table);
}

} // namespace

TEST_CASE("a delivery arrives whole, with everything that came with it") {
  auto broker = consuming();
  broker->reply(1, amqp_basic_deliver_t{bytes("reader"), 77, 1, bytes("orders"), bytes("order.later")});
  broker->expect_no_event();
  broker->send(header_frame(1, 5, std::string{"\x10\0\2", 3}));
  broker->expect_no_event();
  broker->send(frame(3, 1, "hello"));
  const auto got = broker->take<event::delivered>();
  CHECK(got.channel == 1);
  CHECK(got.consumer_tag == "reader");
  CHECK(got.tag == 77);
  CHECK(got.redelivered);
  CHECK(got.content.exchange == "orders");
  CHECK(got.content.routing_key == "order.later");
  CHECK(got.content.properties == std::string("\x10\0\2", 3));
  CHECK(got.content.body == "hello");
}

TEST_CASE("an empty body needs no frame, and does no harm with one more delivery behind it") {
  auto broker = consuming();
  broker->deliver(1, 1, no_properties, "");
  broker->deliver(1, 2, no_properties, "x");
  CHECK(broker->take<event::delivered>().content.body.empty());
  CHECK(broker->take<event::delivered>().content.body == "x");
}

TEST_CASE("a body comes together from many frames") {
  auto broker = consuming();
  const std::string body = pattern(5'000'000);
  const std::size_t most = GENERATE(as<std::size_t>{}, 131064, 4088, 999);
  broker->send(method_frame(1, amqp_basic_deliver_t{bytes("reader"), 1, 0, bytes(""), bytes("q")}) +
               content_frames(1, no_properties, body, most));
  CHECK(broker->take<event::delivered>().content.body == body);
}

TEST_CASE("an empty body frame amid others changes nothing") {
  auto broker = consuming();
  broker->send(method_frame(1, amqp_basic_deliver_t{bytes("r"), 1, 0, bytes(""), bytes("q")}) +
               header_frame(1, 4, no_properties) + frame(3, 1, "ab") + frame(3, 1, "") + frame(3, 1, "cd"));
  CHECK(broker->take<event::delivered>().content.body == "abcd");
}

TEST_CASE("contents of different channels may interleave") {
  auto broker = consuming();
  broker->reply(1, amqp_basic_deliver_t{bytes("one"), 1, 0, bytes(""), bytes("q1")});
  broker->reply(2, amqp_basic_deliver_t{bytes("two"), 1, 0, bytes(""), bytes("q2")});
  broker->send(header_frame(2, 4, no_properties) + header_frame(1, 6, no_properties));
  broker->send(frame(3, 1, "abc") + frame(3, 2, "1234") + heartbeat_frame + frame(3, 1, "def"));
  CHECK(to_text(broker->take<event::delivered>()).find("delivered on 2 two 1") == 0);
  const auto last = broker->take<event::delivered>();
  CHECK(last.consumer_tag == "one");
  CHECK(last.content.body == "abcdef");
}

TEST_CASE("a return comes with its message, before the ack") {
  auto broker = consuming();
  broker->send(
      method_frame(1, amqp_basic_return_t{312, bytes("NO_ROUTE"), bytes("orders"), bytes("nowhere")}) +
      content_frames(1, std::string{"\x10\0\2", 3}, "payload") + method_frame(1, amqp_basic_ack_t{9, 0}));
  const auto back = broker->take<event::returned>();
  CHECK(back.code == 312);
  CHECK(back.text == "NO_ROUTE");
  CHECK(back.content.exchange == "orders");
  CHECK(back.content.routing_key == "nowhere");
  CHECK(back.content.properties == std::string("\x10\0\2", 3));
  CHECK(back.content.body == "payload");
  const auto ack = broker->take<event::confirmed>();
  CHECK((ack.channel == 1 && ack.tag == 9 && !ack.multiple));
}

TEST_CASE("confirms and refusals are reported as they come") {
  auto broker = consuming();
  broker->reply(2, amqp_basic_ack_t{12, 1})
      .reply(2, amqp_basic_nack_t{13, 0, 0})
      .reply(2, amqp_basic_nack_t{15, 1, 0});
  const auto first = broker->take<event::confirmed>();
  CHECK((first.channel == 2 && first.tag == 12 && first.multiple));
  const auto second = broker->take<event::refused>();
  CHECK((second.tag == 13 && !second.multiple));
  CHECK(broker->take<event::refused>().multiple);
}

TEST_CASE("header tables that no codec can read pass through untouched") {
  auto broker = consuming();
  std::string deep;
  for (int level = 0; level < 500; ++level) {
    std::string outer{"\1nF", 3};
    for (int shift = 24; shift >= 0; shift -= 8)
      outer += static_cast<char>((deep.size() >> shift) & 0xFF);
    deep = outer + deep;
  }
  std::string properties;
  SECTION("an unknown field type") {
    properties = with_headers(std::string_view{"\1a\x7F\0\1\2\3", 7});
  }
  SECTION("nested five hundred deep") {
    properties = with_headers(deep);
  }
  SECTION("a table longer than the frame") {
    properties = std::string{"\x20\0\xFF\xFF\xFF\xFF", 6};
  }
  SECTION("flags with no properties behind them") {
    properties = std::string{"\xFF\xFE", 2};
  }
  broker->deliver(1, 1, properties, "body");
  broker->deliver(1, 2, no_properties, "next");
  const auto got = broker->take<event::delivered>();
  CHECK(got.content.properties == properties);
  CHECK(got.content.body == "body");
  CHECK(broker->take<event::delivered>().content.body == "next");

  // And out again.
  broker->client.publish(1, "", "q", properties, "body", true);
  broker->expect<amqp_basic_publish_t>(1);
  CHECK(broker->expect_content(1).properties == properties);
}

TEST_CASE("a dialogue gives the same events however the reads cut it") {
  std::string said = method_frame(1, amqp_basic_consume_ok_t{bytes("reader")}) + heartbeat_frame;
  for (std::uint64_t i = 1; i <= 20; ++i) {
    const std::string body = pattern(i * 37 % 200);
    said +=
        method_frame(1, amqp_basic_deliver_t{bytes("reader"), i, i % 2 != 0, bytes("orders"), bytes("k")});
    said += content_frames(1, no_properties, body, 50);
    said += method_frame(2, amqp_basic_ack_t{i, i % 3 == 0});
  }
  said += method_frame(2, amqp_basic_return_t{312, bytes("NO_ROUTE"), bytes(""), bytes("x")});
  said += content_frames(2, no_properties, "");
  said += method_frame(0, amqp_connection_blocked_t{bytes("disk")});
  said += method_frame(1, amqp_channel_close_t{404, bytes("gone"), 0, 0});
  said += method_frame(0, amqp_connection_close_t{320, bytes("shutdown"), 0, 0});

  auto whole = consuming();
  whole->send(said);
  const auto expected = whole->all_events();
  REQUIRE(expected.size() == 45);

  auto single = consuming();
  single->octet_by_octet = true;
  single->send(said);
  CHECK(single->all_events() == expected);

  for (const std::size_t piece : {2u, 3u, 7u, 8u, 64u, 1000u}) {
    auto cut = consuming();
    for (std::string_view rest = said; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size())))
      cut->client.receive(rest.substr(0, piece), cut->now);
    CHECK(cut->all_events() == expected);
  }
}

TEST_CASE("a frame that comes in thousands of pieces costs no more than its size") {
  // 64 frames of 128 KiB, an octet at a time: quadratic work would be 5e11 octets copied.
  auto broker = consuming();
  const std::string body = pattern(64 * 131064);
  broker->octet_by_octet = true;
  broker->send(method_frame(1, amqp_basic_deliver_t{bytes("r"), 1, 0, bytes(""), bytes("q")}) +
               content_frames(1, no_properties, body));
  CHECK(broker->take<event::delivered>().content.body == body);
}

TEST_CASE("a publish is a method, a header and the body split over frame_max") {
  scripted_broker broker;
  broker.frame_max = 8192; // larger frames throw
  broker.open();
  broker.open_channel(1);
  const std::string properties{"\x10\0\2", 3};
  struct row {
    std::size_t size;
    std::vector<std::size_t> frames;
  };
  const auto row_ = GENERATE(values<row>({{0, {}},
                                          {1, {1}},
                                          {8184, {8184}},
                                          {8185, {8184, 1}},
                                          {16368, {8184, 8184}},
                                          {20000, {8184, 8184, 3632}}}));
  const std::string body = pattern(row_.size);
  broker.client.publish(1, "orders", "order.timeout", properties, body, true);
  const auto& method = broker.expect<amqp_basic_publish_t>(1);
  CHECK(text(method.exchange) == "orders");
  CHECK(text(method.routing_key) == "order.timeout");
  CHECK((method.mandatory && !method.immediate));
  const auto content = broker.expect_content(1);
  CHECK(content.properties == properties);
  CHECK(content.body == body);
  CHECK(content.body_frames == row_.frames);
  broker.expect_silence();
}

TEST_CASE("names of 255 bytes are published whole") {
  auto broker = consuming();
  const std::string exchange(255, 'e'), key(255, 'k');
  broker->client.publish(1, exchange, key, no_properties, "", false);
  const auto& method = broker->expect<amqp_basic_publish_t>(1);
  CHECK(text(method.exchange) == exchange);
  CHECK(text(method.routing_key) == key);
  CHECK(!method.mandatory);
}

TEST_CASE("properties up to properties_max() are published, longer ones are not sent at all") {
  scripted_broker broker;
  broker.frame_max = 8192;
  broker.open();
  broker.open_channel(1);
  broker.client.select_confirms(1);
  broker.expect<amqp_confirm_select_t>(1);
  const std::size_t most = broker.client.properties_max();
  CHECK(broker.client.publish(1, "", "q", std::string(most, '\0'), "x", true) == 1);
  broker.expect<amqp_basic_publish_t>(1);
  CHECK(broker.expect_content(1).properties.size() == most);
  CHECK(broker.client.publish(1, "", "q", std::string(most + 1, '\0'), "x", true) == 0);
  broker.expect_silence();
  CHECK(broker.client.publish(1, "", "q", no_properties, "x", true) == 2);
}

TEST_CASE("a body over max_body closes the connection before it is taken") {
  session_options options;
  options.max_body = 1000;
  auto broker = consuming(options);
  broker->deliver(1, 1, no_properties, pattern(1000));
  broker->take<event::delivered>();
  broker->reply(1, amqp_basic_deliver_t{bytes("r"), 2, 0, bytes(""), bytes("q")});
  const std::uint64_t size = GENERATE(as<std::uint64_t>{}, 1001, ~0ull);
  broker->send(header_frame(1, size, no_properties));
  const auto closed = broker->take<event::closed>();
  CHECK((closed.code == 501 && closed.error && !closed.by_peer));
  CHECK(broker->expect<amqp_connection_close_t>().reply_code == 501);
}

TEST_CASE("content begun on a channel is forgotten when the channel is opened anew") {
  auto broker = consuming();
  broker->reply(1, amqp_basic_deliver_t{bytes("r"), 1, 0, bytes(""), bytes("q")});
  broker->send(header_frame(1, 10, no_properties) + frame(3, 1, "half"));
  broker->client.close_channel(1);
  broker->expect<amqp_channel_close_t>(1);
  broker->reply(1, amqp_channel_close_ok_t{});
  broker->take<event::channel_close_ok>();
  broker->open_channel(1);
  broker->deliver(1, 1, no_properties, "whole");
  CHECK(broker->take<event::delivered>().content.body == "whole");
}
