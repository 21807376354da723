#include "admin/message_json.hpp"

#include "admin/text_forms.hpp"
#include "base/encodings.hpp"
#include "proto/field_text.hpp"
#include "proto/headers.hpp"
#include "proto/properties.hpp"

#include <boost/json/array.hpp>

#include <cmath>

namespace postponed::admin {

namespace json = boost::json;

namespace {

json::value bytes_json(std::string_view bytes) {
  if (is_utf8(bytes)) return json::string{bytes.data(), bytes.size()};
  return json::object{{"base64", base64(bytes)}};
}

json::value value_json(const proto::field& from);

// Read before (a whole table is checked to its depths), so it cannot fail.
json::value table_json(std::string_view table) {
  json::object to;
  if (const auto fields = proto::read_table(table))
    for (const proto::field& each : *fields)
      to[shown_text(each.name)] = value_json(each);
  return to;
}

json::value array_json(std::string_view array) {
  json::array to;
  if (const auto fields = proto::read_array(array))
    for (const proto::field& each : *fields)
      to.push_back(value_json(each));
  return to;
}

std::uint64_t octets(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes)
    value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

// The years that have four digits.
bool is_writable_time(std::int64_t seconds) {
  return seconds >= 0 && seconds < 253'402'300'800;
}

json::value time_json(std::int64_t seconds) {
  if (!is_writable_time(seconds)) return seconds;
  return json::string{proto::format_rfc3339(proto::wall_time{std::chrono::seconds{seconds}})};
}

json::value value_json(const proto::field& from) {
  if (const auto text = from.text()) return bytes_json(*text);
  if (const auto integer = from.integer())
    return from.type == 'T' ? time_json(*integer) : json::value(*integer);
  if (from.type == 'L' || from.type == 'T') return octets(from.value);
  if (const auto real = from.real()) {
    if (std::isfinite(*real)) return *real;
    return json::string{proto::text_of(from)}; // JSON has no number for it
  }
  if (const auto boolean = from.boolean()) return *boolean;
  if (const auto table = from.table()) return table_json(*table);
  if (const auto array = from.array()) return array_json(*array);
  return nullptr;
}

json::object properties_json(const proto::properties_view& from) {
  json::object to;
  const auto text = [&](const char* name, const std::optional<std::string_view>& value) {
    if (value) to[name] = bytes_json(*value);
  };
  text("content_type", from.content_type);
  text("content_encoding", from.content_encoding);
  if (from.delivery_mode) to["delivery_mode"] = *from.delivery_mode;
  if (from.priority) to["priority"] = *from.priority;
  text("correlation_id", from.correlation_id);
  text("reply_to", from.reply_to);
  text("expiration", from.expiration);
  text("message_id", from.message_id);
  if (from.timestamp && *from.timestamp <= static_cast<std::uint64_t>(INT64_MAX))
    to["timestamp"] = time_json(static_cast<std::int64_t>(*from.timestamp));
  else if (from.timestamp)
    to["timestamp"] = *from.timestamp;
  text("type", from.type);
  text("user_id", from.user_id);
  text("app_id", from.app_id);
  text("cluster_id", from.cluster_id);
  return to;
}

} // namespace

json::object message_json(const proto::message& from) {
  json::object to;
  to["exchange"] = shown_text(from.exchange);
  to["routing_key"] = shown_text(from.routing_key);
  const auto properties = proto::properties_view::parse(from.properties);
  const bool headers_read =
      properties && (!properties->headers || proto::read_table(*properties->headers).has_value());
  if (properties) to["properties"] = properties_json(*properties);
  if (headers_read) to["headers"] = properties->headers ? table_json(*properties->headers) : json::object{};
  if (!headers_read) to["raw_properties"] = base64(from.properties);
  if (is_utf8(from.body))
    to["body"] = from.body;
  else
    to["body_base64"] = base64(from.body);
  return to;
}

} // namespace postponed::admin
