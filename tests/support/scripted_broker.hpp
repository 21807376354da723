// A broker in memory for a proto::session: a test says what it expects of the client and what the broker
// answers, so that it reads as a dialogue. No socket, no waiting; time is `now`, moved by hand.
//
// The broker's side is encoded and decoded by rabbitmq-c, so that the session is held against another's idea
// of the methods. What was not expected throws, with what came instead. One thread. Views in an expected
// method are good as long as the broker lives.
#pragma once

#include "proto/session.hpp"

#include <amqp.h>
#include <amqp_framing.h>

#include <cstdint>
#include <deque>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace postponed::test {

template <typename Method>
inline constexpr amqp_method_number_t number_of = 0;

#define POSTPONED_METHOD(name, NAME)                                                                         \
  template <>                                                                                                \
  inline constexpr amqp_method_number_t number_of<amqp_##name##_t> = AMQP_##NAME##_METHOD
POSTPONED_METHOD(connection_start, CONNECTION_START);
POSTPONED_METHOD(connection_start_ok, CONNECTION_START_OK);
POSTPONED_METHOD(connection_secure, CONNECTION_SECURE);
POSTPONED_METHOD(connection_tune, CONNECTION_TUNE);
POSTPONED_METHOD(connection_tune_ok, CONNECTION_TUNE_OK);
POSTPONED_METHOD(connection_open, CONNECTION_OPEN);
POSTPONED_METHOD(connection_open_ok, CONNECTION_OPEN_OK);
POSTPONED_METHOD(connection_close, CONNECTION_CLOSE);
POSTPONED_METHOD(connection_close_ok, CONNECTION_CLOSE_OK);
POSTPONED_METHOD(connection_blocked, CONNECTION_BLOCKED);
POSTPONED_METHOD(connection_unblocked, CONNECTION_UNBLOCKED);
POSTPONED_METHOD(channel_open, CHANNEL_OPEN);
POSTPONED_METHOD(channel_open_ok, CHANNEL_OPEN_OK);
POSTPONED_METHOD(channel_flow, CHANNEL_FLOW);
POSTPONED_METHOD(channel_close, CHANNEL_CLOSE);
POSTPONED_METHOD(channel_close_ok, CHANNEL_CLOSE_OK);
POSTPONED_METHOD(confirm_select, CONFIRM_SELECT);
POSTPONED_METHOD(confirm_select_ok, CONFIRM_SELECT_OK);
POSTPONED_METHOD(exchange_declare, EXCHANGE_DECLARE);
POSTPONED_METHOD(exchange_declare_ok, EXCHANGE_DECLARE_OK);
POSTPONED_METHOD(queue_declare, QUEUE_DECLARE);
POSTPONED_METHOD(queue_declare_ok, QUEUE_DECLARE_OK);
POSTPONED_METHOD(queue_bind, QUEUE_BIND);
POSTPONED_METHOD(queue_bind_ok, QUEUE_BIND_OK);
POSTPONED_METHOD(basic_qos, BASIC_QOS);
POSTPONED_METHOD(basic_qos_ok, BASIC_QOS_OK);
POSTPONED_METHOD(basic_consume, BASIC_CONSUME);
POSTPONED_METHOD(basic_consume_ok, BASIC_CONSUME_OK);
POSTPONED_METHOD(basic_cancel, BASIC_CANCEL);
POSTPONED_METHOD(basic_cancel_ok, BASIC_CANCEL_OK);
POSTPONED_METHOD(basic_publish, BASIC_PUBLISH);
POSTPONED_METHOD(basic_return, BASIC_RETURN);
POSTPONED_METHOD(basic_deliver, BASIC_DELIVER);
POSTPONED_METHOD(basic_get, BASIC_GET);
POSTPONED_METHOD(basic_get_ok, BASIC_GET_OK);
POSTPONED_METHOD(basic_get_empty, BASIC_GET_EMPTY);
POSTPONED_METHOD(basic_ack, BASIC_ACK);
POSTPONED_METHOD(basic_nack, BASIC_NACK);
#undef POSTPONED_METHOD

amqp_bytes_t bytes(std::string_view text);
std::string text(amqp_bytes_t bytes);
// One line for a person; equal events have equal lines.
std::string to_text(const proto::session_event& event);

// Frames as they stand on the wire.
std::string frame(std::uint8_t type, proto::channel_id channel, std::string_view payload);
std::string method_frame(proto::channel_id channel, amqp_method_number_t number, void* fields);
template <typename Method>
std::string method_frame(proto::channel_id channel, Method fields) {
  return method_frame(channel, number_of<Method>, &fields);
}
std::string header_frame(proto::channel_id channel, std::uint64_t body_size, std::string_view properties);
// Header and body frames; `most`: octets of body in each frame.
std::string content_frames(proto::channel_id channel, std::string_view properties, std::string_view body,
                           std::size_t most = 131064);
inline const std::string no_properties(2, '\0');
inline const std::string heartbeat_frame = frame(8, 0, {});

class scripted_broker {
 public:
  explicit scripted_broker(proto::session_options options = {});
  ~scripted_broker();
  scripted_broker(const scripted_broker&) = delete;
  scripted_broker& operator=(const scripted_broker&) = delete;

  proto::session client;
  proto::steady_time now{std::chrono::hours{1}};
  bool octet_by_octet = false;
  std::size_t frame_max = 131072; // a larger frame of the client's throws
  std::uint16_t heartbeat = 60;   // what open() tunes to; so with frame_max

  // --- what the client says ---
  void expect_protocol_header();
  // The client's next frame is this method on this channel.
  template <typename Method>
  const Method& expect(proto::channel_id channel = 0) {
    return *static_cast<const Method*>(expect_method(channel, number_of<Method>));
  }
  struct content {
    std::string properties, body;
    std::vector<std::size_t> body_frames; // their payloads' sizes
  };
  content expect_content(proto::channel_id channel);
  void expect_heartbeat();
  void expect_silence();

  // --- what the broker says ---
  template <typename Method>
  scripted_broker& reply(proto::channel_id channel, Method fields) {
    return send(method_frame(channel, fields));
  }
  template <typename Method>
  scripted_broker& reply(Method fields) {
    return reply(0, fields);
  }
  scripted_broker& send(std::string_view octets);
  scripted_broker& deliver(proto::channel_id channel, proto::delivery_tag tag, std::string_view properties,
                           std::string_view body);

  // --- what the session tells its owner ---
  template <typename Event>
  Event take() {
    proto::session_event next = next_event();
    if (Event* const event = std::get_if<Event>(&next)) return std::move(*event);
    throw std::runtime_error{"another event came: " + to_text(next)};
  }
  void expect_no_event();
  std::vector<std::string> all_events(); // the rest, as lines

  void pass(std::chrono::milliseconds time); // moves `now`, and ticks
  // The dialogues that most tests begin with. They leave no event behind.
  void
  greet(std::string_view mechanisms = "AMQPLAIN PLAIN EXTERNAL"); // up to connection.start, which is sent
  void open();
  void open_channel(proto::channel_id channel);

 private:
  struct client_frame {
    std::uint8_t type = 0;
    proto::channel_id channel = 0;
    std::string payload;
  };
  void listen();
  const client_frame& next_frame(const char* wanted);
  const void* expect_method(proto::channel_id channel, amqp_method_number_t number);
  proto::session_event next_event();

  amqp_pool_t pool_;
  std::string heard_;
  std::deque<client_frame> frames_;
  std::deque<client_frame> taken_; // keeps the expected methods' bytes
  std::deque<proto::session_event> events_;
};

} // namespace postponed::test
