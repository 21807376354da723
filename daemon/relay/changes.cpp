// The part of relay/releaser.hpp that obeys a person: rows that are cancelled or moved are taken out of work
// before that is committed, so that none is published meanwhile.
#include "relay/releaser.hpp"

#include <algorithm>

namespace postponed::relay {

releaser::standing releaser::standing_of(std::int64_t row) const {
  const auto at = active_.find(row);
  if (at != active_.end() && at->second.at >= phase::in_flight) return standing::in_flight;
  return uncertain_.contains(row) ? standing::uncertain : standing::free;
}

void releaser::begin_changes(const std::vector<std::int64_t>& rows) {
  std::unordered_set<std::int64_t> taken;
  std::unordered_set<route_entry*> routes;
  for (const std::int64_t row : rows) {
    ++changing_[row];
    const auto at = active_.find(row);
    if (at == active_.end()) continue;
    taken.insert(row);
    routes.insert(at->second.route);
  }
  if (taken.empty()) return;
  const auto dropped = [&](std::int64_t row) { return taken.contains(row); };
  destinations_.drop_ready(dropped);
  std::erase_if(suspects_, dropped);
  circuits_.forget_if(dropped);
  for (route_entry* const route : routes) {
    route->queued.erase_if(dropped);
    route->paced.erase_if(dropped);
    route->count->paced = route->paced.size();
    if (route->paced.empty()) std::erase(pacing_, route);
  }
  for (const std::int64_t row : taken) {
    active& each = active_.at(row);
    if (each.at == phase::parked) leave_parked(each);
    leave(each);
    active_.erase(row);
  }
}

void releaser::end_change(std::int64_t row, bool gone) {
  if (const auto at = changing_.find(row); --at->second == 0) changing_.erase(at);
  if (gone) convicted_.erase(row);
}

} // namespace postponed::relay
