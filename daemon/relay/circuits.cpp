#include "relay/circuits.hpp"

#include <algorithm>

namespace postponed::relay {

std::string circuits::key_of(std::string_view exchange, std::string_view routing_key) {
  std::string key{exchange};
  key += '\0';
  key += routing_key;
  return key;
}

bool circuits::is_open(std::string_view exchange, std::string_view routing_key) const {
  if (all_.empty()) return false;
  const auto found = all_.find(key_of(exchange, routing_key));
  return found != all_.end() && found->second.open;
}

circuits::verdict circuits::on_failure(std::string_view exchange, std::string_view routing_key,
                                       const circuit_policy& policy, steady_time now, const blamed& who) {
  circuit& each = all_[key_of(exchange, routing_key)];
  each.period = policy.probe;
  each.probing = 0;
  if (!each.open) each.who = who;
  verdict said;
  said.in_a_row = ++each.failures;
  said.opened = !each.open && each.failures >= policy.failures;
  each.open = each.open || said.opened;
  said.open = each.open;
  if (each.open) each.probe_at = now + policy.probe;
  return said;
}

std::optional<circuits::recovery> circuits::on_success(std::string_view exchange,
                                                       std::string_view routing_key) {
  const auto found = all_.find(key_of(exchange, routing_key));
  if (found == all_.end()) return std::nullopt;
  recovery result{found->second.open, std::move(found->second.parked), std::move(found->second.who)};
  all_.erase(found);
  return result;
}

bool circuits::any_failing(const std::string& dead_letter) const {
  return std::any_of(all_.begin(), all_.end(),
                     [&](const auto& each) { return each.second.who.dead_letter == dead_letter; });
}

void circuits::park(std::string_view exchange, std::string_view routing_key, std::int64_t row) {
  all_[key_of(exchange, routing_key)].parked.push_back(row);
}

std::vector<std::int64_t> circuits::take_probes(steady_time now,
                                                const std::function<void(const blamed&)>& gone) {
  std::vector<std::int64_t> rows;
  for (auto at = all_.begin(); at != all_.end();) {
    circuit& each = at->second;
    if (!each.open || each.probing != 0 || each.probe_at > now) {
      ++at;
      continue;
    }
    if (each.parked.empty()) {
      const blamed who = std::move(each.who);
      at = all_.erase(at);
      gone(who);
      continue;
    }
    each.probing = each.parked.front();
    each.parked.pop_front();
    rows.push_back(each.probing);
    ++at;
  }
  return rows;
}

std::optional<steady_time> circuits::next_probe() const {
  std::optional<steady_time> next;
  for (const auto& [key, each] : all_)
    if (each.open && each.probing == 0 && (!next || each.probe_at < *next)) next = each.probe_at;
  return next;
}

void circuits::lost_probe(std::int64_t row) {
  for (auto& [key, each] : all_)
    if (each.probing == row) each.probing = 0;
}

void circuits::forget_if(const std::function<bool(std::int64_t row)>& forgotten) {
  for (auto& [key, each] : all_) {
    std::erase_if(each.parked, forgotten);
    if (each.probing != 0 && forgotten(each.probing)) each.probing = 0;
  }
}

} // namespace postponed::relay
