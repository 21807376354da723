#include "config/templates.hpp"

#include "config/patterns.hpp"

#include <algorithm>
#include <vector>

namespace postponed::config {

void check_template(reading& in, place at, const std::string& key, const std::string& text) {
  static const std::vector<std::string> known{"route", "queue", "reason", "routing_key"};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '{' && text[i] != '}') continue;
    if (i + 1 < text.size() && text[i + 1] == text[i]) {
      ++i;
      continue;
    }
    const std::size_t end = text[i] == '{' ? text.find('}', i) : std::string::npos;
    const std::string name = end == std::string::npos ? "" : text.substr(i + 1, end - i - 1);
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      in.error(at,
               key + " holds " + (name.empty() ? "a single brace" : "the unknown template {" + name + "}"),
               "use {route}, {queue}, {reason} or {routing_key}; {{ and }} are braces");
      return;
    }
    i = end;
  }
}

std::string expanded(const std::string& text, const route_settings& route) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = std::string_view{text}.substr(i);
    const auto is = [&](std::string_view name) { return rest.starts_with(name); };
    if (is("{{") || is("}}"))
      out += text[i++];
    else if (text[i] != '{')
      out += text[i];
    else {
      if (is("{route}"))
        out += route.name;
      else if (is("{queue}"))
        out += route.queue;
      else
        out += is("{reason}") ? any_word : any_text;
      i = std::min(text.find('}', i), text.size());
    }
  }
  return out;
}

} // namespace postponed::config
