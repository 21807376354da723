#include "cli/view_parts.hpp"

#include "cli/json_view.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace postponed::cli {

namespace json = boost::json;

namespace {

constexpr std::size_t deepest = 32; // levels that are indented; below, JSON in one line

void indent(const json::value& from, std::size_t depth, std::string& to) {
  const std::string space((depth + 1) * 2, ' ');
  const auto* const object = from.if_object();
  const auto* const array = from.if_array();
  if (depth >= deepest || ((object == nullptr || object->empty()) && (array == nullptr || array->empty()))) {
    to += json::serialize(from);
    return;
  }
  to += object != nullptr ? "{" : "[";
  bool first = true;
  const auto item = [&](const std::string& before, const json::value& value) {
    to += fmt::format("{}\n{}{}", first ? "" : ",", space, before);
    first = false;
    indent(value, depth + 1, to);
  };
  if (object != nullptr)
    for (const auto& each : *object)
      item(json::serialize(json::string{each.key()}) + ": ", each.value());
  else
    for (const json::value& each : *array)
      item("", each);
  to += "\n" + std::string(depth * 2, ' ') + (object != nullptr ? "}" : "]");
}

std::string pairs_view(const std::string& title, const json::object& from, const look& as) {
  if (from.empty()) return {};
  std::string to = heading(title, as);
  for (const auto& each : from)
    to +=
        fmt::format("  {}: {}\n", on_one_line({each.key().data(), each.key().size()}), text_of(each.value()));
  return to;
}

std::string body_view(const json::value& message, const look& as) {
  if (has(message, "body_base64")) return heading("body", as) + "  (no text; --json has it in base64)\n";
  const std::string body = raw_text_at(message, "body");
  if (body.empty()) return heading("body", as) + "  (empty)\n";
  boost::system::error_code error;
  const json::value parsed = json::parse(body, error);
  std::string shown;
  if (!error && parsed.is_structured())
    indent(parsed, 0, shown);
  else
    shown = body;
  return heading("body", as) + on_lines(shown) + "\n";
}

} // namespace

std::string dash(std::string text) {
  return text.empty() ? "-" : text;
}

std::string text_of(const json::value& value) {
  if (const json::string* const text = value.if_string()) return on_one_line({text->data(), text->size()});
  return on_one_line(json::serialize(value));
}

std::string coloured(std::string text, int colour, const look& as) {
  return as.bold ? fmt::format("\x1b[{}m{}\x1b[0m", colour, text) : text;
}

std::string heading(const std::string& text, const look& as) {
  return coloured(text + ":", 1, as) + "\n";
}

std::string time_with_relative(const json::value& from, std::string_view key, const look& as) {
  if (!has(from, key)) return {};
  return fmt::format("{} ({})", text_at(from, key), relative(raw_text_at(from, key), as.now));
}

std::string came_with(const json::value& from) {
  const std::string exchange = text_at(from, "exchange"), key = text_at(from, "routing_key");
  if (exchange.empty() && key.empty()) return {};
  return exchange.empty() ? "queue " + key : exchange + " / " + key;
}

std::string content_view(const json::value& message, const look& as) {
  return pairs_view("properties", object_at(message, "properties"), as) +
         pairs_view("headers", object_at(message, "headers"), as) + body_view(message, as);
}

void facts::add(std::string name, std::string value) {
  if (!value.empty()) all_.emplace_back(std::move(name), std::move(value));
}

std::string facts::text(const look& as) const {
  std::size_t width = 0;
  for (const auto& [name, value] : all_)
    width = std::max(width, name.size());
  std::string to;
  for (const auto& [name, value] : all_)
    to += coloured(name + ":", 1, as) + std::string(width - name.size() + 1, ' ') + value + "\n";
  return to;
}

} // namespace postponed::cli
