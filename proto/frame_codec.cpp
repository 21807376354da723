#include "proto/frame_codec.hpp"

#include "proto/errors.hpp"
#include "proto/octets.hpp"

#include <amqp.h>
#include <amqp_framing.h>

#include <utility>

namespace postponed::proto {

namespace {

std::string_view view_of(amqp_bytes_t bytes) {
  return bytes.len == 0 ? std::string_view{}
                        : std::string_view{static_cast<const char*>(bytes.bytes), bytes.len};
}

// rabbitmq-c has no const bytes; it only reads what it encodes and decodes.
amqp_bytes_t bytes_of(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())}; // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

std::string_view text_field(const amqp_table_t& table, std::string_view name) {
  for (int i = 0; i < table.num_entries; ++i) {
    const amqp_table_entry_t& entry = table.entries[i];
    if (view_of(entry.key) == name && entry.value.kind == AMQP_FIELD_KIND_UTF8)
      return view_of(entry.value.value.bytes);
  }
  return {};
}

// connection.update-secret and its -ok: RabbitMQ's, unknown to rabbitmq-c 0.11.
constexpr amqp_method_number_t update_secret = 0x000A0046, update_secret_ok = 0x000A0047;

server_method method_of(amqp_method_number_t number, const void* decoded) {
  switch (number) {
  case AMQP_CONNECTION_START_METHOD: {
    const auto& m = *static_cast<const amqp_connection_start_t*>(decoded);
    return method::connection_start{m.version_major, m.version_minor, view_of(m.mechanisms),
                                    text_field(m.server_properties, "product"),
                                    text_field(m.server_properties, "version")};
  }
  case AMQP_CONNECTION_SECURE_METHOD:
    return method::connection_secure{};
  case AMQP_CONNECTION_TUNE_METHOD: {
    const auto& m = *static_cast<const amqp_connection_tune_t*>(decoded);
    return method::connection_tune{m.channel_max, m.frame_max, m.heartbeat};
  }
  case AMQP_CONNECTION_OPEN_OK_METHOD:
    return method::connection_open_ok{};
  case AMQP_CONNECTION_CLOSE_METHOD: {
    const auto& m = *static_cast<const amqp_connection_close_t*>(decoded);
    return method::connection_close{m.reply_code, view_of(m.reply_text)};
  }
  case AMQP_CONNECTION_CLOSE_OK_METHOD:
    return method::connection_close_ok{};
  case AMQP_CONNECTION_BLOCKED_METHOD:
    return method::connection_blocked{
        view_of(static_cast<const amqp_connection_blocked_t*>(decoded)->reason)};
  case AMQP_CONNECTION_UNBLOCKED_METHOD:
    return method::connection_unblocked{};
  case AMQP_CHANNEL_OPEN_OK_METHOD:
    return method::channel_open_ok{};
  case AMQP_CHANNEL_CLOSE_METHOD: {
    const auto& m = *static_cast<const amqp_channel_close_t*>(decoded);
    return method::channel_close{m.reply_code, view_of(m.reply_text)};
  }
  case AMQP_CHANNEL_CLOSE_OK_METHOD:
    return method::channel_close_ok{};
  case AMQP_CONFIRM_SELECT_OK_METHOD:
    return method::confirm_select_ok{};
  case AMQP_EXCHANGE_DECLARE_OK_METHOD:
    return method::exchange_declare_ok{};
  case AMQP_QUEUE_DECLARE_OK_METHOD: {
    const auto& m = *static_cast<const amqp_queue_declare_ok_t*>(decoded);
    return method::queue_declare_ok{view_of(m.queue), m.message_count, m.consumer_count};
  }
  case AMQP_QUEUE_BIND_OK_METHOD:
    return method::queue_bind_ok{};
  case AMQP_BASIC_QOS_OK_METHOD:
    return method::basic_qos_ok{};
  case AMQP_BASIC_CONSUME_OK_METHOD:
    return method::basic_consume_ok{
        view_of(static_cast<const amqp_basic_consume_ok_t*>(decoded)->consumer_tag)};
  case AMQP_BASIC_CANCEL_METHOD: {
    const auto& m = *static_cast<const amqp_basic_cancel_t*>(decoded);
    return method::basic_cancel{view_of(m.consumer_tag), m.nowait != 0};
  }
  case AMQP_BASIC_CANCEL_OK_METHOD:
    return method::basic_cancel_ok{
        view_of(static_cast<const amqp_basic_cancel_ok_t*>(decoded)->consumer_tag)};
  case AMQP_BASIC_DELIVER_METHOD: {
    const auto& m = *static_cast<const amqp_basic_deliver_t*>(decoded);
    return method::basic_deliver{view_of(m.consumer_tag), m.delivery_tag, m.redelivered != 0,
                                 view_of(m.exchange), view_of(m.routing_key)};
  }
  case AMQP_BASIC_GET_OK_METHOD: {
    const auto& m = *static_cast<const amqp_basic_get_ok_t*>(decoded);
    return method::basic_get_ok{m.delivery_tag, m.redelivered != 0, view_of(m.exchange),
                                view_of(m.routing_key), m.message_count};
  }
  case AMQP_BASIC_GET_EMPTY_METHOD:
    return method::basic_get_empty{};
  case AMQP_BASIC_RETURN_METHOD: {
    const auto& m = *static_cast<const amqp_basic_return_t*>(decoded);
    return method::basic_return{m.reply_code, view_of(m.reply_text), view_of(m.exchange),
                                view_of(m.routing_key)};
  }
  case AMQP_BASIC_ACK_METHOD: {
    const auto& m = *static_cast<const amqp_basic_ack_t*>(decoded);
    return method::basic_ack{m.delivery_tag, m.multiple != 0};
  }
  case AMQP_BASIC_NACK_METHOD: {
    const auto& m = *static_cast<const amqp_basic_nack_t*>(decoded);
    return method::basic_nack{m.delivery_tag, m.multiple != 0};
  }
  default:
    return method::other{};
  }
}

} // namespace

