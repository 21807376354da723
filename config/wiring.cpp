#include "config/wiring.hpp"

#include "config/patterns.hpp"

#include <algorithm>

namespace postponed::config {

namespace {

enum class answer { no, unknown, yes };

// One header that a binding asks for.
answer has_header(const argument& asked, const std::string& route) {
  if (asked.name != "postponed-route" || route.empty()) return answer::unknown;
  const auto* const text = std::get_if<std::string>(&asked.value);
  const bool any_value = std::holds_alternative<std::monostate>(asked.value);
  return any_value || (text != nullptr && *text == route) ? answer::yes : answer::no;
}

// As the broker does it: all that are asked for, or any; those named x-.. count with all-with-x and
// any-with-x only. A binding that asks for nothing takes every message, but with any none.
answer headers_match(const arguments& asked, const std::string& route) {
  const std::string* const how = text_argument(asked, "x-match");
  const bool any = how != nullptr && how->starts_with("any");
  const bool with_x = how != nullptr && how->ends_with("-with-x");
  answer all = any ? answer::no : answer::yes;
  for (const argument& each : asked) {
    if (each.name == "x-match" || (each.name.starts_with("x-") && !with_x)) continue;
    const answer one = has_header(each, route);
    all = any ? std::max(all, one) : std::min(all, one);
  }
  return all;
}

} // namespace

const std::string* text_argument(const arguments& of, const std::string& name) {
  for (const argument& each : of)
    if (each.name == name) return std::get_if<std::string>(&each.value);
  return nullptr;
}

wiring::wiring(const settings& all) {
  for (const exchange_settings& each : all.topology.exchanges)
    exchanges_.emplace(each.name, &each);
  for (const queue_settings& each : all.topology.queues)
    queues_.emplace(each.name, &each);
  for (const binding_settings& each : all.topology.bindings)
    bindings_[each.exchange].push_back(&each);
}

std::string wiring::type_of(const std::string& exchange) const {
  if (const auto found = exchanges_.find(exchange); found != exchanges_.end()) return found->second->type;
  if (exchange == "amq.match") return "headers"; // its other name
  for (const char* own : {"direct", "fanout", "topic", "headers"})
    if (exchange == std::string{"amq."} + own) return own;
  return "";
}

wiring::reach wiring::reached_by(const std::string& exchange, const std::string& key,
                                 const std::string& route) const {
  reach result;
  if (exchange.empty()) {
    // To the queue named by the key. Were that any of them, each would be on a loop.
    result.complete = is_fixed(key);
    if (result.complete) result.queues.push_back({key});
    return result;
  }
  const std::string type = type_of(exchange);
  const auto bindings = bindings_.find(exchange);
  if (type != "direct" && type != "fanout" && type != "topic" && type != "headers") {
    result.complete = false;
    return result;
  }
  if (bindings == bindings_.end()) return result;
  for (const binding_settings* const each : bindings->second) {
    answer match = answer::yes;
    if (type == "direct")
      match = may_be(each->routing_key, key) ? answer::yes : answer::no;
    else if (type == "topic")
      match = topic_may_match(each->routing_key, key) ? answer::yes : answer::no;
    else if (type == "headers")
      match = headers_match(each->args, route);
    if (match == answer::unknown) result.complete = false;
    if (match != answer::no) result.queues.push_back({each->queue, match == answer::yes});
  }
  return result;
}

std::vector<std::string> wiring::exchanges_of(const std::string& queue) const {
  std::vector<std::string> result;
  for (const auto& [exchange, bindings] : bindings_)
    if (std::any_of(bindings.begin(), bindings.end(), [&](const auto* each) { return each->queue == queue; }))
      result.push_back(exchange);
  return result;
}

std::optional<wiring::dying> wiring::dying_of(const std::string& name) const {
  const queue_settings* const found = queue(name);
  const std::string* const to =
      found == nullptr ? nullptr : text_argument(found->args, "x-dead-letter-exchange");
  if (to == nullptr) return std::nullopt;
  dying result{*to, std::nullopt};
  if (const std::string* const key = text_argument(found->args, "x-dead-letter-routing-key"))
    result.routing_key = *key;
  return result;
}

const queue_settings* wiring::queue(const std::string& name) const {
  const auto found = queues_.find(name);
  return found == queues_.end() ? nullptr : found->second;
}

} // namespace postponed::config
