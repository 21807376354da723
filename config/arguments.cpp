#include "config/arguments.hpp"

#include <algorithm>

namespace postponed::config {

namespace {

constexpr int deepest = 16;              // also ends an alias that holds itself
constexpr std::size_t longest_key = 255; // AMQP short string

bool is_string(const YAML::Node& node) {
  return node.Tag() == "!" || node.Tag() == "tag:yaml.org,2002:str"; // "!" is yaml-cpp's mark of quotes
}

bool is_integer(const std::string& text) {
  const std::size_t sign = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  return text.size() > sign && text.find_first_not_of("0123456789", sign) == std::string::npos;
}

bool read_map(reading& in, const YAML::Node& map, arguments& into, int depth);

// False where the nesting is too deep: then all stops, for an alias may multiply what is below it.
bool read_value(reading& in, const YAML::Node& node, argument& into, int depth) {
  if (depth > deepest) {
    in.error(place_of(node), "arguments nest deeper than " + std::to_string(deepest) + " levels",
             "make them flatter; an alias must not hold itself");
    return false;
  }
  if (node.IsNull()) return true;
  if (node.IsMap()) {
    arguments nested;
    const bool fits = read_map(in, node, nested, depth + 1);
    into.value = std::move(nested);
    return fits;
  }
  if (node.IsSequence()) {
    arguments nested;
    into.is_array = true;
    for (const YAML::Node& each : node)
      if (!read_value(in, each, nested.emplace_back(), depth + 1)) return false;
    into.value = std::move(nested);
    return true;
  }
  const auto text = scalar_of(in, node, "an argument");
  if (!text) return true;
  double real = 0;
  if (is_string(node))
    into.value = *text;
  else if (const auto flag = boolean_of(*text))
    into.value = *flag;
  else if (const auto whole = integer_of(text->starts_with('+') ? text->substr(1) : *text))
    into.value = *whole;
  else if (is_integer(*text))
    in.error(place_of(node), "an integer beyond 64 bits",
             "write a smaller one, or quote it to make it a string");
  else if (YAML::convert<double>::decode(YAML::Node{*text}, real))
    into.value = real;
  else
    into.value = *text;
  return true;
}

bool read_map(reading& in, const YAML::Node& map, arguments& into, int depth) {
  for (const auto& entry : map) {
    const place at = place_of(entry.first);
    if (!entry.first.IsScalar() || entry.first.Scalar().empty()) {
      in.error(at, "the name of an argument should be one word", "write name: value");
      continue;
    }
    argument& to = into.emplace_back();
    to.name = entry.first.Scalar();
    if (to.name.size() > longest_key)
      in.error(at, "the name of an argument is longer than 255 bytes", "shorten it");
    const auto same = [&](const argument& each) { return each.name == to.name; };
    if (std::any_of(into.begin(), into.end() - 1, same))
      in.error(at, "the argument " + to.name + " stands twice", "keep one of them");
    if (!read_value(in, entry.second, to, depth)) return false;
  }
  return true;
}

} // namespace

void read_arguments(reading& in, const YAML::Node& map, arguments& into) {
  read_map(in, map, into, 1);
}

place place_in(const YAML::Node& map, const std::string& key) {
  for (const auto& entry : map)
    if (entry.first.IsScalar() && entry.first.Scalar() == key) return place_of(entry.second);
  return place_of(map);
}

} // namespace postponed::config
