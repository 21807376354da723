// The encoding half of frame_codec.

#include "proto/frame_codec.hpp"
#include "proto/octets.hpp"

#include <amqp.h>
#include <amqp_framing.h>

#include <algorithm>
#include <deque>
#include <vector>

namespace postponed::proto {

namespace {

// rabbitmq-c has no const bytes; it only reads what it encodes and decodes.
amqp_bytes_t bytes_of(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())}; // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

void append_frame_head(std::string& out, std::uint8_t type, channel_id channel, std::size_t payload) {
  append_octets(out, type);
  append_octets(out, channel);
  append_octets(out, static_cast<std::uint32_t>(payload));
}

// An argument_list as rabbitmq-c has it. It points into the list; entries stay where they are (deque).
class c_table {
 public:
  explicit c_table(const argument_list& from) : table_{table_of(from)} {}
  const amqp_table_t& get() const { return table_; }
  std::size_t size() const { return size_; } // not less than the bytes that encoding it takes
  // rabbitmq-c cuts the length of a longer name to an octet, and the frame would go wrong.
  bool names_fit() const { return longest_name_ <= 255; }

 private:
  amqp_table_t table_of(const argument_list& from) {
    auto& entries = entries_.emplace_back();
    entries.reserve(from.size());
    for (const argument& each : from) {
      entries.push_back({bytes_of(each.name), value_of(each)});
      size_ += each.name.size() + 1;
      longest_name_ = std::max(longest_name_, each.name.size());
    }
    size_ += 4;
    return {static_cast<int>(entries.size()), entries.data()};
  }

  amqp_array_t array_of(const argument_list& from) {
    auto& values = values_.emplace_back();
    values.reserve(from.size());
    for (const argument& each : from)
      values.push_back(value_of(each));
    size_ += 4;
    return {static_cast<int>(values.size()), values.data()};
  }

  amqp_field_value_t value_of(const argument& from) {
    amqp_field_value_t to{};
    size_ += 1 + 8; // the type and the largest fixed value, or the length of a string
    to.kind = AMQP_FIELD_KIND_VOID;
    if (const auto* boolean = std::get_if<bool>(&from.value)) {
      to.kind = AMQP_FIELD_KIND_BOOLEAN;
      to.value.boolean = *boolean ? 1 : 0;
    } else if (const auto* integer = std::get_if<std::int64_t>(&from.value)) {
      to.kind = AMQP_FIELD_KIND_I64;
      to.value.i64 = *integer;
    } else if (const auto* real = std::get_if<double>(&from.value)) {
      to.kind = AMQP_FIELD_KIND_F64;
      to.value.f64 = *real;
    } else if (const auto* text = std::get_if<std::string>(&from.value)) {
      to.kind = AMQP_FIELD_KIND_UTF8;
      to.value.bytes = bytes_of(*text);
      size_ += text->size();
    } else if (const auto* list = std::get_if<argument_list>(&from.value)) {
      to.kind = from.is_array ? AMQP_FIELD_KIND_ARRAY : AMQP_FIELD_KIND_TABLE;
      if (from.is_array)
        to.value.array = array_of(*list);
      else
        to.value.table = table_of(*list);
    }
    return to;
  }

  std::deque<std::vector<amqp_table_entry_t>> entries_;
  std::deque<std::vector<amqp_field_value_t>> values_;
  std::size_t size_ = 0, longest_name_ = 0;
  amqp_table_t table_; // last: made with the members above
};

// A method frame, encoded where it is to stand. `room`: not less than its strings and tables take; the fixed
// fields of every method that we send take less than 32 bytes beside them.
template <typename Method>
bool append_method(std::string& out, channel_id channel, amqp_method_number_t number, std::size_t room,
                   Method fields) {
  const std::size_t start = out.size();
  const std::size_t fields_at = start + frame_head + 4;
  append_frame_head(out, frame_type::method, channel, 0);
  append_octets(out, std::uint32_t{number});
  out.resize(fields_at + room + 32);
  const int size = amqp_encode_method(number, &fields, {room + 31, out.data() + fields_at});
  if (size < 0) {
    out.resize(start);
    return false;
  }
  const auto payload = 4 + static_cast<std::uint32_t>(size);
  for (std::size_t i = 0; i < 4; ++i)
    out[start + 3 + i] = static_cast<char>((payload >> (24 - 8 * i)) & 0xFF);
  out.resize(fields_at + static_cast<std::size_t>(size));
  out += frame_end;
  return true;
}

template <typename Method>
bool append_bare(std::string& out, channel_id channel, amqp_method_number_t number) {
  return append_method(out, channel, number, 0, Method{});
}

void append_frame(std::string& out, std::uint8_t type, channel_id channel, std::string_view payload) {
  append_frame_head(out, type, channel, payload.size());
  out += payload;
  out += frame_end;
}

} // namespace

