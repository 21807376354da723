#include "proto/errors.hpp"
#include "support/scripted_broker.hpp"

#include <catch2/catch.hpp>

#include <memory>

using namespace postponed;
using namespace postponed::proto;
using namespace postponed::test;
using namespace std::chrono_literals;

namespace {

// Tuned to a heartbeat of 10 s.
std::unique_ptr<scripted_broker> beating() {
  auto broker = std::make_unique<scripted_broker>();
  broker->heartbeat = 10;
  broker->open();
  return broker;
}

} // namespace

TEST_CASE("a heartbeat is sent when nothing else was for half the interval") {
  auto broker = beating();
  CHECK(broker->client.next_deadline() == broker->now + 5s);
  broker->pass(4999ms);
  broker->expect_silence();
  broker->pass(1ms);
  broker->expect_heartbeat();
  broker->expect_silence();
  broker->send(heartbeat_frame);
  CHECK(broker->client.next_deadline() == broker->now + 5s);
  broker->pass(5s);
  broker->expect_heartbeat();
}

TEST_CASE("what was sent counts as a heartbeat, from the latest time that the session knew") {
  auto broker = beating();
  broker->pass(3s);
  broker->open_channel(1);
  broker->pass(4s);
  broker->expect_silence();
  broker->pass(1s);
  broker->expect_heartbeat();
}

TEST_CASE("octets that wait to be written do instead of a heartbeat") {
  auto broker = beating();
  broker->client.open_channel(1); // nobody writes
  broker->pass(5s);
  broker->expect<amqp_channel_open_t>(1);
  broker->expect_silence();
}

TEST_CASE("a broker silent for two intervals is given up") {
  auto broker = beating();
  broker->pass(19999ms);
  broker->expect_no_event();
  CHECK(broker->client.next_deadline() == broker->now + 1ms);
  broker->pass(1ms);
  const auto closed = broker->take<event::closed>();
  CHECK(closed.error == errc::heartbeat_timeout);
  CHECK(!closed.by_peer);
  CHECK(closed.text.find("20 s") != std::string::npos);
  CHECK(!broker->client.next_deadline());
}

TEST_CASE("any octet shows that the broker lives, half a frame too") {
  auto broker = beating();
  broker->pass(19s);
  broker->send(std::string_view{heartbeat_frame}.substr(0, 1));
  broker->pass(19s);
  broker->expect_no_event();
  broker->send(std::string_view{heartbeat_frame}.substr(1));
  broker->pass(19s);
  broker->expect_no_event();
  broker->pass(1s);
  broker->take<event::closed>();
}

TEST_CASE("a blocked connection is still watched, and still beats") {
  auto broker = beating();
  broker->reply(amqp_connection_blocked_t{bytes("disk")});
  broker->take<event::blocked>();
  broker->pass(5s);
  broker->expect_heartbeat();
  broker->pass(15s);
  CHECK(broker->take<event::closed>().error == errc::heartbeat_timeout);
}

TEST_CASE("heartbeats lie unread while the owner does not read: they are not missed then") {
  auto broker = beating();
  broker->client.reading_paused(true, broker->now);
  for (int i = 0; i < 100; ++i) {
    broker->pass(5s);
    broker->expect_heartbeat(); // ours go on
  }
  broker->expect_no_event();
  broker->client.reading_paused(false, broker->now);
  broker->pass(19s);
  broker->expect_no_event();
  broker->pass(1s);
  CHECK(broker->take<event::closed>().error == errc::heartbeat_timeout);
}

TEST_CASE("without heartbeats nothing is due") {
  session_options options;
  options.heartbeat = 0s;
  scripted_broker broker{options};
  broker.heartbeat = 0;
  broker.open();
  CHECK(!broker.client.next_deadline());
  broker.pass(24h);
  broker.expect_silence();
  broker.expect_no_event();
}

TEST_CASE("next_deadline() is never behind a tick that was made in time") {
  auto broker = beating();
  for (int i = 0; i < 1000; ++i) {
    const auto next = broker->client.next_deadline();
    REQUIRE(next);
    REQUIRE(*next > broker->now);
    broker->now = *next;
    broker->client.tick(broker->now);
    broker->send(heartbeat_frame);
  }
  CHECK(broker->client.is_open());
}

TEST_CASE("a clean close waits for its answer") {
  auto broker = beating();
  broker->open_channel(1);
  broker->client.close(200, "stopping", broker->now);
  CHECK(!broker->client.is_open());
  CHECK(!broker->client.is_closed());
  const auto& said = broker->expect<amqp_connection_close_t>();
  CHECK((said.reply_code == 200 && text(said.reply_text) == "stopping"));

  // All else is discarded meanwhile.
  broker->deliver(1, 1, no_properties, "late");
  broker->reply(amqp_connection_blocked_t{bytes("disk")});
  broker->send(frame(1, 1, "no method") + frame(1, 0, "no method") + header_frame(0, 0, no_properties));
  broker->client.close(541, "again", broker->now);
  broker->expect_no_event();
  broker->expect_silence();

  broker->reply(amqp_connection_close_ok_t{});
  const auto closed = broker->take<event::closed>();
  CHECK((closed.code == 200 && !closed.error && !closed.by_peer && closed.text == "stopping"));
  broker->expect_no_event();
}

TEST_CASE("a close that is not answered is over after five seconds") {
  auto broker = beating();
  broker->client.close(200, "stopping", broker->now);
  broker->pass(4999ms);
  broker->expect_no_event();
  CHECK(broker->client.next_deadline() == broker->now + 1ms);
  broker->pass(1ms);
  const auto closed = broker->take<event::closed>();
  CHECK(closed.error == boost::system::errc::timed_out);
  CHECK(closed.code == 0);
}

TEST_CASE("a broker's close that crosses ours ends the session too") {
  auto broker = beating();
  broker->client.close(200, "stopping", broker->now);
  broker->expect<amqp_connection_close_t>();
  broker->reply(amqp_connection_close_t{320, bytes("CONNECTION_FORCED"), 0, 0});
  broker->expect<amqp_connection_close_ok_t>();
  CHECK(broker->take<event::closed>().code == 320);
}

TEST_CASE("a text over 255 bytes is cut, not refused, when closing") {
  auto broker = beating();
  broker->client.close(541, std::string(1000, 't'), broker->now);
  CHECK(text(broker->expect<amqp_connection_close_t>().reply_text) == std::string(255, 't'));
}

TEST_CASE("a session can be moved") {
  auto broker = beating();
  session moved = std::move(broker->client);
  CHECK(moved.is_open());
  broker->client = std::move(moved);
  broker->open_channel(1);
}
