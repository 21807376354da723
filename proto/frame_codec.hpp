// AMQP 0-9-1 methods to and from bytes, and frames onto the wire. Internal to proto.
//
// rabbitmq-c is the codec of methods and tables; frame_codec.cpp and its encoding half alone see it. Frames
// themselves are split by our own code (session_frames.hpp) and content headers are parsed by hand, not by
// its amqp_handle_input, for two reasons:
//  - it decodes the property table of each content header, and fails the connection where it cannot (an
//  unknown
//    field type, nesting too deep). The message would be delivered again on the next connection, for ever.
//    Here the properties pass through as bytes, and one odd message is one dead letter.
//  - it gathers each frame in a buffer of its own; here a body goes from the read buffer into its message,
//  and
//    only the frame that a read cut in two is gathered.
// One thread; an encoder is stateless, a method_decoder lives as long as its session.
#pragma once

#include "proto/session.hpp"

#include <boost/system/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace postponed::proto {

namespace frame_type {
enum : std::uint8_t { method = 1, header = 2, body = 3, heartbeat = 8 };
} // namespace frame_type

inline constexpr std::size_t frame_head = 7;                  // type, channel, payload size
inline constexpr std::size_t frame_overhead = frame_head + 1; // and the end octet
inline constexpr char frame_end = '\xCE';
inline constexpr std::size_t content_head = 12; // class, weight, body size; the properties follow
inline constexpr std::uint16_t basic_class = 60;

// What a server may send to us. The views point into the decoded bytes or the decoder: copy before
// the next decode.
namespace method {
struct connection_start {
  unsigned major = 0, minor = 0;
  std::string_view mechanisms, product, version;
};
struct connection_secure {};
struct connection_tune {
  std::uint16_t channel_max = 0;
  std::uint32_t frame_max = 0;
  std::uint16_t heartbeat = 0;
};
struct connection_open_ok {};
struct connection_close {
  std::uint16_t code = 0;
  std::string_view text;
};
struct connection_close_ok {};
struct connection_blocked {
  std::string_view reason;
};
struct connection_unblocked {};
struct connection_update_secret {};
struct channel_open_ok {};
struct channel_close {
  std::uint16_t code = 0;
  std::string_view text;
};
struct channel_close_ok {};
struct confirm_select_ok {};
struct exchange_declare_ok {};
struct queue_declare_ok {
  std::string_view queue;
  std::uint32_t messages = 0, consumers = 0;
};
struct queue_bind_ok {};
struct basic_qos_ok {};
struct basic_consume_ok {
  std::string_view consumer_tag;
};
struct basic_cancel {
  std::string_view consumer_tag;
  bool nowait = false;
};
struct basic_cancel_ok {
  std::string_view consumer_tag;
};
struct basic_deliver {
  std::string_view consumer_tag;
  delivery_tag tag = 0;
  bool redelivered = false;
  std::string_view exchange, routing_key;
};
struct basic_get_ok {
  delivery_tag tag = 0;
  bool redelivered = false;
  std::string_view exchange, routing_key;
  std::uint32_t messages = 0;
};
struct basic_get_empty {};
struct basic_return {
  std::uint16_t code = 0;
  std::string_view text, exchange, routing_key;
};
struct basic_ack {
  delivery_tag tag = 0;
  bool multiple = false;
};
struct basic_nack {
  delivery_tag tag = 0;
  bool multiple = false;
};
struct other {}; // a method that no server sends to such a client
} // namespace method

using server_method = std::variant<
    method::connection_start, method::connection_secure, method::connection_tune, method::connection_open_ok,
    method::connection_close, method::connection_close_ok, method::connection_blocked,
    method::connection_unblocked, method::connection_update_secret, method::channel_open_ok,
    method::channel_close, method::channel_close_ok, method::confirm_select_ok, method::exchange_declare_ok,
    method::queue_declare_ok, method::queue_bind_ok, method::basic_qos_ok, method::basic_consume_ok,
    method::basic_cancel, method::basic_cancel_ok, method::basic_deliver, method::basic_get_ok,
    method::basic_get_empty, method::basic_return, method::basic_ack, method::basic_nack, method::other>;

class method_decoder {
 public:
  method_decoder();
  ~method_decoder();
  method_decoder(method_decoder&&) noexcept;
  method_decoder& operator=(method_decoder&&) noexcept;

  // The payload of a method frame. Errors: errc::malformed_method.
  boost::system::result<server_method> decode(std::string_view payload);

  // For an error's text: "basic.get-ok (60.71)".
  static std::string name_of(std::string_view payload);

 private:
  struct memory; // rabbitmq-c's pool: recycled at the next decode, so that a delivery allocates nothing here
  std::unique_ptr<memory> memory_;
};

// Each appends whole frames to `out` and answers true; or, where a name or text is longer than its field can
// hold (255 bytes for short strings), answers false and leaves `out` as it was.
namespace encode {

struct login {
  std::string_view mechanism;
  std::string_view response;
};
[[nodiscard]] bool start_ok(std::string& out, const argument_list& client_properties, const login& with);
[[nodiscard]] bool tune_ok(std::string& out, std::uint16_t channel_max, std::uint32_t frame_max,
                           std::uint16_t heartbeat);
[[nodiscard]] bool connection_open(std::string& out, std::string_view virtual_host);
[[nodiscard]] bool connection_close(std::string& out, std::uint16_t code, std::string_view text);
[[nodiscard]] bool connection_close_ok(std::string& out);
[[nodiscard]] bool channel_open(std::string& out, channel_id channel);
[[nodiscard]] bool channel_close(std::string& out, channel_id channel, std::uint16_t code,
                                 std::string_view text);
[[nodiscard]] bool channel_close_ok(std::string& out, channel_id channel);
[[nodiscard]] bool confirm_select(std::string& out, channel_id channel);
[[nodiscard]] bool qos(std::string& out, channel_id channel, std::uint16_t prefetch_count);
[[nodiscard]] bool consume(std::string& out, channel_id channel, std::string_view queue,
                           std::string_view consumer_tag, const argument_list& arguments);
[[nodiscard]] bool cancel(std::string& out, channel_id channel, std::string_view consumer_tag);
[[nodiscard]] bool cancel_ok(std::string& out, channel_id channel, std::string_view consumer_tag);
[[nodiscard]] bool get(std::string& out, channel_id channel, std::string_view queue);
[[nodiscard]] bool ack(std::string& out, channel_id channel, delivery_tag tag, bool multiple);
[[nodiscard]] bool nack(std::string& out, channel_id channel, delivery_tag tag, bool multiple, bool requeue);
[[nodiscard]] bool declare(std::string& out, channel_id channel, const exchange_declaration& exchange);
[[nodiscard]] bool declare(std::string& out, channel_id channel, const queue_declaration& queue);
[[nodiscard]] bool bind(std::string& out, channel_id channel, const binding_declaration& binding);
[[nodiscard]] bool publish(std::string& out, channel_id channel, std::string_view exchange,
                           std::string_view routing_key, bool mandatory);

// Content header and body frames; the body is split so that no frame is larger than `frame_max`. REQUIRES:
// the properties fit a frame (content_properties_max).
void content(std::string& out, channel_id channel, std::string_view properties, std::string_view body,
             std::size_t frame_max);
void heartbeat(std::string& out);

constexpr std::size_t content_properties_max(std::size_t frame_max) {
  return frame_max - frame_overhead - content_head;
}

} // namespace encode

} // namespace postponed::proto
