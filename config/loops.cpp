#include "config/loops.hpp"

#include "config/patterns.hpp"
#include "config/templates.hpp"
#include "config/wiring.hpp"

#include <algorithm>
#include <deque>
#include <set>

namespace postponed::config {

namespace {

// From one route to the next, at whose intake the message comes in.
struct hop {
  std::size_t to = 0;
  bool died = false;   // in a queue on the way: x-death says so
  bool buried = false; // as a dead letter of the route
  bool origin = false; // to where it died: only what did
  std::string way;     // "releases to queue q, which ..": for the finding
};

// What a route does depends on whether the message died on its way there.
struct state {
  std::size_t route = 0;
  bool died = false;
  std::size_t index() const { return route * 2 + (died ? 1 : 0); }
};

class tracer {
 public:
  explicit tracer(const settings& all) : all_{all}, wires_{all} {
    for (std::size_t i = 0; i < all.routes.size(); ++i) // two on one queue are a finding of their own
      if (!all.routes[i].queue.empty()) intakes_.emplace(all.routes[i].queue, i);
    for (std::size_t i = 0; i < all.routes.size(); ++i) {
      hops_.emplace_back();
      from_ = i;
      add_releases(all.routes[i]);
      add_burials(all.routes[i]);
    }
  }

  // The shortest way from `start` back to it, empty where there is none. Of a release: nowhere paused; of a
  // burial: the first hop is one.
  std::vector<const hop*> way_back(state start, bool burial) const;

 private:
  void add(hop one);
  void add_releases(const route_settings& route);
  void add_origins(const route_settings& route);
  void add_burials(const route_settings& route);
  void by_exchange(const std::string& exchange, const std::string& key, const std::string& way, hop so_far);
  void into(const std::string& queue, const std::string& key, std::string way, hop so_far);
  bool paused(const state& at) const {
    const route_settings& route = all_.routes[at.route];
    return (at.died && route.retry) || route.delay.by_default.count() > 0;
  }

