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

} // namespace postponed::cli
