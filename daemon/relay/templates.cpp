#include "relay/templates.hpp"

#include "proto/watermill.hpp"
#include "relay/arrival.hpp"

#include <utility>

namespace postponed::relay {

namespace {

constexpr std::size_t longest_name = 255; // AMQP short string

void fit(std::string& text, bool& cut) {
  if (text.size() <= longest_name) return;
  cut = true;
  std::size_t end = longest_name;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) // not inside a UTF-8 sequence
    --end;
  text.resize(end);
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

void straight_to(std::string_view queue, address& out) {
  out.routing_key.assign(queue);
  fit(out.routing_key, out.cut);
}

void fill(std::string& to, const std::string& text, const template_values& values, bool& cut) {
  if (text.find_first_of("{}") == text.npos)
    to.assign(text);
  else
    to = expand(text, values);
  fit(to, cut);
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

void resolve(const route_parameters& route, const held_record& record, address& out) {
  out.exchange.clear();
  out.routing_key.clear();
  out.error.clear();
  out.cut = false;
  out.problem = reason::none;
  const bool release = record.why == reason::none;
  if (release && record.to) {
    out.exchange = record.to->exchange;
    out.routing_key = record.to->routing_key;
    return;
  }
  if (release)
    if (const std::string* const queue = queue_of_topic(route, record.content.properties))
      return straight_to(*queue, out);
  const target& to = release ? route.release : route.dead_letter;
  if (to.queue) return straight_to(*to.queue, out);
  if (to.origin) {
    if (const auto queue = origin_of(route, record.content.properties)) return straight_to(*queue, out);
    out.problem = reason::no_origin;
    out.error = no_origin_text;
    return;
  }
  const template_values values{route.name, route.queue, proto::to_string(record.why),
                               record.content.routing_key};
  if (to.exchange)
    fill(out.exchange, *to.exchange, values, out.cut);
  else
    out.exchange = record.content.exchange;
  if (to.routing_key)
    fill(out.routing_key, *to.routing_key, values, out.cut);
  else
    out.routing_key = record.content.routing_key;
}

address resolve(const route_parameters& route, const held_record& record) {
  address result;
  resolve(route, record, result);
  return result;
}

} // namespace postponed::relay
