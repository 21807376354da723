#include "relay/argument_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace postponed::relay {

namespace {

struct in_words {
  bool is_array;
  std::string operator()(std::monostate) const { return "nothing"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), value).ptr;
    return std::string{digits.begin(), end};
  }
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(const proto::argument_list& value) const {
    if (!is_array) return "{" + list_text(value) + "}";
    std::string all;
    for (const proto::argument& each : value)
      all += (all.empty() ? "" : ", ") + value_text(each);
    return "[" + all + "]";
  }
};

const double* as_double(const proto::argument& of, double& room) {
  if (const auto* const whole = std::get_if<std::int64_t>(&of.value))
    room = static_cast<double>(*whole);
  else if (const auto* const real = std::get_if<double>(&of.value))
    room = *real;
  else
    return nullptr;
  return &room;
}

} // namespace

std::string value_text(const proto::argument& of) {
  return std::visit(in_words{of.is_array}, of.value);
}

std::string list_text(const proto::argument_list& of) {
  std::string all;
  for (const proto::argument& each : of)
    all += (all.empty() ? "" : ", ") + each.name + ": " + value_text(each);
  return all;
}

bool same_value(const proto::argument& a, const proto::argument& b) {
  const auto* const x = std::get_if<proto::argument_list>(&a.value);
  const auto* const y = std::get_if<proto::argument_list>(&b.value);
  if (x != nullptr && y != nullptr) {
    // JSON has one empty list for both.
    if (x->empty() && y->empty()) return true;
    if (a.is_array != b.is_array) return false;
    if (!a.is_array) return same_arguments(*x, *y);
    return std::equal(x->begin(), x->end(), y->begin(), y->end(), same_value);
  }
  if (a.value.index() == b.value.index()) return x == nullptr && value_text(a) == value_text(b);
  double room_a = 0, room_b = 0;
  const double* const number_a = as_double(a, room_a);
  const double* const number_b = as_double(b, room_b);
  return number_a != nullptr && number_b != nullptr && !(*number_a < *number_b) && !(*number_b < *number_a);
}

const proto::argument* find_argument(const proto::argument_list& in, std::string_view name) {
  const auto at = std::find_if(in.begin(), in.end(), [&](const auto& each) { return each.name == name; });
  return at == in.end() ? nullptr : &*at;
}

std::string text_of(const proto::argument_list& in, std::string_view name) {
  const proto::argument* const found = find_argument(in, name);
  const auto* const text = found == nullptr ? nullptr : std::get_if<std::string>(&found->value);
  return text == nullptr ? std::string{} : *text;
}

bool same_arguments(const proto::argument_list& a, const proto::argument_list& b) {
  return a.size() == b.size() && std::all_of(a.begin(), a.end(), [&](const proto::argument& each) {
           const proto::argument* const other = find_argument(b, each.name);
           return other != nullptr && same_value(each, *other);
         });
}

} // namespace postponed::relay
