#include "config/checks.hpp"

#include "config/values.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

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

// As RabbitMQ splits them: "" is no word at all, "a." two.
std::vector<std::string> words_of(const std::string& key) {
  std::vector<std::string> words;
  if (key.empty()) return words;
  std::size_t begin = 0;
  for (std::size_t dot = key.find('.'); dot != std::string::npos; dot = key.find('.', begin)) {
    words.push_back(key.substr(begin, dot - begin));
    begin = dot + 1;
  }
  words.push_back(key.substr(begin));
  return words;
}

// AMQP's topic patterns: * is one word, # any number. One pass a word of the pattern: trying each length of
// each # would take for ever on a pattern with many.
bool topic_matches(const std::vector<std::string>& pattern, const std::vector<std::string>& key) {
  std::vector<char> reached(key.size() + 1, 0); // [k]: the pattern so far takes the first k words
  reached[0] = 1;
  for (const std::string& word : pattern) {
    std::vector<char> next(key.size() + 1, 0);
    for (std::size_t k = 0; k <= key.size(); ++k) {
      if (word == "#")
        next[k] = static_cast<char>(reached[k] | (k > 0 ? next[k - 1] : 0));
      else if (k > 0 && (word == "*" || word == key[k - 1]))
        next[k] = reached[k - 1];
    }
    reached = std::move(next);
  }
  return reached[key.size()] != 0;
}

// The type of an exchange that the file or every broker has; empty: not known.
std::string type_of(const settings& all, const std::string& exchange) {
  for (const exchange_settings& each : all.topology.exchanges)
    if (each.name == exchange) return each.type;
  for (const char* own : {"direct", "fanout", "topic"})
    if (exchange == std::string{"amq."} + own) return own;
  return "";
}

// A template of a release with what is known before any message comes: nothing where it depends on the
// message.
std::optional<std::string> fixed(const std::string& text, const route_settings& route) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = std::string_view{text}.substr(i);
    if (rest.starts_with("{{") || rest.starts_with("}}")) {
      out += text[i++];
    } else if (rest.starts_with("{route}")) {
      out += route.name;
      i += 6;
    } else if (rest.starts_with("{queue}")) {
      out += route.queue;
      i += 6;
    } else if (text[i] == '{') {
      return std::nullopt;
    } else {
      out += text[i];
    }
  }
  return out;
}

// Whether what the route releases to this exchange is known to reach its intake, as far as the file tells.
bool leads_back(const settings& all, const route_settings& route, const std::string& exchange) {
  const std::optional<std::string>& written = route.release.routing_key;
  // With the key that it came with, a message takes every binding by which it can have come.
  const bool own_key = !written || *written == "{routing_key}";
  const std::optional<std::string> key = own_key ? std::nullopt : fixed(*written, route);
  if (exchange.empty()) return key == route.queue;
  const std::string type = type_of(all, exchange);
  return std::any_of(
      all.topology.bindings.begin(), all.topology.bindings.end(), [&](const binding_settings& each) {
        if (each.exchange != exchange || each.queue != route.queue) return false;
        if (type == "fanout") return true;
        if (type == "direct") return own_key || key == each.routing_key;
        if (type != "topic") return false;
        return own_key ||
               (key ? topic_matches(words_of(each.routing_key), words_of(*key)) : each.routing_key == "#");
      });
}

void check_loop(reading& in, const settings& all, const route_settings& route, place at) {
  if (route.delay.by_default.count() > 0 || route.queue.empty() || route.release.origin) return;
  const release_settings& to = route.release;
  bool back = false;
  if (to.queue) {
    back = *to.queue == route.queue;
  } else if (to.exchange) {
    const auto exchange = fixed(*to.exchange, route);
    back = exchange && leads_back(all, route, *exchange);
  } else {
    back = !to.routing_key; // the way it came is the way into the intake
  }
  if (back)
    in.error(at,
             "the release of route " + route.name + " leads back to its own intake " + route.queue +
                 " with no delay",
             "release to another queue or exchange, or set delay.default");
}

// What the file declares about a queue that is to be consumed, where that cannot work. `called`: the intake
// q.
void check_consumed(reading& in, const settings& all, const std::string& queue, const std::string& called,
                    place at) {
  for (const queue_settings& each : all.topology.queues) {
    if (each.name != queue) continue;
    if (each.exclusive)
      in.error(at, called + " is exclusive to the connection that declares it",
               "remove exclusive from the queue");
    for (const argument& said : each.args)
      if (const auto* const type = std::get_if<std::string>(&said.value);
          said.name == "x-queue-type" && type != nullptr && *type == "stream")
        in.error(at, called + " is a stream, from which nothing is ever taken away",
                 "use a quorum or classic queue");
  }
}

// A dead letter that is collected: nobody else draws from its queue.
void check_collected(reading& in, const settings& all, std::size_t which) {
  const dead_letter_settings& letter = all.dead_letters[which];
  if (!letter.collect || letter.queue.empty()) return;
  const place at = in.letters[which].queue;
  check_consumed(in, all, letter.queue, "the collected queue " + letter.queue, at);
  for (const route_settings& each : all.routes)
    if (each.queue == letter.queue)
      in.error(at,
               "the dead letter " + letter.name + " collects " + letter.queue + ", the intake of route " +
                   each.name,
               "name another queue here, or remove collect");
  for (std::size_t i = 0; i < which; ++i)
    if (const dead_letter_settings& other = all.dead_letters[i]; other.collect && other.queue == letter.queue)
      in.error(at,
               "the dead letters " + other.name + " and " + letter.name + " both collect " + letter.queue +
                   ", the first at line " + std::to_string(in.letters[i].queue.line),
               "give each a queue of its own, or remove collect from one");
}

} // namespace

void check_whole(reading& in, const settings& all) {
  check_unique(in, all.routes, "routes");
  check_unique(in, all.dead_letters, "dead letters");
  check_unique(in, all.topology.exchanges, "exchanges");
  check_unique(in, all.topology.queues, "queues");
  std::vector<std::string> letters;
  for (const dead_letter_settings& each : all.dead_letters)
    letters.push_back(each.name);
  std::map<std::string, std::size_t> intakes;
  for (std::size_t i = 0; i < all.routes.size(); ++i) {
    const route_settings& each = all.routes[i];
    const route_places& at = in.routes[i];
    if (const auto [first, fresh] = intakes.emplace(each.queue, i); !fresh && !each.queue.empty())
      in.error(at.queue,
               "the routes " + all.routes[first->second].name + " and " + each.name + " both consume " +
                   each.queue + ", the first at line " + std::to_string(in.routes[first->second].queue.line),
               "give each route an intake of its own");
    if (!each.dead_letter.empty() &&
        std::find(letters.begin(), letters.end(), each.dead_letter) == letters.end()) {
      const auto meant = closest(each.dead_letter, letters);
      in.error(at.dead_letter,
               "route " + each.name + " names the dead letter " + each.dead_letter + ", which is not there",
               meant ? "did you mean " + *meant + "?" : "add it under dead_letters");
    }
    check_consumed(in, all, each.queue, "the intake " + each.queue, at.queue);
    check_loop(in, all, each, at.release);
    for (const auto& letter : all.dead_letters)
      if (letter.name == each.dead_letter && letter.exchange.empty() && !letter.queue.empty() &&
          letter.queue == each.queue)
        in.error(at.dead_letter,
                 "the dead letters of route " + each.name + " go back to its own intake " + each.queue,
                 "name another queue in dead_letters");
  }
  for (std::size_t i = 0; i < all.dead_letters.size(); ++i)
    check_collected(in, all, i);
}

} // namespace postponed::config