  const settings& all_;
  const wiring wires_;
  std::map<std::string, std::size_t> intakes_;
  std::vector<std::vector<hop>> hops_; // by route
  std::size_t from_ = 0;               // whose hops are being added
  std::set<std::string> passed_;       // queues of the present way
};

void tracer::add(hop one) {
  std::vector<hop>& hops = hops_[from_];
  const auto same = [&](const hop& each) {
    return each.to == one.to && each.died == one.died && each.buried == one.buried &&
           each.origin == one.origin;
  };
  if (std::none_of(hops.begin(), hops.end(), same)) hops.push_back(std::move(one));
}

void tracer::into(const std::string& queue, const std::string& key, std::string way, hop so_far) {
  if (const auto intake = intakes_.find(queue); intake != intakes_.end()) {
    so_far.to = intake->second;
    so_far.way = std::move(way);
    add(std::move(so_far));
    return;
  }
  const auto dying = wires_.dying_of(queue);
  if (!dying || !passed_.insert(queue).second) return;
  so_far.died = true;
  by_exchange(dying->exchange, dying->routing_key.value_or(key), way + ", which dead-letters to", so_far);
  passed_.erase(queue);
}

void tracer::by_exchange(const std::string& exchange, const std::string& key, const std::string& way,
                         hop so_far) {
  const route_settings& route = all_.routes[from_];
  for (const wiring::target& each : wires_.reached_by(exchange, key, route.name).queues) {
    // By headers that are not known: those by which it came into its own intake are still on it.
    if (!each.may_match && each.queue != route.queue) continue;
    const std::string bound = exchange.empty() ? "" : " exchange " + exchange + ", which is bound to";
    into(each.queue, key, way + bound + " queue " + each.queue, so_far);
  }
}

// The origins of a route are the queues whose dead letters come to its intake.
void tracer::add_origins(const route_settings& route) {
  hop origin;
  origin.origin = true;
  for (const queue_settings& each : all_.topology.queues) {
    if (each.name == route.queue) continue;
    std::vector<hop> others = std::move(hops_[from_]);
    hops_[from_].clear();
    into(each.name, each.name, "releases to the origin, queue " + each.name, origin);
    hops_[from_].swap(others);
    if (std::any_of(others.begin(), others.end(), [&](const hop& one) { return one.to == from_; }))
      for (hop& one : others)
        add(std::move(one));
  }
}

void tracer::add_releases(const route_settings& route) {
  const release_settings& to = route.release;
  const std::string key = to.routing_key ? expanded(*to.routing_key, route) : std::string{any_text};
  for (const auto& [topic, queue] : route.watermill.topics)
    into(queue, queue, "releases the topic " + topic + " to queue " + queue, {});
  if (to.origin) {
    add_origins(route);
  } else if (to.queue) {
    into(*to.queue, *to.queue, "releases to queue " + *to.queue, {});
  } else if (to.exchange) {
    if (const std::string exchange = expanded(*to.exchange, route); is_fixed(exchange))
      by_exchange(exchange, key, "releases to", {});
  } else if (key == std::string{any_text}) {
    into(route.queue, key, "releases by the way that it came, to queue " + route.queue, {});
  } else {
    for (const std::string& each : wires_.exchanges_of(route.queue))
      by_exchange(each, key, "releases by the way that it came, to", {});
    by_exchange("", key, "releases by the way that it came, to", {});
  }
}

void tracer::add_burials(const route_settings& route) {
  const auto letter = std::find_if(all_.dead_letters.begin(), all_.dead_letters.end(),
                                   [&](const auto& each) { return each.name == route.dead_letter; });
  if (letter == all_.dead_letters.end()) return;
  hop burial;
  burial.buried = true;
  const std::string way = "dead-letters to";
  if (!letter->queue.empty()) into(letter->queue, letter->queue, way + " queue " + letter->queue, burial);
  if (const std::string exchange = expanded(letter->exchange, route); !exchange.empty() && is_fixed(exchange))
    by_exchange(exchange,
                letter->routing_key.empty() ? std::string{any_text} : expanded(letter->routing_key, route),
                way, burial);
}

std::vector<const hop*> tracer::way_back(state start, bool burial) const {
  struct step {
    const hop* by = nullptr;
    state before;
  };
  std::vector<step> steps(all_.routes.size() * 2);
  std::deque<state> next{start};
  while (!next.empty()) {
    const state at = next.front();
    next.pop_front();
    for (const hop& each : hops_[at.route]) {
      const bool first = steps[at.index()].by == nullptr;
      if (burial ? first && !each.buried : each.buried || paused(at)) continue;
      if (each.origin && !at.died) continue;
      const state then{each.to, each.died};
      const bool back = burial ? then.route == start.route : then.index() == start.index();
      if (!back && (steps[then.index()].by != nullptr || then.index() == start.index())) continue;
      std::vector<const hop*> way{&each};
      if (back) {
        for (state step_back = at; steps[step_back.index()].by != nullptr;
             step_back = steps[step_back.index()].before)
          way.push_back(steps[step_back.index()].by);
        std::reverse(way.begin(), way.end());
        return way;
      }
      steps[then.index()] = {&each, at};
      next.push_back(then);
    }
  }
  return {};
}

// "loop: route a releases to queue q, the intake of route b, which releases to .."
std::string told(const settings& all, std::size_t start, const std::vector<const hop*>& way) {
  std::string text = "loop: route " + all.routes[start].name + " ";
  for (const hop* const each : way)
    text += (each == way.front() ? "" : ", which ") + each->way + ", the intake of route " +
            all.routes[each->to].name;
  return text;
}

} // namespace

void check_loops(reading& in, const settings& all) {
  const tracer trace{all};
  std::set<std::set<std::size_t>> known_releases, known_burials; // the routes of each loop
  const auto fresh = [](std::set<std::set<std::size_t>>& known, const std::vector<const hop*>& way) {
    std::set<std::size_t> routes;
    for (const hop* const each : way)
      routes.insert(each->to);
    return !way.empty() && known.insert(std::move(routes)).second;
  };
  for (std::size_t i = 0; i < all.routes.size(); ++i) {
    for (const bool died : {false, true}) {
      const auto way = trace.way_back({i, died}, false);
      if (!fresh(known_releases, way)) continue;
      const bool by_death = std::any_of(way.begin(), way.end(), [](const hop* each) { return each->died; });
      in.error(in.routes[i].release, told(all, i, way) + ", with no delay",
               by_death ? "add retry to the route, or set its delay.default"
                        : "release to another queue or exchange, or set delay.default");
    }
    const auto way = trace.way_back({i, false}, true);
    if (fresh(known_burials, way))
      in.error(in.routes[i].dead_letter, told(all, i, way), "name another queue or exchange in dead_letters");
  }
}

} // namespace postponed::config
