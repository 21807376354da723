#include "proto/errors.hpp"
#include "support/scripted_broker.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace postponed;
using namespace postponed::proto;
using namespace postponed::test;
using namespace std::chrono_literals;

namespace {

session_options ours() {
  session_options options;
  options.user = "app";
  options.password = "secret";
  options.virtual_host = "shop";
  options.connection_name = "postponed publish";
  options.version = "0.1.0";
  return options;
}

std::map<std::string, amqp_field_value_t> fields_of(const amqp_table_t& table) {
  std::map<std::string, amqp_field_value_t> fields;
  for (int i = 0; i < table.num_entries; ++i)
    fields[text(table.entries[i].key)] = table.entries[i].value;
  return fields;
}

} // namespace

TEST_CASE("a session logs in with PLAIN, tunes and opens its virtual host") {
  scripted_broker broker{ours()};
  broker.greet();
  const auto& login = broker.expect<amqp_connection_start_ok_t>();
  CHECK(text(login.mechanism) == "PLAIN");
  CHECK(text(login.response) == std::string("\0app\0secret", 11));
  CHECK(text(login.locale) == "en_US");
  auto properties = fields_of(login.client_properties);
  CHECK(text(properties["product"].value.bytes) == "postponed");
  CHECK(text(properties["version"].value.bytes) == "0.1.0");
  CHECK(text(properties["connection_name"].value.bytes) == "postponed publish");
  CHECK(!text(properties["platform"].value.bytes).empty());
  CHECK(!text(properties["information"].value.bytes).empty());
  REQUIRE(properties["capabilities"].kind == AMQP_FIELD_KIND_TABLE);
  auto capabilities = fields_of(properties["capabilities"].value.table);
  for (const char* name : {"publisher_confirms", "consumer_cancel_notify", "basic.nack", "connection.blocked",
                           "exchange_exchange_bindings", "authentication_failure_close"}) {
    INFO(name);
    CHECK((capabilities[name].kind == AMQP_FIELD_KIND_BOOLEAN && capabilities[name].value.boolean));
  }

  broker.reply(amqp_connection_tune_t{2047, 131072, 60});
  const auto& tuned = broker.expect<amqp_connection_tune_ok_t>();
  CHECK(tuned.channel_max == 64);
  CHECK(tuned.frame_max == 131072);
  CHECK(tuned.heartbeat == 15);
  CHECK(text(broker.expect<amqp_connection_open_t>().virtual_host) == "shop");
  broker.expect_silence();
  CHECK(!broker.client.is_open());
  broker.expect_no_event();

  broker.reply(amqp_connection_open_ok_t{bytes("")});
  CHECK(broker.client.is_open());
  const auto opened = broker.take<event::opened>();
  CHECK(opened.server_product == "RabbitMQ");
  CHECK(opened.server_version == "4.3.6");
  CHECK(opened.frame_max == 131072);
  CHECK(opened.heartbeat == 15s);
}

TEST_CASE("a session logs in with EXTERNAL, leaving who it is to its certificate") {
  session_options options = ours();
  options.login = session_options::mechanism::external;
  scripted_broker broker{options};
  broker.greet("PLAIN EXTERNAL");
  const auto& login = broker.expect<amqp_connection_start_ok_t>();
  CHECK(text(login.mechanism) == "EXTERNAL");
  CHECK(text(login.response).empty());
}

TEST_CASE("a session gives up where the broker does not offer its mechanism, and says what is offered") {
  scripted_broker broker{ours()};
  broker.greet("AMQPLAIN PLAINER EXTERNAL");
  const auto closed = broker.take<event::closed>();
  CHECK(closed.error == errc::unsupported_mechanism);
  CHECK(closed.text.find("PLAINER") != std::string::npos);
  CHECK(!closed.by_peer);
  broker.expect_silence(); // no password went out
  CHECK(broker.client.is_closed());
}

