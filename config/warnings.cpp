#include "config/warnings.hpp"

#include "config/patterns.hpp"
#include "config/templates.hpp"
#include "config/wiring.hpp"

#include <algorithm>

namespace postponed::config {

namespace {

bool says(const queue_settings& queue, const std::string& name, const std::string& value) {
  const std::string* const text = text_argument(queue.args, name);
  return text != nullptr && *text == value;
}

// The broker drops what dies when its exchange is missing, and falls back from at-least-once, both silently.
void look_at_queue(reading& in, const wiring& wires, const queue_settings& queue) {
  const auto dying = wires.dying_of(queue.name);
  if (dying && !dying->exchange.empty() && !dying->exchange.starts_with("amq.") &&
      !wires.lists_exchange(dying->exchange))
    in.warning(queue.at,
               "queue " + queue.name + " dead-letters to the exchange " + dying->exchange +
                   ", which this file does not list",
               "list it under topology.exchanges; where there is none, the broker drops what dies");
  if (!says(queue, "x-dead-letter-strategy", "at-least-once")) return;
  const std::string asked = "queue " + queue.name + " asks for at-least-once dead-lettering";
  if (!says(queue, "x-queue-type", "quorum"))
    in.warning(queue.at, asked + ", which only quorum queues have",
               "add type: quorum and x-overflow: reject-publish, or remove x-dead-letter-strategy");
  else if (!says(queue, "x-overflow", "reject-publish"))
    in.warning(queue.at, asked + ", and falls back to at-most-once with its x-overflow",
               "add x-overflow: reject-publish");
}

bool comes_to(const wiring::reach& reach, const std::string& queue) {
  return std::any_of(reach.queues.begin(), reach.queues.end(),
                     [&](const wiring::target& each) { return each.queue == queue; });
}

// The queues that a route is known to release to.
std::vector<std::string> released_to(const wiring& wires, const route_settings& route) {
  const release_settings& to = route.release;
  if (to.queue) return {*to.queue};
  std::vector<std::string> queues;
  if (const std::string exchange = expanded(to.exchange.value_or(""), route);
      to.exchange && is_fixed(exchange))
    for (const auto& each :
         wires.reached_by(exchange, expanded(to.routing_key.value_or("{routing_key}"), route), route.name)
             .queues)
      queues.push_back(each.queue);
  return queues;
}

// A route that retries, and no failure ever comes to it. Where the file says nothing about dead letters at
// all, policies do.
void look_at_retry(reading& in, const settings& all, const wiring& wires, std::size_t which) {
  const route_settings& route = all.routes[which];
  // Watermill's applications publish their failures themselves.
  if (!route.retry || route.speaks == dialect::watermill) return;
  bool expected = false;
  for (const queue_settings& each : all.topology.queues) {
    const auto dying = wires.dying_of(each.name);
    if (!dying) continue;
    expected = true;
    const auto reach =
        wires.reached_by(dying->exchange, dying->routing_key.value_or(std::string{any_text}), "");
    if (!reach.complete || comes_to(reach, route.queue)) return;
  }
  for (const std::string& each : released_to(wires, route))
    expected = expected || wires.queue(each) != nullptr;
  if (expected)
    in.warning(in.routes[which].queue,
               "route " + route.name + " retries, and no queue of this file dead-letters to its intake " +
                   route.queue,
               "give the queue of its consumers an x-dead-letter-exchange that leads there, unless a policy "
               "on the broker does");
}

// Dead letters that would stay held, for want of a binding. Once for each, with the first route.
void look_at_letter(reading& in, const settings& all, const wiring& wires, std::size_t which) {
  const dead_letter_settings& letter = all.dead_letters[which];
  for (const route_settings& route : all.routes) {
    if (route.dead_letter != letter.name) continue;
    const std::string exchange = expanded(letter.exchange, route);
    if (!is_fixed(exchange) || !wires.lists_exchange(exchange)) continue;
    const std::string key = letter.routing_key.empty() ? "{routing_key}" : letter.routing_key;
    const auto reach = wires.reached_by(exchange, expanded(key, route), route.name);
    if (letter.queue.empty() ? !reach.queues.empty() : comes_to(reach, letter.queue)) continue;
    if (!reach.complete) continue;
    const std::string queue = letter.queue.empty() ? "a queue" : "the queue " + letter.queue;
    in.warning(in.letters[which].exchange,
               "no binding of this file brings the dead letters of route " + route.name +
                   " by the exchange " + exchange + " to " + queue,
               "add one under topology.bindings; they stay held where there is none");
    return;
  }
}

} // namespace

void look_for_traps(reading& in, const settings& all) {
  const wiring wires{all};
  for (const queue_settings& each : all.topology.queues)
    look_at_queue(in, wires, each);
  for (std::size_t i = 0; i < all.routes.size(); ++i)
    look_at_retry(in, all, wires, i);
  for (std::size_t i = 0; i < all.dead_letters.size(); ++i)
    look_at_letter(in, all, wires, i);
}

} // namespace postponed::config
