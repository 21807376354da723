#include "relay/destinations.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace postponed::relay {

destination& destinations::at(std::string_view exchange, std::string_view routing_key) {
  key_.assign(exchange);
  key_ += '\0';
  key_ += routing_key;
  const auto [found, inserted] = all_.try_emplace(key_);
  if (inserted) {
    found->second.exchange = exchange;
    found->second.routing_key = routing_key;
  }
  return found->second;
}

destination* destinations::find(std::string_view exchange, std::string_view routing_key) {
  key_.assign(exchange);
  key_ += '\0';
  key_ += routing_key;
  const auto found = all_.find(key_);
  return found == all_.end() ? nullptr : &found->second;
}

std::deque<std::int64_t> destinations::take_all_ready(destination& from) {
  return from.ready.take_all(); // listed still: the round forgets it when it comes to it
}

void destinations::list(destination& each) {
  if (each.listed || !may_run(each, window_open(each))) return;
  each.listed = true;
  round_.push_back(&each);
}

void destinations::add_ready(destination& to, std::int64_t row, bool overdue) {
  to.ready.push_back(row, overdue);
  list(to);
}

destination* destinations::next_runnable() {
  for (std::size_t left = round_.size(); left > 0; --left) {
    destination* const first = round_.front();
    if (may_run(*first, overdue_may(*first))) return first;
    round_.pop_front();
    if (may_run(*first, window_open(*first))) { // its turn comes when fewer overdue ones are in flight to all
      round_.push_back(first);
      continue;
    }
    first->listed = false;
    forget_if_idle(*first);
  }
  return nullptr;
}

std::int64_t destinations::take(destination& from, steady_time now) {
  assert(!round_.empty() && round_.front() == &from && may_run(from, overdue_may(from)));
  round_.pop_front();
  from.listed = false;
  const due_queue::turn next = *from.ready.next(share_, overdue_may(from));
  from.ready.pop(next, share_);
  start(from, next.overdue, now);
  list(from);
  return next.row;
}

void destinations::start(destination& each, bool overdue, steady_time now) {
  if (each.in_flight == 0) each.progress = now;
  ++each.in_flight;
  if (overdue) {
    ++each.overdue_in_flight;
    if (!each.stalled) ++overdue_in_flight_;
  }
  ++in_flight_;
  if (each.stalled) ++stalled_in_flight_;
}

void destinations::add_probe(destination& to, bool overdue, steady_time now) {
  start(to, overdue, now);
}

void destinations::confirmed(destination& by, steady_time::duration took, steady_time now) {
  by.catch_up.on_confirmed(took, by.ready.has_overdue(), cap_, now);
}

void destinations::settled(destination& from, bool overdue, steady_time now) {
  assert(from.in_flight > 0 && in_flight_ > 0 && (!overdue || from.overdue_in_flight > 0));
  set_stalled(from, false);
  --from.in_flight;
  if (overdue) {
    --from.overdue_in_flight;
    --overdue_in_flight_;
  }
  --in_flight_;
  from.progress = now;
  list(from);
  forget_if_idle(from);
}

void destinations::forget_if_idle(destination& each) {
  if (each.in_flight != 0 || !each.ready.empty() || each.listed) return;
  key_.assign(each.exchange);
  key_ += '\0';
  key_ += each.routing_key;
  all_.erase(key_);
}

std::vector<destination*> destinations::all_stalled() {
  std::vector<destination*> result;
  if (stalled_in_flight_ == 0) return result;
  for (auto& [key, each] : all_)
    if (each.stalled) result.push_back(&each);
  return result;
}

void destinations::set_stalled(destination& each, bool stalled) {
  if (each.stalled == stalled) return;
  each.stalled = stalled;
  if (stalled) {
    stalled_in_flight_ += each.in_flight;
    overdue_in_flight_ -= each.overdue_in_flight;
  } else {
    stalled_in_flight_ -= each.in_flight;
    overdue_in_flight_ += each.overdue_in_flight;
  }
}

std::vector<destination*> destinations::stall(steady_time since) {
  std::vector<destination*> result;
  for (auto& [key, each] : all_) {
    if (each.stalled || each.in_flight == 0 || each.progress > since) continue;
    set_stalled(each, true);
    result.push_back(&each);
  }
  return result;
}

void destinations::unstall_all(steady_time now) {
  for (auto& [key, each] : all_) {
    set_stalled(each, false);
    each.progress = now;
    each.catch_up = {}; // what was learned may be of another node
    list(each);
  }
}

const destinations::refusal* destinations::refused(const std::string& exchange, wall_time now) const {
  if (refused_.empty()) return nullptr;
  const auto found = refused_.find(exchange);
  return found == refused_.end() || found->second.until <= now ? nullptr : &found->second;
}

} // namespace postponed::relay
