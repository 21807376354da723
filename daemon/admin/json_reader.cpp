#include "admin/json_reader.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cmath>

namespace postponed::admin {

namespace json = boost::json;

namespace {

json::string_view key_of(std::string_view text) {
  return {text.data(), text.size()};
}

std::string shown(const json::value& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  std::string text = json::serialize(value);
  constexpr std::size_t longest = 60;
  if (text.size() > longest) text = text.substr(0, longest) + "...";
  return text;
}

} // namespace

std::optional<json::object> body_object(std::string_view body, bool empty_is_object, std::string& wrong) {
  if (body.empty() && empty_is_object) return json::object{};
  if (body.empty()) {
    wrong = "the body must be a JSON object; {} means all of them";
    return std::nullopt;
  }
  boost::system::error_code error;
  json::value parsed = json::parse(key_of(body), error);
  if (error) {
    wrong = "the body is no JSON: " + error.message();
    return std::nullopt;
  }
  if (!parsed.is_object()) {
    wrong = "the body is " + shown(parsed) + ", and must be a JSON object";
    return std::nullopt;
  }
  return std::move(parsed.as_object());
}

bool no_body(std::string_view body, std::string& wrong) {
  if (const auto given = body_object(body, true, wrong)) json_reader{*given, "the request", {}, wrong};
  return wrong.empty();
}

json_reader::json_reader(const json::object& from, std::string_view called,
                         std::initializer_list<std::string_view> known, std::string& wrong)
    : from_{from}, called_{called}, wrong_{wrong} {
  for (const auto& each : from) {
    const std::string_view key{each.key().data(), each.key().size()};
    if (std::find(known.begin(), known.end(), key) != known.end() || !wrong_.empty()) continue;
    std::string list;
    for (const std::string_view name : known)
      list += (list.empty() ? "" : ", ") + std::string{name};
    wrong_ =
        called_ + " has no key \"" + std::string{key} + "\"; it may have " + (list.empty() ? "none" : list);
  }
}

const json::value* json_reader::find(std::string_view key) const {
  const json::value* const value = from_.if_contains(key_of(key));
  return value == nullptr || value->is_null() ? nullptr : value;
}

bool json_reader::has(std::string_view key) const {
  return find(key) != nullptr;
}

void json_reader::refuse_nulls() {
  for (const auto& each : from_)
    if (each.value().is_null() && wrong_.empty())
      wrong_ = std::string{each.key().data(), each.key().size()} + " in " + called_ +
               " is null; give it a value, or leave it out";
}

void json_reader::mistake(std::string_view key, std::string_view should_be) {
  if (!wrong_.empty()) return;
  const json::value* const value = find(key);
  wrong_ = std::string{key} + " in " + called_ + (value != nullptr ? " is " + shown(*value) + ", and" : "") +
           " must be " + std::string{should_be};
}

std::optional<std::string> json_reader::text(std::string_view key) {
  const json::value* const value = find(key);
  if (value == nullptr) return std::nullopt;
  if (const json::string* const text = value->if_string()) return std::string{text->data(), text->size()};
  mistake(key, "a string");
  return std::nullopt;
}

std::optional<std::uint64_t> json_reader::whole(std::string_view key) {
  const json::value* const value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_uint64() || (value->is_int64() && value->get_int64() >= 0))
    return value->to_number<std::uint64_t>();
  mistake(key, "a whole number, 0 or more");
  return std::nullopt;
}

std::optional<double> json_reader::positive(std::string_view key) {
  const json::value* const value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_number())
    if (const double number = value->to_number<double>(); number > 0 && std::isfinite(number)) return number;
  mistake(key, "a number, more than 0");
  return std::nullopt;
}

std::optional<bool> json_reader::flag(std::string_view key) {
  const json::value* const value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_bool()) return value->get_bool();
  mistake(key, "true or false");
  return std::nullopt;
}

const json::object* json_reader::object(std::string_view key) {
  const json::value* const value = find(key);
  if (value == nullptr) return nullptr;
  if (!value->is_object()) mistake(key, "an object");
  return value->if_object();
}

const json::array* json_reader::array(std::string_view key) {
  const json::value* const value = find(key);
  if (value == nullptr) return nullptr;
  if (!value->is_array()) mistake(key, "an array");
  return value->if_array();
}

} // namespace postponed::admin
