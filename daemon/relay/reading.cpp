// The part of relay/releaser.hpp that brings bodies into memory shortly before they are due, as far as the
// budget goes.
#include "relay/releaser.hpp"

#include <algorithm>

namespace postponed::relay {

void releaser::queue(active& each, bool first) {
  each.at = phase::queued;
  route_entry& route = *each.route;
  if (first)
    route.queued.push_front(each.held.id.row, each.overdue);
  else
    route.queued.push_back(each.held.id.row, each.overdue);
  if (!std::exchange(route.in_round, true)) round_.push_back(&route);
}

void releaser::enter_reading(active& each) {
  each.at = phase::reading;
  hold(each);
  to_read_.push_back(each.held.id);
}

// As far as their share of the body cache goes; and of a route not so many that they would go at once,
// whatever their rate, when a destination of its that was slow is well again.
bool releaser::may_read_overdue(const route_entry& route) const {
  const double rate = limits_.catch_up.rate;
  const auto of_route = static_cast<double>(route.standings[1].staged);
  return staged_overdue_ == 0 || (static_cast<double>(staged_overdue_) <
                                      limits_.catch_up.share * static_cast<double>(limits_.body_cache) &&
                                  (rate <= 0 || of_route < std::max(16.0, rate / 4)));
}

// The routes in turn, as far as the body cache goes; what is overdue, as far as its share and rate go.
void releaser::read_more(moment now, actions& out) {
  const double share = limits_.catch_up.share;
  std::size_t passed_over = 0; // in a row
  catch_up_at_.reset();
  while (passed_over < round_.size()) {
    route_entry& route = *round_.front();
    if (route.queued.empty()) {
      route.in_round = false;
      round_.pop_front();
      continue;
    }
    const bool room = may_read_overdue(route);
    const microseconds until_token =
        route.queued.has_overdue() ? catch_up_.until_next(now.steady) : microseconds{0};
    const auto turn = route.queued.next(share, room && until_token == microseconds{0});
    if (turn) {
      const active& first = active_.at(turn->row);
      if (staged_bytes_ != 0 && staged_bytes_ + first.held.bytes > limits_.body_cache) break;
    } else if (room) {
      catch_up_at_ = now.steady + until_token;
    }
    round_.pop_front();
    round_.push_back(&route);
    if (!turn || route.staged() >= route.staged_limit()) {
      ++passed_over;
      continue;
    }
    passed_over = 0;
    route.queued.pop(*turn, share);
    if (turn->overdue) catch_up_.take(now.steady);
    enter_reading(active_.at(turn->row));
  }
  if (to_read_.empty()) return;
  out.reads.insert(out.reads.end(), to_read_.begin(), to_read_.end());
  to_read_.clear();
}

void releaser::on_read(const std::vector<held_id>& asked, std::vector<held_record>&& found) {
  for (held_record& record : found) {
    const auto at = active_.find(record.id.row);
    if (at == active_.end() || at->second.at != phase::reading) continue;
    if (record.due == at->second.held.due)
      stage(at->second, std::make_unique<held_record>(std::move(record)));
    else
      put_back(at->second, record);
  }
  for (const held_id& id : asked) { // what is done needs nothing more
    const auto at = active_.find(id.row);
    if (at == active_.end() || at->second.at != phase::reading) continue;
    if (at->second.probe) circuits_.lost_probe(id.row);
    leave(at->second);
    active_.erase(at);
  }
}

// A person moved it after this due time was put into the wheel: by the other one it is found again.
void releaser::put_back(active& each, const held_record& now) {
  held_ref held = each.held;
  held.due = now.due;
  held.relative = now.relative;
  if (each.probe) circuits_.lost_probe(held.id.row);
  const bool may_load = each.route->may_load();
  leave(each);
  active_.erase(held.id.row);
  if (may_load) near_.offer(held);
}

void releaser::stage(active& each, std::unique_ptr<held_record> record) {
  each.why = record->why;
  each.failures = record->publish_failures;
  each.record = std::move(record);
  each.at = phase::staged;
  near_.stage_for_publish(each.held); // at once, where it is overdue
}

} // namespace postponed::relay