TEST_CASE("limits are the smaller of both sides', where nought is no limit") {
  struct row {
    std::uint32_t their_frame_max, frame_max;
    std::uint16_t their_channel_max, channel_max;
    std::uint16_t our_heartbeat, their_heartbeat, heartbeat;
  };
  const auto row_ = GENERATE(values<row>({{131072, 131072, 2047, 64, 15, 60, 15},
                                          {0, 131072, 0, 64, 15, 0, 15},
                                          {8192, 8192, 10, 10, 60, 15, 15},
                                          {1048576, 131072, 64, 64, 0, 60, 60},
                                          {131072, 131072, 2047, 64, 0, 0, 0}}));
  session_options options = ours();
  options.heartbeat = std::chrono::seconds{row_.our_heartbeat};
  scripted_broker broker{options};
  broker.greet();
  broker.expect<amqp_connection_start_ok_t>();
  broker.reply(amqp_connection_tune_t{row_.their_channel_max, row_.their_frame_max, row_.their_heartbeat});
  const auto& tuned = broker.expect<amqp_connection_tune_ok_t>();
  CHECK(tuned.frame_max == row_.frame_max);
  CHECK(tuned.channel_max == row_.channel_max);
  CHECK(tuned.heartbeat == row_.heartbeat);
  broker.expect<amqp_connection_open_t>();
  broker.reply(amqp_connection_open_ok_t{bytes("")});
  const auto opened = broker.take<event::opened>();
  CHECK(opened.frame_max == row_.frame_max);
  CHECK(opened.heartbeat == std::chrono::seconds{row_.heartbeat});
}

TEST_CASE("a broker that tunes to frames no content could be split over is refused") {
  scripted_broker broker{ours()};
  broker.greet();
  broker.reply(amqp_connection_tune_t{2047, 8, 60});
  CHECK(broker.take<event::closed>().error == errc::malformed_method);
}

TEST_CASE("a peer that answers with its own protocol header speaks another version") {
  scripted_broker broker{ours()};
  broker.octet_by_octet = GENERATE(false, true);
  broker.client.start(broker.now);
  broker.send(std::string_view{"AMQP\0\1\0\0", 8});
  CHECK(broker.take<event::closed>().error == errc::protocol_mismatch);
}

TEST_CASE("a peer that speaks no AMQP at all is told apart from a broken broker") {
  scripted_broker broker{ours()};
  broker.octet_by_octet = GENERATE(false, true);
  broker.client.start(broker.now);
  const std::string_view said = GENERATE(as<std::string_view>{}, "HTTP/1.1 400 Bad Request\r\n",
                                         "ALOHA, friend", "\x15\x03\x03\x02\x02\x28\x01");
  broker.send(said);
  CHECK(broker.take<event::closed>().error == errc::protocol_mismatch);
  broker.expect_no_event();
}

TEST_CASE("a broker of another AMQP version is refused at connection.start") {
  scripted_broker broker{ours()};
  broker.client.start(broker.now);
  broker.send(method_frame(0, amqp_connection_start_t{0, 8, {0, nullptr}, bytes("PLAIN"), bytes("en_US")}));
  CHECK(broker.take<event::closed>().error == errc::protocol_mismatch);
}

TEST_CASE("a refused login comes with the broker's code and text") {
  scripted_broker broker{ours()};
  broker.greet();
  broker.expect<amqp_connection_start_ok_t>();
  broker.reply(amqp_connection_close_t{403, bytes("ACCESS_REFUSED - Login was refused"), 0, 0});
  const auto closed = broker.take<event::closed>();
  CHECK(closed.by_peer);
  CHECK(closed.code == 403);
  CHECK(closed.text == "ACCESS_REFUSED - Login was refused");
  CHECK(!closed.error);
  broker.expect<amqp_connection_close_ok_t>();
}

