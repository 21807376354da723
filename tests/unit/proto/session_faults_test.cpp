#include "proto/errors.hpp"
#include "support/scripted_broker.hpp"

#include <catch2/catch.hpp>

using namespace postponed;
using namespace postponed::proto;
using namespace postponed::test;

namespace {

struct fault {
  const char* name;
  std::string octets;
  errc error;
  std::uint16_t code;
};

std::string delivery(channel_id channel) {
  return method_frame(channel, amqp_basic_deliver_t{bytes("r"), 1, 0, bytes(""), bytes("q")});
}

std::vector<fault> faults() {
  std::string no_end = heartbeat_frame;
  no_end.back() = '\0';
  std::string wrong_class = header_frame(1, 0, no_properties);
  wrong_class[8] = 50;
  const std::string_view ack_cut{"\0\x3C\0\x50\0\0\0", 7}, unknown{"\0\x63\0\1", 4},
      get_empty{"\0\x3C\0\x48\0", 5};
  return {
      {"an unknown frame type", frame(4, 0, ""), errc::malformed_frame, 501},
      {"a frame without its end", no_end, errc::malformed_frame, 501},
      {"a frame larger than negotiated", frame(3, 1, std::string(131065, 'x')), errc::malformed_frame, 501},
      {"a frame said to be enormous", std::string{"\3\0\1\xFF\xFF\xFF\xFF", 7}, errc::malformed_frame, 501},
      {"a protocol header amid frames", std::string{"AMQP\0\0\x09\x01", 8}, errc::malformed_frame, 501},
      {"a heartbeat on a channel", frame(8, 1, ""), errc::malformed_frame, 501},
      {"content on channel 0", header_frame(0, 0, no_properties), errc::malformed_frame, 505},
      {"a header without a method", header_frame(1, 0, no_properties), errc::malformed_frame, 505},
      {"a body without a header", frame(3, 1, "x"), errc::malformed_frame, 505},
      {"a body instead of a header", delivery(1) + frame(3, 1, "x"), errc::malformed_frame, 505},
      {"a header instead of a body",
       delivery(1) + header_frame(1, 5, no_properties) + header_frame(1, 5, no_properties),
       errc::malformed_frame, 505},
      {"a method instead of a header", delivery(1) + delivery(1), errc::malformed_frame, 505},
      {"a method amid a body",
       delivery(1) + header_frame(1, 5, no_properties) + method_frame(1, amqp_basic_ack_t{1, 0}),
       errc::malformed_frame, 505},
      {"more body than announced", delivery(1) + header_frame(1, 2, no_properties) + frame(3, 1, "abc"),
       errc::malformed_frame, 501},
      {"a header cut short", delivery(1) + frame(2, 1, std::string(13, '\0')), errc::malformed_frame, 501},
      {"a header of another class", delivery(1) + wrong_class, errc::malformed_frame, 501},
      {"a method frame with no method", frame(1, 1, "ab"), errc::malformed_method, 501},
      {"a method cut short", frame(1, 1, ack_cut), errc::malformed_method, 501},
      {"a method cut short on channel 0", frame(1, 0, std::string_view{"\0\x0A\0\x32\1", 5}),
       errc::malformed_method, 501},
      {"an unknown method", frame(1, 1, unknown), errc::malformed_frame, 540},
      {"an unknown method on channel 0", frame(1, 0, unknown), errc::malformed_frame, 540},
      {"an answer that was never asked for", frame(1, 1, get_empty), errc::malformed_frame, 505},
      {"channel.flow", method_frame(1, amqp_channel_flow_t{0}), errc::malformed_frame, 540},
      {"a client's method", method_frame(1, amqp_basic_publish_t{0, bytes(""), bytes("q"), 0, 0}),
       errc::malformed_frame, 540},
      {"a connection's method on a channel", method_frame(1, amqp_connection_tune_t{0, 0, 0}),
       errc::malformed_frame, 505},
      {"a channel's method on channel 0", method_frame(0, amqp_basic_ack_t{1, 0}), errc::malformed_frame,
       505},
      {"open-ok for an open channel", method_frame(1, amqp_channel_open_ok_t{bytes("")}),
       errc::malformed_frame, 505},
      {"close-ok for a channel that we did not close", method_frame(1, amqp_channel_close_ok_t{}),
       errc::malformed_frame, 505},
      {"close-ok for a connection that we did not close", method_frame(0, amqp_connection_close_ok_t{}),
       errc::malformed_frame, 505},
  };
}

} // namespace

TEST_CASE("a broker's fault ends the session with a clear text, once, however it is cut") {
  const bool octet_by_octet = GENERATE(false, true);
  for (const fault& each : faults()) {
    DYNAMIC_SECTION(each.name << (octet_by_octet ? ", octet by octet" : "")) {
      scripted_broker broker;
      broker.open();
      broker.open_channel(1);
      broker.octet_by_octet = octet_by_octet;
      broker.send(each.octets + method_frame(1, amqp_basic_ack_t{1, 0}) + each.octets);
      const auto closed = broker.take<event::closed>();
      CHECK(closed.error == each.error);
      CHECK(closed.code == each.code);
      CHECK(!closed.text.empty());
      CHECK(!closed.by_peer);
      broker.expect_no_event();
      CHECK(broker.client.is_closed());

      // The broker's log is told too.
      const auto& told = broker.expect<amqp_connection_close_t>();
      CHECK(told.reply_code == each.code);
      CHECK(text(told.reply_text) == closed.text);
      broker.expect_silence();
    }
  }
}

TEST_CASE("a method that nobody knows is named by its numbers, a known one by its name") {
  scripted_broker broker;
  broker.open();
  broker.open_channel(1);
  SECTION("unknown") {
    broker.send(frame(1, 1, std::string_view{"\0\x63\0\1", 4}));
    CHECK(broker.take<event::closed>().text.find("99.1") != std::string::npos);
  }
  SECTION("known") {
    broker.send(frame(1, 1, std::string_view{"\0\x3C\0\x48\0", 5}));
    CHECK(broker.take<event::closed>().text.find("BASIC_GET_EMPTY") != std::string::npos);
  }
}

TEST_CASE("an answer on a channel that is still opening is a fault") {
  scripted_broker broker;
  broker.open();
  broker.client.open_channel(1);
  broker.reply(1, amqp_basic_qos_ok_t{});
  CHECK(broker.take<event::closed>().code == 505);
}

TEST_CASE("every error has a message of its own") {
  std::vector<std::string> seen;
  for (int value = 1; value <= static_cast<int>(errc::value_too_long); ++value) {
    const boost::system::error_code error = make_error_code(static_cast<errc>(value));
    CHECK(error.message().find("unknown error") == std::string::npos);
    CHECK(std::find(seen.begin(), seen.end(), error.message()) == seen.end());
    seen.push_back(error.message());
  }
  CHECK(make_error_code(static_cast<errc>(99)).message().find("99") != std::string::npos);
  CHECK(std::string{category().name()} == "postponed.proto");
}
