#include "relay/releaser.hpp"

#include "relay/templates.hpp"

#include <algorithm>
#include <cassert>

namespace postponed::relay {

releaser::releaser(const parameters& limits, horizon& near, counters& count, random_source random)
    : limits_{limits}, near_{near}, count_{count}, random_{std::move(random)}, destinations_{
                                                                                   limits.confirm_window} {
  for (const route_parameters& each : limits_.routes)
    routes_.emplace(each.name, &each);
}

// --- towards the due time
// ------------------------------------------------------------------------------------

void releaser::keep(const held_ref& held, held_record record) {
  record.id = held.id;
  active& each = active_[held.id.row];
  each.held = held;
  each.due = near_.effective_due(held);
  staged_bytes_ += held.bytes;
  stage(each, std::move(record));
}

void releaser::on_expired(const horizon::expiry& each) {
  if (each.what == horizon::stage::read) {
    to_stage_.push_back(each);
    return;
  }
  const auto found = active_.find(each.held.id.row);
  if (found != active_.end() && found->second.at == phase::staged) make_ready(found->second);
}

void releaser::enter_reading(active& each) {
  each.at = phase::reading;
  staged_bytes_ += each.held.bytes;
  to_read_.push_back(each.held.id);
}

void releaser::on_read(const std::vector<held_id>& asked, std::vector<held_record>&& found) {
  for (held_record& record : found) {
    const auto at = active_.find(record.id.row);
    if (at == active_.end() || at->second.at != phase::reading) continue;
    stage(at->second, std::move(record));
  }
  for (const held_id& id : asked) { // what is done, or whose route is unknown, needs nothing more
    const auto at = active_.find(id.row);
    if (at == active_.end() || at->second.at != phase::reading) continue;
    staged_bytes_ -= at->second.held.bytes;
    active_.erase(at);
  }
}

void releaser::stage(active& each, held_record&& record) {
  const auto route = routes_.find(record.route);
  if (route == routes_.end()) {
    // An orphan: its route is not in the file. It stays held; the next start with its route releases it.
    notes_.push_back({note::level::warning,
                      "message held for a route that is not in the configuration",
                      {{"id", to_string(record.id)}, {"route", record.route}}});
    return; // still `reading`: on_read forgets it
  }
  each.route = route->second;
  each.count = &count_.routes[record.route];
  each.why = record.why;
  each.failures = record.publish_failures;
  each.record = std::make_unique<held_record>(std::move(record));
  each.at = phase::staged;
  near_.stage_for_publish(each.held); // at once, where it is overdue
}

void releaser::make_ready(active& each) {
  each.at = phase::ready;
  if (each.suspect || convicted_.contains(each.held.id.row)) {
    suspects_.push_back(each.held.id.row);
    return;
  }
  const address where = resolve(*each.route, *each.record);
  each.to = &destinations_.at(where.exchange, where.routing_key);
  destinations_.add_ready(*each.to, each.held.id.row);
}

// --- doing what can be done
// ----------------------------------------------------------------------------------

void releaser::pump(moment now, actions& out) {
  while (!to_stage_.empty() &&
         (staged_bytes_ == 0 || staged_bytes_ + to_stage_.front().held.bytes <= limits_.body_cache)) {
    const horizon::expiry next = to_stage_.front();
    to_stage_.pop_front();
    const auto [at, inserted] = active_.try_emplace(next.held.id.row);
    if (!inserted) continue; // being worked on already
    at->second.held = next.held;
    at->second.due = next.due;
    enter_reading(at->second);
  }
  if (!to_read_.empty()) {
    out.reads.insert(out.reads.end(), to_read_.begin(), to_read_.end());
    to_read_.clear();
  }
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
    const address where = resolve(*each.route, *each.record);
    each.to = &destinations_.at(where.exchange, where.routing_key);
    destinations_.add_probe(*each.to, now.steady);
    publish(each, lane::probe, now, out);
  }
}

void releaser::publish(active& each, lane on, moment now, actions& out) {
  const held_record& record = *each.record;
  const address where = resolve(*each.route, record);
  const auto* const refused = destinations_.refused(where.exchange, now.wall);
  const bool too_long = each.why == reason::none && where.cut;
  if (refused != nullptr || too_long) {
    destinations_.settled(*each.to, now.steady);
    each.to = nullptr;
    fail(each, reason::unroutable,
         too_long ? "the exchange or routing key would be longer than 255 bytes" : refused->text, now.wall);
    return;
  }
  publish_action act;
  act.properties = properties_of(each);
  if (each.why == reason::none && act.properties.size() > properties_max_) {
    destinations_.settled(*each.to, now.steady);
    each.failures = each.route->publish_attempts; // it will not fit the next time either
    fail(each, reason::too_large, "its headers and ours together fit no frame of the connection", now.wall);
    return;
  }
  if (each.why == reason::none) ++each.count->released;
  if (each.repeat) ++each.count->repeated;
  lane_state& state = of(on);
  act.on = on;
  act.tag = state.next_tag++;
  act.exchange = where.exchange;
  act.routing_key = where.routing_key;
  act.body = std::move(each.record->content.body);
  state.window.add(act.tag, static_cast<std::uint64_t>(each.held.id.row), each.held.bytes);
  each.at = phase::in_flight;
  each.on = on;
  each.published = now.steady;
  free_record(each);
  out.publishes.push_back(std::move(act));
}

std::string releaser::properties_of(const active& each) const {
  const held_record& record = *each.record;
  proto::release_stamp stamp;
  stamp.id = to_string(record.id);
  stamp.attempt = record.attempt;
  stamp.route = record.route;
  stamp.due = record.due;
  if (each.why == reason::none) return proto::release_properties(record.content.properties, stamp);
  proto::burial_stamp burial;
  burial.why = each.why;
  burial.error = record.error;
  burial.first_seen = record.first_seen;
  burial.from_exchange = record.content.exchange;
  burial.from_routing_key = record.content.routing_key;
  burial.from_queue = each.route->queue;
  std::string full = proto::burial_properties(record.content.properties, stamp, burial);
  // A header that fits no frame is given up rather than the message.
  return full.size() <= properties_max_ ? full : proto::burial_properties({}, stamp, burial);
}

void releaser::free_record(active& each) {
  if (!each.record) return;
  each.record.reset();
  staged_bytes_ -= each.held.bytes;
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
    const std::deque<std::int64_t> waiting = std::exchange(each->ready, {});
    for (const std::int64_t row : waiting)
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
    ++each.count->unknown;
    of(each.on).window.abandon(static_cast<std::uint64_t>(row));
    destinations_.settled(*each.to, now.steady);
    defer(each, now.wall + limits_.publish_backoff.initial, "");
  }
}

// --- the store has committed what became of it
// ----------------------------------------------------------------

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
    --at->second.count->held_messages;
    at->second.count->held_bytes -= at->second.held.bytes;
    active_.erase(at);
  }
  for (const store::deferral& each : deferred) {
    const auto at = active_.find(each.id.row);
    assert(at != active_.end() && at->second.at == phase::closing);
    held_ref held = at->second.held;
    held.due = each.due;
    held.relative = false;
    active_.erase(at);
    near_.offer(held);
  }
}

} // namespace postponed::relay
