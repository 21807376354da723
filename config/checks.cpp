#include "config/checks.hpp"

#include "config/loops.hpp"
#include "config/values.hpp"
#include "config/warnings.hpp"

#include <algorithm>
#include <map>

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
  }
  check_loops(in, all);
  for (std::size_t i = 0; i < all.dead_letters.size(); ++i)
    check_collected(in, all, i);
  look_for_traps(in, all);
}

} // namespace postponed::config
