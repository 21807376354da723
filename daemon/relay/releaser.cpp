#include "relay/releaser.hpp"

#include "relay/arrival.hpp"

#include <algorithm>
#include <cassert>

namespace postponed::relay {

namespace {

// Of the rows in memory, the share of one route above which the rest of it stays on disk for now: a backlog
// behind a pace or a dead destination must not keep the others out.
std::size_t most_of_one(const parameters& limits, bool overdue) {
  return std::max<std::size_t>(1000, limits.horizon_rows / (overdue ? 16 : 4));
}

} // namespace

releaser::releaser(const parameters& limits, horizon& near, route_table& routes, counters& count,
                   history& past, random_source random)
    : limits_{limits}, near_{near}, routes_{routes}, count_{count}, past_{past}, random_{std::move(random)},
      destinations_{limits.confirm_window} {
  reconfigure();
}

void releaser::reconfigure() {
  destinations_.set_window(limits_.confirm_window);
  destinations_.set_share(limits_.catch_up.share);
  catch_up_.set_rate(limits_.catch_up.rate);
}

// --- towards the due time

releaser::active* releaser::enter(const held_ref& held, wall_time due, bool overdue) {
  route_entry* const route = routes_.numbered(held.route);
  if (route == nullptr || !route->may_release() || changing_.contains(held.id.row)) return nullptr;
  const auto [at, inserted] = active_.try_emplace(held.id.row);
  if (!inserted) return nullptr;
  active& each = at->second;
  each.held = held;
  each.due = due;
  each.route = route;
  each.overdue = overdue;
  each.repeat = uncertain_.contains(held.id.row);
  count_in(each);
  return &each;
}

void releaser::count_in(active& each) {
  overdue_ += each.overdue ? 1 : 0;
  route_entry::standing& at = each.route->of(each.overdue);
  if (++at.in_work > most_of_one(limits_, each.overdue)) at.lagging = true;
}

void releaser::count_out(active& each) {
  overdue_ -= each.overdue ? 1 : 0;
  route_entry::standing& at = each.route->of(each.overdue);
  --at.in_work;
  if (!at.lagging || at.in_work > most_of_one(limits_, each.overdue) / 4) return;
  at.lagging = false;
  restart_[each.overdue ? 1 : 0] = true;
}

// REQUIRES: its body is not in memory.
void releaser::set_overdue(active& each) {
  assert(!each.holds);
  count_out(each);
  each.overdue = true;
  count_in(each);
}

void releaser::leave(active& each) {
  let_go(each);
  count_out(each);
}

void releaser::hold(active& each) {
  if (std::exchange(each.holds, true)) return;
  staged_bytes_ += each.held.bytes;
  if (each.overdue) staged_overdue_ += each.held.bytes;
  ++each.route->of(each.overdue).staged;
}

void releaser::let_go(active& each) {
  each.record.reset();
  if (!std::exchange(each.holds, false)) return;
  staged_bytes_ -= each.held.bytes;
  if (each.overdue) staged_overdue_ -= each.held.bytes;
  --each.route->of(each.overdue).staged;
}

void releaser::keep(const held_ref& held, std::unique_ptr<held_record> record) {
  active* const each = enter(held, near_.effective_due(held), false);
  if (each == nullptr) return;
  hold(*each);
  stage(*each, std::move(record));
}

void releaser::on_expired(const horizon::expiry& each, moment now) {
  if (each.what == horizon::stage::read) {
    const bool overdue = now.wall - each.due > limits_.overdue_after;
    if (active* const entered = enter(each.held, each.due, overdue)) queue(*entered);
    return;
  }
  const auto found = active_.find(each.held.id.row);
  // The same row may have been staged for another due time before a person moved it.
  if (found == active_.end() || found->second.at != phase::staged) return;
  if (found->second.held.due == each.held.due) make_ready(found->second, now);
}

void releaser::go(active& each, moment now) {
  if (each.suspect || convicted_.contains(each.held.id.row)) {
    each.at = phase::ready;
    suspects_.push_back(each.held.id.row);
    return;
  }
  resolve(each.route->is, *each.record, where_);
  const address& where = where_;
  if (where.problem != reason::none) {
    bury(each, where.problem, where.error, now.wall);
    return;
  }
  if (!each.probe && circuits_.is_open(where.exchange, where.routing_key)) {
    park(each, where);
    return;
  }
  each.at = phase::ready;
  if (destinations_.doubtful(where.exchange)) {
    suspects_.push_back(each.held.id.row);
    return;
  }
  each.to = &destinations_.at(where.exchange, where.routing_key);
  destinations_.add_ready(*each.to, each.held.id.row, each.overdue);
}

// --- doing what can be done

void releaser::pump(moment now, actions& out) {
  const bool may_publish = !stopping_ && !blocked_ && of(lane::main).open && !probe_alone_;
  if (may_publish) {
    probe_circuits(now);
    let_paced_go(now);
  }
  read_more(now, out);
  if (stopping_ || blocked_) return;
  publish_suspects(now, out);
  if (probe_alone_ || !of(lane::main).open) return;
  while (destinations_.in_flight() < limits_.confirm_window &&
         (of(lane::main).window.bytes() < limits_.window_bytes || of(lane::main).window.empty())) {
    destination* const next = destinations_.next_runnable();
    if (next == nullptr) break;
    const std::int64_t row = destinations_.take(*next, now.steady);
    const auto at = active_.find(row);
    assert(at != active_.end() && at->second.at == phase::ready);
    publish(at->second, lane::main, now, out);
  }
}

void releaser::publish_suspects(moment now, actions& out) {
  lane_state& probe = of(lane::probe);
  if (probe_alone_) {
    probe_alone_ = std::any_of(active_.begin(), active_.end(), [](const auto& each) {
      return each.second.suspect && each.second.at != phase::closing;
    });
  }
  while (probe.open && probe.window.empty() && !suspects_.empty()) {
    const std::int64_t row = suspects_.front();
    suspects_.pop_front();
    active& each = active_.at(row);
    const address where = resolve(each.route->is, *each.record);
    each.to = &destinations_.at(where.exchange, where.routing_key);
    if (!each.suspect && !convicted_.contains(row) && !destinations_.doubtful(where.exchange)) {
      destinations_.add_ready(*each.to, row, each.overdue); // its exchange is well again
      continue;
    }
    destinations_.add_probe(*each.to, each.overdue, now.steady);
    publish(each, lane::probe, now, out);
  }
}

void releaser::publish(active& each, lane on, moment now, actions& out) {
  const held_record& record = *each.record;
  address where = resolve(each.route->is, record);
  const auto* const refused = destinations_.refused(where.exchange, now.wall);
  const bool too_long = each.why == reason::none && where.cut;
  if (refused != nullptr || too_long) {
    const std::string why =
        too_long ? "the exchange or routing key would be longer than 255 bytes" : refused->text;
    fail(each, land(each, now), reason::unroutable, why, now);
    return;
  }
  if (where.problem != reason::none) { // the route was reloaded meanwhile
    land(each, now);
    bury(each, where.problem, where.error, now.wall);
    return;
  }
  if (is_late(each, now.wall)) { // it may have waited for a connection
    const bool released = each.route->is.late->what == late_policy::action::release;
    if (!released) {
      land(each, now);
      turned_away_late(each, now.wall);
      return;
    }
    ++each.route->count->late_released;
  }
  publish_action act;
  act.properties = properties_of(each, now.wall);
  if (each.why == reason::none && act.properties.size() > properties_max_) {
    land(each, now);
    bury(each, reason::too_large, "its headers and ours together fit no frame of the connection", now.wall);
    return;
  }
  if (each.why == reason::none) ++each.route->count->released;
  if (each.repeat) ++each.route->count->repeated;
  lane_state& state = of(on);
  act.on = on;
  act.tag = state.next_tag++;
  act.exchange = std::move(where.exchange);
  act.routing_key = std::move(where.routing_key);
  act.body = std::move(each.record->content.body);
  state.window.add(act.tag, static_cast<std::uint64_t>(each.held.id.row), each.held.bytes);
  each.at = phase::in_flight;
  each.on = on;
  each.published = now.steady;
  remember(each, step::published, now.wall);
  let_go(each);
  out.publishes.push_back(std::move(act));
}

std::string releaser::properties_of(const active& each, wall_time now) const {
  const held_record& record = *each.record;
  const route_parameters& route = each.route->is;
  proto::release_stamp stamp;
  const held_id_text id = write_held_id(record.id);
  stamp.id = id.view();
  stamp.attempt = record.attempt;
  stamp.route = record.route;
  stamp.due = record.due;
  if (route.retry) stamp.first_seen = record.first_seen; // its age goes on counting
  stamp.hops = record.hops;
  stamp.replays = record.replays;
  stamp.speaks = route.speaks;
  if (each.why == reason::none) return proto::release_properties(record.content.properties, stamp);
  proto::burial_stamp burial;
  burial.why = each.why;
  burial.error = record.error;
  burial.first_seen = record.first_seen;
  burial.from_exchange = record.content.exchange;
  burial.from_routing_key = record.content.routing_key;
  burial.from_queue = route.queue;
  burial.origin_queue = origin_of(route, record.content.properties).value_or(std::string{});
  burial.buried = now;
  std::string full = proto::burial_properties(record.content.properties, stamp, burial);
  // A header that fits no frame is given up rather than the message.
  return full.size() <= properties_max_ ? full : proto::burial_properties({}, stamp, burial);
}

void releaser::check_deadlines(moment now) {
  if (blocked_ || !of(lane::main).open) return;
  for (destination* each : destinations_.stall(now.steady - limits_.stall_after)) {
    notes_.push_back({note::level::warning,
                      "destination confirms nothing; others go on without it",
                      {{"exchange", each->exchange},
                       {"routing_key", each->routing_key},
                       {"in_flight", std::to_string(each->in_flight)}}});
  }
  for (destination* each : destinations_.all_stalled()) {
    // Its due messages would fill the body cache: back to disk for a while.
    for (const std::int64_t row : destinations_.take_all_ready(*each))
      defer(active_.at(row), now.wall + limits_.confirm_deadline, "");
  }
  std::vector<std::int64_t> late;
  for (const destination* each : destinations_.all_stalled())
    if (each->progress + limits_.confirm_deadline <= now.steady) {
      for (auto& [row, candidate] : active_)
        if (candidate.at == phase::in_flight && candidate.to == each) late.push_back(row);
    }
  for (const std::int64_t row : late) {
    active& each = active_.at(row);
    ++each.route->count->unknown;
    uncertain_.insert(row);
    remember(each, step::unknown, now.wall);
    of(each.on).window.abandon(static_cast<std::uint64_t>(row));
    land(each, now);
    defer(each, now.wall + limits_.publish_backoff.initial, "");
  }
}

// --- the store has committed what became of it

std::vector<held_id> releaser::take_done() {
  return std::exchange(done_, {});
}
std::vector<store::deferral> releaser::take_deferrals() {
  return std::exchange(deferrals_, {});
}

void releaser::on_closed(const std::vector<held_id>& done, const std::vector<store::deferral>& deferred) {
  for (const held_id& id : done) {
    const auto at = active_.find(id.row);
    assert(at != active_.end() && at->second.at == phase::closing);
    --at->second.route->count->held_messages;
    at->second.route->count->held_bytes -= at->second.held.bytes;
    leave(at->second);
    active_.erase(at);
  }
  for (const store::deferral& each : deferred) {
    const auto at = active_.find(each.id.row);
    assert(at != active_.end() && at->second.at == phase::closing);
    held_ref held = at->second.held;
    held.due = each.due;
    held.relative = false;
    route_entry& route = *at->second.route;
    leave(at->second);
    active_.erase(at);
    if (route.may_load()) near_.offer(held);
  }
}

} // namespace postponed::relay
