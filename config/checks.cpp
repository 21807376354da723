#include "config/checks.hpp"

#include <algorithm>
#include <sstream>

namespace postponed::config {

namespace {

template <typename Items>
void check_unique(reading& in, const Items& items, const std::string& kind) {
  std::map<std::string, int> first_line;
  for (const auto& each : items) {
    if (each.name.empty()) continue;
    const auto [at, fresh] = first_line.emplace(each.name, each.at.line);
    if (!fresh)
      in.error(each.at,
               "there are two " + kind + " named " + each.name + ", the first at line " +
                   std::to_string(at->second),
               "give one of them another name");
  }
}

std::vector<std::string> words_of(const std::string& key) {
  std::vector<std::string> words;
  std::stringstream text{key};
  for (std::string word; std::getline(text, word, '.');)
    words.push_back(word);
  if (key.empty() || key.ends_with('.')) words.emplace_back();
  return words;
}

// AMQP's topic patterns: * is one word, # any number.
bool topic_matches(const std::vector<std::string>& pattern, std::size_t p,
                   const std::vector<std::string>& key, std::size_t k) {
  if (p == pattern.size()) return k == key.size();
  if (pattern[p] == "#")
    return topic_matches(pattern, p + 1, key, k) || (k < key.size() && topic_matches(pattern, p, key, k + 1));
  return k < key.size() && (pattern[p] == "*" || pattern[p] == key[k]) &&
         topic_matches(pattern, p + 1, key, k + 1);
}

// Whether what is published to (exchange, key) is known to reach the queue, as far as the file tells.
bool reaches(const settings& all, const std::string& exchange, const std::string& key,
             const std::string& queue) {
  if (exchange.empty()) return key == queue;
  const auto declared = std::find_if(all.topology.exchanges.begin(), all.topology.exchanges.end(),
                                     [&](const exchange_settings& each) { return each.name == exchange; });
  if (declared == all.topology.exchanges.end()) return false;
  return std::any_of(all.topology.bindings.begin(), all.topology.bindings.end(),
                     [&](const binding_settings& each) {
                       if (each.exchange != exchange || each.queue != queue) return false;
                       if (declared->type == "fanout") return true;
                       if (declared->type == "topic")
                         return topic_matches(words_of(each.routing_key), 0, words_of(key), 0);
                       return declared->type == "direct" && each.routing_key == key;
                     });
}

void check_loop(reading& in, const settings& all, const route_settings& route) {
  if (route.delay.by_default.count() > 0) return;
  const release_settings& to = route.release;
  const bool templated = (to.exchange && to.exchange->find('{') != std::string::npos) ||
                         (to.routing_key && to.routing_key->find('{') != std::string::npos);
  bool back = false;
  if (to.queue) {
    back = *to.queue == route.queue;
  } else if (to.exchange || to.routing_key) {
    back = !templated && to.exchange && reaches(all, *to.exchange, to.routing_key.value_or(""), route.queue);
  } else {
    back = true; // the way it came is the way into the intake
  }
  if (back)
    in.error(route.at,
             "the release of route " + route.name + " leads back to its own intake " + route.queue +
                 " with no delay",
             "release to another queue or exchange, or set delay.default");
}

} // namespace

void check_whole(reading& in, const settings& all) {
  check_unique(in, all.routes, "routes");
  check_unique(in, all.dead_letters, "dead letters");
  check_unique(in, all.topology.exchanges, "exchanges");
  check_unique(in, all.topology.queues, "queues");
  std::map<std::string, std::string> intakes;
  for (const route_settings& each : all.routes) {
    if (each.queue.empty()) continue;
    if (const auto [at, fresh] = intakes.emplace(each.queue, each.name); !fresh && at->second != each.name)
      in.error(each.at, "the routes " + at->second + " and " + each.name + " both consume " + each.queue,
               "give each route an intake of its own");
    const bool known = std::any_of(all.dead_letters.begin(), all.dead_letters.end(),
                                   [&](const auto& letter) { return letter.name == each.dead_letter; });
    if (!each.dead_letter.empty() && !known) {
      std::vector<std::string> names;
      for (const auto& letter : all.dead_letters)
        names.push_back(letter.name);
      const auto meant = closest(each.dead_letter, names);
      in.error(each.at,
               "route " + each.name + " names the dead letter " + each.dead_letter + ", which is not there",
               meant ? "did you mean " + *meant + "?" : "add it under dead_letters");
    }
    check_loop(in, all, each);
    for (const auto& letter : all.dead_letters)
      if (letter.name == each.dead_letter && letter.exchange.empty() && letter.queue == each.queue)
        in.error(each.at,
                 "the dead letters of route " + each.name + " go back to its own intake " + each.queue,
                 "name another queue in dead_letters");
  }
}

} // namespace postponed::config