struct method_decoder::memory {
  memory() { init_amqp_pool(&pool, 4096); }
  ~memory() { empty_amqp_pool(&pool); }
  memory(const memory&) = delete;
  memory& operator=(const memory&) = delete;
  amqp_pool_t pool{};
};

method_decoder::method_decoder() : memory_{std::make_unique<memory>()} {}
method_decoder::~method_decoder() = default;
method_decoder::method_decoder(method_decoder&&) noexcept = default;
method_decoder& method_decoder::operator=(method_decoder&&) noexcept = default;

boost::system::result<server_method> method_decoder::decode(std::string_view payload) {
  if (payload.size() < 4) return make_error_code(errc::malformed_method);
  const auto number = load_octets<std::uint32_t>(payload);
  if (number == update_secret || number == update_secret_ok) return method::connection_update_secret{};
  if (amqp_method_name(number) == nullptr) return method::other{};
  recycle_amqp_pool(&memory_->pool);
  void* decoded = nullptr;
  if (amqp_decode_method(number, &memory_->pool, bytes_of(payload.substr(4)), &decoded) != AMQP_STATUS_OK)
    return make_error_code(errc::malformed_method);
  return method_of(number, decoded);
}

std::string method_decoder::name_of(std::string_view payload) {
  if (payload.size() < 4) return "no method";
  const auto number = load_octets<std::uint32_t>(payload);
  const char* const known =
      number == update_secret ? "AMQP_CONNECTION_UPDATE_SECRET_METHOD" : amqp_method_name(number);
  const std::string numbers = std::to_string(number >> 16) + "." + std::to_string(number & 0xFFFF);
  return known != nullptr ? std::string{known} + " (" + numbers + ")" : "method " + numbers;
}

} // namespace postponed::proto
