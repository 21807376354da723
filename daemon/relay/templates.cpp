#include "relay/templates.hpp"

#include <utility>

namespace postponed::relay {

namespace {

constexpr std::size_t longest_name = 255; // AMQP short string

std::string fit(std::string text, bool& cut) {
  if (text.size() <= longest_name) return text;
  cut = true;
  std::size_t end = longest_name;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) // not inside a UTF-8 sequence
    --end;
  text.resize(end);
  return text;
}

} // namespace

std::string expand(std::string_view text, const template_values& values) {
  const std::pair<std::string_view, std::string_view> names[] = {{"{route}", values.route},
                                                                 {"{queue}", values.queue},
                                                                 {"{reason}", values.reason},
                                                                 {"{routing_key}", values.routing_key}};
  std::string out;
  while (!text.empty()) {
    if (text.starts_with("{{") || text.starts_with("}}")) {
      out += text.front();
      text.remove_prefix(2);
      continue;
    }
    bool replaced = false;
    if (text.front() == '{') {
      for (const auto& [name, value] : names) {
        if (!text.starts_with(name)) continue;
        out += value;
        text.remove_prefix(name.size());
        replaced = true;
        break;
      }
    }
    if (!replaced) {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

address resolve(const route_parameters& route, const held_record& record) {
  const target& to = record.why == reason::none ? route.release : route.dead_letter;
  address result;
  if (to.queue) {
    result.routing_key = fit(*to.queue, result.cut);
    return result;
  }
  const template_values values{route.name, route.queue, proto::to_string(record.why),
                               record.content.routing_key};
  result.exchange = to.exchange ? fit(expand(*to.exchange, values), result.cut) : record.content.exchange;
  result.routing_key =
      to.routing_key ? fit(expand(*to.routing_key, values), result.cut) : record.content.routing_key;
  return result;
}

} // namespace postponed::relay
