#include "relay/route_table.hpp"

#include <algorithm>
#include <utility>

namespace postponed::relay {

route_entry& route_table::entry(const std::string& name) {
  auto& at = entries_[name];
  if (!at) {
    at = std::make_unique<route_entry>();
    at->is.name = name;
    at->configured = false;
    at->count = &count_.routes[name];
    if (name == scheduled_route) set_scheduled(*at);
  }
  return *at;
}

void route_table::set_scheduled(route_entry& to) const {
  to.is = {};
  to.is.name = scheduled_route;
  to.is.dead_letter = first_.to;
  to.is.dead_letter_name = first_.name;
  to.configured = true;
  to.internal = true;
}

void route_table::configure(const parameters& from) {
  for (auto& [name, each] : entries_)
    each->configured = false;
  for (const route_parameters& each : from.routes) {
    route_entry& to = entry(each.name);
    to.is = each;
    to.configured = true;
    to.internal = false;
    to.tokens.set_rate(each.rate);
    if (to.source_queue != each.queue || to.source == 0) {
      to.source = ++next_source_;
      to.source_queue = each.queue;
    }
  }
  std::map<std::string, letter_entry> letters;
  for (const dead_letter_parameters& each : from.dead_letters) {
    count_.dead_letters[each.name];
    letter_entry& to = letters[each.name];
    to.is = each;
    if (each.collect) {
      const auto before = letters_.find(each.name);
      const bool same =
          before != letters_.end() && before->second.source != 0 && before->second.is.queue == each.queue;
      to.source = same ? before->second.source : ++next_source_;
    }
    route_entry& direct = entry(direct_route(each.name));
    direct.is = {};
    direct.is.name = direct_route(each.name);
    direct.is.dead_letter = each.to;
    direct.is.dead_letter_name = each.name;
    direct.configured = true;
    direct.internal = true;
  }
  letters_ = std::move(letters);
  first_ = from.dead_letters.empty() ? dead_letter_parameters{} : from.dead_letters.front();
  if (route_entry* const scheduled = named(scheduled_route)) set_scheduled(*scheduled);
  by_source_.clear();
  for (auto& [name, each] : entries_) {
    each->count->configured = each->configured;
    if (!each->configured) each->source = 0; // a route that comes back is a new consumer
    if (each->source != 0) by_source_[each->source] = each.get();
  }
}

void route_table::set_paused(const store::route_pause& pause) {
  route_entry& to = entry(pause.route);
  to.paused = pause.paused;
  to.pause = pause;
  to.count->paused = pause.paused;
}

void route_table::learn(const std::string& name, std::uint32_t number) {
  if (number == 0) return;
  route_entry& to = entry(name);
  if (to.number == number) return;
  to.number = number;
  by_number_[number] = &to;
}

void route_table::learn(const std::vector<store::route_totals>& held) {
  for (const store::route_totals& each : held) {
    learn(each.route, each.number);
    route_counters& count = *entry(each.route).count;
    count.held_messages = each.messages;
    count.held_bytes = each.bytes;
    count.configured = entry(each.route).configured;
  }
}

route_entry* route_table::named(std::string_view name) {
  const auto at = entries_.find(name);
  return at == entries_.end() ? nullptr : at->second.get();
}

route_entry* route_table::numbered(std::uint32_t number) {
  const auto at = by_number_.find(number);
  return at == by_number_.end() ? nullptr : at->second;
}

route_entry* route_table::from(source_id id) const {
  const auto at = by_source_.find(id);
  return at == by_source_.end() ? nullptr : at->second;
}

const dead_letter_parameters* route_table::letter_from(source_id id) const {
  for (const auto& [name, each] : letters_)
    if (each.source == id && each.source != 0) return &each.is;
  return nullptr;
}

const dead_letter_parameters* route_table::dead_letter(const std::string& name) const {
  const auto at = letters_.find(name);
  return at == letters_.end() ? nullptr : &at->second.is;
}

std::vector<source> route_table::sources() const {
  std::vector<source> result;
  for (const auto& [name, each] : entries_)
    if (each->configured && !each->internal) result.push_back({each->source, name, each->is.queue, true});
  for (const auto& [name, each] : letters_)
    if (each.source != 0) result.push_back({each.source, name, each.is.queue, false});
  std::sort(result.begin(), result.end(), [](const source& a, const source& b) { return a.id < b.id; });
  return result;
}

std::vector<std::uint32_t> route_table::skipped(bool overdue) const {
  std::vector<std::uint32_t> result;
  for (const auto& [number, each] : by_number_)
    if (!each->may_load(overdue)) result.push_back(number);
  return result;
}

} // namespace postponed::relay
