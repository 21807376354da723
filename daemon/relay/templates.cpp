#include "relay/templates.hpp"

#include "proto/watermill.hpp"
#include "relay/arrival.hpp"

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

namespace {

address straight_to(std::string_view queue) {
  address result;
  result.routing_key = fit(std::string{queue}, result.cut);
  return result;
}

// The queue that a poisoned message's topic is mapped to.
const std::string* queue_of_topic(const route_parameters& route, std::string_view raw_properties) {
  if (route.topics.empty()) return nullptr;
  const auto poison = proto::poison_of(raw_properties);
  if (!poison) return nullptr;
  auto at = route.topics.find(poison->topic + "/" + poison->handler);
  if (at == route.topics.end()) at = route.topics.find(poison->topic);
  return at == route.topics.end() ? nullptr : &at->second;
}

} // namespace

address resolve(const route_parameters& route, const held_record& record) {
  const bool release = record.why == reason::none;
  if (release && record.to) {
    address result;
    result.exchange = record.to->exchange;
    result.routing_key = record.to->routing_key;
    return result;
  }
  if (release)
    if (const std::string* const queue = queue_of_topic(route, record.content.properties))
      return straight_to(*queue);
  const target& to = release ? route.release : route.dead_letter;
  if (to.queue) return straight_to(*to.queue);
  if (to.origin) {
    if (const auto queue = origin_of(route, record.content.properties)) return straight_to(*queue);
    address nowhere;
    nowhere.problem = reason::no_origin;
    nowhere.error = no_origin_text;
    return nowhere;
  }
  address result;
  const template_values values{route.name, route.queue, proto::to_string(record.why),
                               record.content.routing_key};
  result.exchange = to.exchange ? fit(expand(*to.exchange, values), result.cut) : record.content.exchange;
  result.routing_key =
      to.routing_key ? fit(expand(*to.routing_key, values), result.cut) : record.content.routing_key;
  return result;
}

} // namespace postponed::relay
