// The part of relay/releaser.hpp that holds back: late ones, a route's pace, destinations that refuse
// everything, routes that are paused or gone.
#include "relay/releaser.hpp"

#include <algorithm>

namespace postponed::relay {

void releaser::make_ready(active& each, moment now) {
  if (each.why == reason::none && !each.probe) {
    if (is_late(each, now.wall) && turned_away_late(each, now.wall)) return;
    if (each.route->tokens.limited()) {
      pace(each);
      return;
    }
  }
  go(each, now);
}

// --- late: after a downtime, a pause

bool releaser::is_late(const active& each, wall_time now) const {
  const std::optional<late_policy>& late = each.route->is.late;
  // What failed to be published, or was sent by a person, is late for that reason.
  return late && each.why == reason::none && each.failures == 0 && !each.repeat && !each.probe &&
         !each.record->to && now - each.due > late->after;
}

// Does with a late message what its route says. False: it is to be released.
bool releaser::turned_away_late(active& each, wall_time now) {
  const late_policy& late = *each.route->is.late;
  switch (late.what) {
  case late_policy::action::release:
    return false;
  case late_policy::action::dead_letter:
    ++each.route->count->late_buried;
    bury(each, reason::late,
         "due at " + proto::format_rfc3339(each.due) + ", and could be released only at " +
             proto::format_rfc3339(now),
         now);
    return true;
  case late_policy::action::spread: {
    ++each.route->count->late_spread;
    const double share = random_();
    defer(each,
          now + microseconds{static_cast<microseconds::rep>(static_cast<double>(late.over.count()) * share)},
          "");
    return true;
  }
  }
  return false;
}

// --- pace

void releaser::pace(active& each) {
  route_entry& route = *each.route;
  each.at = phase::paced;
  if (route.paced.empty()) pacing_.push_back(&route);
  route.paced.push_back(each.held.id.row, each.overdue);
  route.count->paced = route.paced.size();
}

void releaser::let_paced_go(moment now) {
  std::erase_if(pacing_, [&](route_entry* route) {
    while (!route->paced.empty() && route->tokens.take(now.steady)) {
      go(active_.at(route->paced.take(limits_.catch_up.share)), now);
    }
    route->count->paced = route->paced.size();
    return route->paced.empty();
  });
}

// --- circuits

void releaser::park(active& each, const address& where) {
  let_go(each);
  each.to = nullptr;
  each.probe = false;
  each.at = phase::parked;
  each.suspect = false; // it was answered
  circuits_.park(where.exchange, where.routing_key, each.held.id.row);
  ++each.route->count->parked;
  if (each.why != reason::none && !each.route->is.dead_letter_name.empty())
    ++count_.dead_letters[each.route->is.dead_letter_name].waiting;
}

void releaser::leave_parked(const active& each) {
  --each.route->count->parked;
  if (each.why != reason::none && !each.route->is.dead_letter_name.empty())
    --count_.dead_letters[each.route->is.dead_letter_name].waiting;
}

void releaser::unpark(active& each, bool first) {
  leave_parked(each);
  queue(each, first);
}

void releaser::probe_circuits(moment now) {
  if (circuits_.all_well()) return;
  for (const std::int64_t row :
       circuits_.take_probes(now.steady, [this](const circuits::blamed& who) { close_gauges(who); })) {
    active& each = active_.at(row);
    each.probe = true;
    unpark(each, true);
  }
}

// Whether the failure is the destination's: the message then waits for it, and has spent no attempt.
bool releaser::trips(active& each, const address& where, const std::string& error, moment now) {
  const bool burial = each.why != reason::none;
  const circuit_policy* const policy =
      burial ? &limits_.burial_circuit : (each.route->is.circuit ? &*each.route->is.circuit : nullptr);
  if (policy == nullptr) return false;
  circuits::blamed who{each.route->count, burial ? each.route->is.dead_letter_name : std::string{}};
  const circuits::verdict said =
      circuits_.on_failure(where.exchange, where.routing_key, *policy, now.steady, who);
  if (!who.dead_letter.empty()) count_.dead_letters[who.dead_letter].blocked = true;
  if (said.opened) on_circuit_opened(each, where, *policy, error);
  if (said.open) {
    park(each, where);
    return true;
  }
  // After the first of a row of refusals it is the destination that is in doubt.
  if (!burial && said.in_a_row > 1) --each.failures;
  return false;
}

void releaser::on_circuit_opened(active& each, const address& where, const circuit_policy& policy,
                                 const std::string& error) {
  ++each.route->count->circuit_opened;
  ++each.route->count->circuits_open;
  notes_.push_back(
      {note::level::error,
       "a destination refuses everything; what is due for it waits, and one message at a time tries it",
       {{"route", each.route->is.name},
        {"exchange", where.exchange},
        {"routing_key", where.routing_key},
        {"every_ms", std::to_string(policy.probe.count() / 1000)},
        {"error", error}}});
  if (destination* const to = destinations_.find(where.exchange, where.routing_key))
    for (const std::int64_t row : destinations_.take_all_ready(*to))
      park(active_.at(row), where);
}

void releaser::on_recovered(circuits::recovery&& what, const address& where, wall_time now) {
  if (!what.who.dead_letter.empty())
    count_.dead_letters[what.who.dead_letter].blocked = circuits_.any_failing(what.who.dead_letter);
  if (!what.was_open) return;
  --what.who.route->circuits_open;
  notes_.push_back({note::level::info,
                    "a destination accepts messages again",
                    {{"exchange", where.exchange},
                     {"routing_key", where.routing_key},
                     {"waited", std::to_string(what.parked.size())}}});
  for (const std::int64_t row : what.parked) {
    active& each = active_.at(row);
    // It is on disk, and the horizon finds it again as there is room: among what is overdue, unless the clock
    // was set back to before it was due.
    if (!each.overdue && !room_for_overdue(*each.route)) {
      restart_[each.held.due <= now ? 1 : 0] = true;
      leave_parked(each);
      leave(each);
      active_.erase(row);
      continue;
    }
    set_overdue(each); // what comes due from now on need not wait for what waited
    unpark(each, false);
  }
}

void releaser::close_gauges(const circuits::blamed& who) {
  --who.route->circuits_open;
  if (!who.dead_letter.empty())
    count_.dead_letters[who.dead_letter].blocked = circuits_.any_failing(who.dead_letter);
}

// --- routes that are paused or gone

void releaser::forget(route_entry& route) {
  const auto dropped = [&](std::int64_t row) {
    const auto at = active_.find(row);
    return at != active_.end() && at->second.route == &route && at->second.at < phase::in_flight;
  };
  destinations_.drop_ready(dropped);
  std::erase_if(suspects_, dropped);
  circuits_.forget_if(dropped);
  route.queued.clear();
  route.paced.clear();
  std::erase(pacing_, &route);
  route.count->paced = 0;
  for (auto at = active_.begin(); at != active_.end();) {
    active& each = at->second;
    if (each.route != &route || each.at >= phase::in_flight) {
      ++at;
      continue;
    }
    if (each.at == phase::parked) leave_parked(each);
    leave(each);
    at = active_.erase(at);
  }
}

// --- what of this comes due by itself

std::optional<wall_time> releaser::next_wake(moment now) const {
  if (stopping_ || blocked_ || probe_alone_ || !lanes_[0].open) return std::nullopt;
  std::optional<wall_time> wake;
  const auto at = [&](microseconds from_now) {
    const wall_time when = now.wall + std::max(from_now, microseconds{1});
    if (!wake || when < *wake) wake = when;
  };
  for (route_entry* const route : pacing_)
    at(route->tokens.until_next(now.steady));
  if (catch_up_at_) at(std::chrono::ceil<microseconds>(*catch_up_at_ - now.steady));
  if (const auto probe = circuits_.next_probe()) at(std::chrono::ceil<microseconds>(*probe - now.steady));
  return wake;
}

} // namespace postponed::relay
