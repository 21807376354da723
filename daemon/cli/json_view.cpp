#include "cli/json_view.hpp"

#include "cli/text.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace postponed::cli {

namespace json = boost::json;

namespace {

const json::value* found(const json::value& from, std::string_view key) {
  const json::object* const object = from.if_object();
  return object != nullptr ? object->if_contains({key.data(), key.size()}) : nullptr;
}

} // namespace

const json::object& object_at(const json::value& from, std::string_view key) {
  static const json::object none;
  const json::value* const value = found(from, key);
  return value != nullptr && value->is_object() ? value->get_object() : none;
}

const json::array& array_at(const json::value& from, std::string_view key) {
  static const json::array none;
  const json::value* const value = found(from, key);
  return value != nullptr && value->is_array() ? value->get_array() : none;
}

std::string raw_text_at(const json::value& from, std::string_view key) {
  const json::value* const value = found(from, key);
  if (value == nullptr || value->is_null() || value->is_structured()) return {};
  if (const json::string* const text = value->if_string()) return {text->data(), text->size()};
  if (value->is_double()) return fmt::format("{:.4g}", value->get_double());
  return json::serialize(*value);
}

std::string text_at(const json::value& from, std::string_view key) {
  return on_one_line(raw_text_at(from, key));
}

std::uint64_t number_at(const json::value& from, std::string_view key) {
  const json::value* const value = found(from, key);
  if (value == nullptr) return 0;
  if (value->is_uint64()) return value->get_uint64();
  if (value->is_int64()) return value->get_int64() > 0 ? static_cast<std::uint64_t>(value->get_int64()) : 0;
  if (value->is_double())
    return value->get_double() > 0 ? static_cast<std::uint64_t>(value->get_double()) : 0;
  return 0;
}

bool flag_at(const json::value& from, std::string_view key) {
  const json::value* const value = found(from, key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

bool has(const json::value& from, std::string_view key) {
  const json::value* const value = found(from, key);
  return value != nullptr && !value->is_null();
}

std::string json_line(std::string serialized) {
  std::string to;
  for (std::size_t at = 0; at < serialized.size(); ++at) {
    const auto octet = static_cast<unsigned char>(serialized[at]);
    const unsigned char next =
        at + 1 < serialized.size() ? static_cast<unsigned char>(serialized[at + 1]) : 0;
    if (octet == 0x7F) {
      to += "\\u007f";
    } else if (octet == 0xC2 && next >= 0x80 && next < 0xA0) {
      to += fmt::format("\\u{:04x}", next);
      ++at;
    } else {
      to += serialized[at];
    }
  }
  return to + "\n";
}

std::string json_line(const json::value& value) {
  return json_line(json::serialize(value));
}

} // namespace postponed::cli