TEST_CASE("a refused virtual host comes with the broker's code and text") {
  scripted_broker broker{ours()};
  broker.greet();
  broker.reply(amqp_connection_tune_t{2047, 131072, 60});
  broker.reply(amqp_connection_close_t{530, bytes("NOT_ALLOWED - vhost shop not found"), 10, 40});
  CHECK(broker.take<event::closed>().code == 530);
}

TEST_CASE("a further step of login is not supported") {
  scripted_broker broker{ours()};
  broker.greet();
  broker.expect<amqp_connection_start_ok_t>();
  broker.reply(amqp_connection_secure_t{bytes("challenge")});
  CHECK(broker.take<event::closed>().error == errc::unsupported_mechanism);
  CHECK(broker.expect<amqp_connection_close_t>().reply_code == 540);
}

TEST_CASE("a virtual host's name that fits no short string ends the session before a wrong frame leaves") {
  session_options options = ours();
  options.virtual_host = std::string(256, 'v');
  scripted_broker broker{options};
  broker.greet();
  broker.expect<amqp_connection_start_ok_t>();
  broker.reply(amqp_connection_tune_t{2047, 131072, 60});
  CHECK(broker.take<event::closed>().error == errc::value_too_long);
  broker.expect<amqp_connection_tune_ok_t>();
  broker.expect<amqp_connection_close_t>();
}

TEST_CASE("methods out of the handshake's order end it") {
  scripted_broker broker{ours()};
  broker.greet();
  SECTION("open-ok before tune") {
    broker.reply(amqp_connection_open_ok_t{bytes("")});
  }
  SECTION("start again") {
    broker.reply(amqp_connection_start_t{0, 9, {0, nullptr}, bytes("PLAIN"), bytes("en_US")});
  }
  SECTION("blocked before it is open") {
    broker.reply(amqp_connection_blocked_t{bytes("memory")});
  }
  SECTION("a method on a channel") {
    broker.reply(1, amqp_channel_open_ok_t{bytes("")});
  }
  SECTION("a channel's method on channel 0") {
    broker.reply(0, amqp_channel_open_ok_t{bytes("")});
  }
  SECTION("content on channel 0") {
    broker.send(header_frame(0, 0, no_properties));
  }
  const auto closed = broker.take<event::closed>();
  CHECK(closed.error == errc::malformed_frame);
  CHECK(closed.code == 505);
  CHECK(!closed.by_peer);
}

TEST_CASE("a handshake that does not end in time ends the session, naming what was awaited") {
  scripted_broker broker{ours()};
  broker.client.start(broker.now);
  REQUIRE(broker.client.next_deadline() == broker.now + 10s);
  SECTION("at connection.start") {
    broker.pass(9999ms);
    broker.expect_no_event();
    broker.pass(1ms);
    CHECK(broker.take<event::closed>().text.find("connection.start") != std::string::npos);
  }
  SECTION("later, though octets came meanwhile") {
    broker.pass(9s);
    broker.send(method_frame(0, amqp_connection_start_t{0, 9, {0, nullptr}, bytes("PLAIN"), bytes("en_US")}));
    CHECK(broker.client.next_deadline() == broker.now + 1s);
    broker.pass(1s);
    const auto closed = broker.take<event::closed>();
    CHECK(closed.error == boost::system::errc::timed_out);
    CHECK(closed.text.find("connection.tune") != std::string::npos);
  }
  CHECK(!broker.client.next_deadline());
}

TEST_CASE("closing during the handshake is over at once") {
  scripted_broker broker{ours()};
  broker.greet();
  broker.client.close(200, "stopping", broker.now);
  const auto closed = broker.take<event::closed>();
  CHECK(closed.code == 200);
  CHECK(!closed.error);
}

TEST_CASE("the handshake comes out the same from single octets") {
  scripted_broker broker{ours()};
  broker.octet_by_octet = true;
  broker.open();
  CHECK(broker.client.is_open());
}