namespace encode {

bool start_ok(std::string& out, const argument_list& client_properties, const login& with) {
  const c_table properties{client_properties};
  return properties.names_fit() &&
         append_method(out, 0, AMQP_CONNECTION_START_OK_METHOD,
                       properties.size() + with.mechanism.size() + with.response.size(),
                       amqp_connection_start_ok_t{properties.get(), bytes_of(with.mechanism),
                                                  bytes_of(with.response), bytes_of("en_US")});
}

bool tune_ok(std::string& out, std::uint16_t channel_max, std::uint32_t frame_max, std::uint16_t heartbeat) {
  return append_method(out, 0, AMQP_CONNECTION_TUNE_OK_METHOD, 0,
                       amqp_connection_tune_ok_t{channel_max, frame_max, heartbeat});
}

bool connection_open(std::string& out, std::string_view virtual_host) {
  return append_method(out, 0, AMQP_CONNECTION_OPEN_METHOD, virtual_host.size(),
                       amqp_connection_open_t{bytes_of(virtual_host), amqp_empty_bytes, 1});
}

bool connection_close(std::string& out, std::uint16_t code, std::string_view text) {
  return append_method(out, 0, AMQP_CONNECTION_CLOSE_METHOD, text.size(),
                       amqp_connection_close_t{code, bytes_of(text), 0, 0});
}

bool connection_close_ok(std::string& out) {
  return append_bare<amqp_connection_close_ok_t>(out, 0, AMQP_CONNECTION_CLOSE_OK_METHOD);
}

bool channel_open(std::string& out, channel_id channel) {
  return append_bare<amqp_channel_open_t>(out, channel, AMQP_CHANNEL_OPEN_METHOD);
}

bool channel_close(std::string& out, channel_id channel, std::uint16_t code, std::string_view text) {
  return append_method(out, channel, AMQP_CHANNEL_CLOSE_METHOD, text.size(),
                       amqp_channel_close_t{code, bytes_of(text), 0, 0});
}

bool channel_close_ok(std::string& out, channel_id channel) {
  return append_bare<amqp_channel_close_ok_t>(out, channel, AMQP_CHANNEL_CLOSE_OK_METHOD);
}

bool confirm_select(std::string& out, channel_id channel) {
  return append_bare<amqp_confirm_select_t>(out, channel, AMQP_CONFIRM_SELECT_METHOD);
}

bool qos(std::string& out, channel_id channel, std::uint16_t prefetch_count) {
  return append_method(out, channel, AMQP_BASIC_QOS_METHOD, 0, amqp_basic_qos_t{0, prefetch_count, 0});
}

bool consume(std::string& out, channel_id channel, std::string_view queue, std::string_view consumer_tag,
             const argument_list& arguments) {
  const c_table table{arguments};
  amqp_basic_consume_t fields{};
  fields.queue = bytes_of(queue);
  fields.consumer_tag = bytes_of(consumer_tag);
  fields.arguments = table.get();
  return table.names_fit() && append_method(out, channel, AMQP_BASIC_CONSUME_METHOD,
                                            table.size() + queue.size() + consumer_tag.size(), fields);
}

bool cancel(std::string& out, channel_id channel, std::string_view consumer_tag) {
  return append_method(out, channel, AMQP_BASIC_CANCEL_METHOD, consumer_tag.size(),
                       amqp_basic_cancel_t{bytes_of(consumer_tag), 0});
}

bool cancel_ok(std::string& out, channel_id channel, std::string_view consumer_tag) {
  return append_method(out, channel, AMQP_BASIC_CANCEL_OK_METHOD, consumer_tag.size(),
                       amqp_basic_cancel_ok_t{bytes_of(consumer_tag)});
}

bool get(std::string& out, channel_id channel, std::string_view queue) {
  return append_method(out, channel, AMQP_BASIC_GET_METHOD, queue.size(),
                       amqp_basic_get_t{0, bytes_of(queue), 0});
}

bool ack(std::string& out, channel_id channel, delivery_tag tag, bool multiple) {
  return append_method(out, channel, AMQP_BASIC_ACK_METHOD, 0, amqp_basic_ack_t{tag, multiple ? 1 : 0});
}

bool nack(std::string& out, channel_id channel, delivery_tag tag, bool multiple, bool requeue) {
  return append_method(out, channel, AMQP_BASIC_NACK_METHOD, 0,
                       amqp_basic_nack_t{tag, multiple ? 1 : 0, requeue ? 1 : 0});
}

bool declare(std::string& out, channel_id channel, const exchange_declaration& exchange) {
  const c_table table{exchange.arguments};
  amqp_exchange_declare_t fields{};
  fields.exchange = bytes_of(exchange.name);
  fields.type = bytes_of(exchange.type);
  fields.passive = exchange.passive;
  fields.durable = exchange.durable;
  fields.auto_delete = exchange.auto_delete;
  fields.internal = exchange.internal;
  fields.arguments = table.get();
  return table.names_fit() &&
         append_method(out, channel, AMQP_EXCHANGE_DECLARE_METHOD,
                       table.size() + exchange.name.size() + exchange.type.size(), fields);
}

bool declare(std::string& out, channel_id channel, const queue_declaration& queue) {
  const c_table table{queue.arguments};
  amqp_queue_declare_t fields{};
  fields.queue = bytes_of(queue.name);
  fields.passive = queue.passive;
  fields.durable = queue.durable;
  fields.exclusive = queue.exclusive;
  fields.auto_delete = queue.auto_delete;
  fields.arguments = table.get();
  return table.names_fit() &&
         append_method(out, channel, AMQP_QUEUE_DECLARE_METHOD, table.size() + queue.name.size(), fields);
}

bool bind(std::string& out, channel_id channel, const binding_declaration& binding) {
  const c_table table{binding.arguments};
  amqp_queue_bind_t fields{};
  fields.queue = bytes_of(binding.queue);
  fields.exchange = bytes_of(binding.exchange);
  fields.routing_key = bytes_of(binding.routing_key);
  fields.arguments = table.get();
  return table.names_fit() && append_method(out, channel, AMQP_QUEUE_BIND_METHOD,
                                            table.size() + binding.queue.size() + binding.exchange.size() +
                                                binding.routing_key.size(),
                                            fields);
}

bool publish(std::string& out, channel_id channel, std::string_view exchange, std::string_view routing_key,
             bool mandatory) {
  return append_method(
      out, channel, AMQP_BASIC_PUBLISH_METHOD, exchange.size() + routing_key.size(),
      amqp_basic_publish_t{0, bytes_of(exchange), bytes_of(routing_key), mandatory ? 1 : 0, 0});
}

void content(std::string& out, channel_id channel, std::string_view properties, std::string_view body,
             std::size_t frame_max) {
  append_frame_head(out, frame_type::header, channel, content_head + properties.size());
  append_octets(out, basic_class);
  append_octets(out, std::uint16_t{0}); // weight: unused
  append_octets(out, static_cast<std::uint64_t>(body.size()));
  out += properties;
  out += frame_end;
  const std::size_t most = frame_max - frame_overhead;
  // Of a large body, growing frame by frame would take up to twice the room.
  if (body.size() > most) out.reserve(out.size() + body.size() + (body.size() / most + 1) * frame_overhead);
  for (; !body.empty(); body.remove_prefix(std::min(most, body.size())))
    append_frame(out, frame_type::body, channel, body.substr(0, most));
}

void heartbeat(std::string& out) {
  append_frame(out, frame_type::heartbeat, 0, {});
}

} // namespace encode

} // namespace postponed::proto
