#include "relay/engine.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace postponed::relay {

namespace {

using namespace std::chrono_literals;

constexpr auto deadline_period = 500ms; // how often stalled destinations and missing confirms are looked for

} // namespace

engine::engine(parameters limits, releaser::random_source random)
    : limits_{std::move(limits)}, routes_{count_}, near_{{limits_.horizon_rows, limits_.horizon_ahead,
                                                          limits_.read_ahead}},
      releaser_{limits_, near_, routes_, count_, past_, random}, intake_{limits_, routes_, count_,
                                                                         [this](std::size_t bytes) {
                                                                           return releaser_.may_keep(bytes);
                                                                         },
                                                                         random} {
  routes_.configure(limits_); // every route is shown from the start, at zero
}

void engine::start(const store::store_stats& held) {
  next_row_ = held.next_row;
  routes_.learn(held.routes);
  for (const store::route_pause& each : held.paused)
    routes_.set_paused(each);
}

void engine::reload(parameters limits) {
  limits_ = std::move(limits);
  routes_.configure(limits_);
  near_.set_rows(limits_.horizon_rows);
  releaser_.reconfigure();
  routes_.for_each([&](route_entry& each) {
    if (!each.may_release()) releaser_.forget(each);
  });
  // Bodies of what is due within the next second are in memory, so that loading the rest again makes nothing
  // late.
  restart_horizon();
}

bool engine::pause(const store::route_pause& what) {
  route_entry* const route = routes_.named(what.route);
  if (route == nullptr || route->internal) return false;
  const bool resumes = route->paused && !what.paused;
  routes_.set_paused(what);
  batch_.pauses.push_back(what);
  ++batch_rows_;
  if (what.paused) releaser_.forget(*route);
  if (resumes) restart_horizon();
  return true;
}

std::vector<store::route_pause> engine::paused() {
  std::vector<store::route_pause> result;
  routes_.for_each([&](const route_entry& each) {
    if (each.paused) result.push_back(each.pause);
  });
  return result;
}

void engine::restart_horizon() {
  near_.restart();
}

bool engine::on_delivery(source_id from, std::uint64_t epoch, proto::event::delivered&& delivery,
                         moment now) {
  if (!intake_.on_delivery(from, epoch, std::move(delivery), now)) return false;
  ++batch_rows_;
  return true;
}

void engine::offer(const route_entry& route, const held_ref& held) {
  if (route.may_load()) near_.offer(held); // else it stays on disk until it may
}

void engine::on_replayed(const store::replayed& what, const std::string& dead_letter) {
  dead_letter_counters& letters = count_.dead_letters[dead_letter];
  letters.replayed += what.held.size();
  letters.replay_skipped += what.skipped;
  for (std::size_t i = 0; i < what.held.size(); ++i) {
    const held_ref& held = what.held[i];
    routes_.learn(what.routes[i], held.route);
    next_row_ = std::max(next_row_, held.id.row + 1);
    const route_entry& route = *routes_.named(what.routes[i]);
    ++route.count->held_messages;
    route.count->held_bytes += held.bytes;
    offer(route, held);
  }
}

void engine::collect() {
  const auto append = [](auto& to, auto from) {
    if (to.empty())
      to = std::move(from);
    else
      to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  append(batch_.inserts, intake_.take_inserts());
  append(batch_.letters, intake_.take_letters());
  append(batch_.done, releaser_.take_done());
  append(batch_.deferrals, releaser_.take_deferrals());
  batch_rows_ = batch_.inserts.size() + batch_.letters.size() + batch_.done.size() + batch_.deferrals.size() +
                batch_.pauses.size() + batch_.scheduled.size() + batch_.changes.size();
}

std::vector<engine::standing> engine::change(const std::vector<store::held_change>& what) {
  std::vector<standing> result;
  std::vector<std::int64_t> rows;
  result.reserve(what.size());
  for (const store::held_change& each : what) {
    result.push_back(releaser_.standing_of(each.id.row));
    if (result.back() != standing::free) continue;
    rows.push_back(each.id.row);
    batch_.changes.push_back(each);
  }
  releaser_.begin_changes(rows);
  batch_rows_ += rows.size();
  return result;
}

void engine::on_changed(const store::held_change& asked, const store::change_outcome& outcome, wall_time at) {
  const bool gone = outcome.held && !asked.due;
  releaser_.end_change(asked.id.row, gone);
  changed_.push_back(outcome);
  route_entry* const route = outcome.held ? routes_.numbered(outcome.after.route) : nullptr;
  if (route == nullptr) return;
  past_.add(asked.id.row, outcome.after.route, gone ? step::cancelled : step::rescheduled, at);
  if (gone) {
    ++route->count->cancelled;
    --route->count->held_messages;
    route->count->held_bytes -= outcome.after.bytes;
  } else {
    ++route->count->rescheduled;
    if (!releaser_.is_active(asked.id.row)) offer(*route, outcome.after); // else by its next change
  }
}

void engine::schedule(store::insert_request&& request) {
  batch_.scheduled.push_back(std::move(request));
  ++batch_rows_;
}

void engine::on_scheduled(const submitted::request& asked, store::insert_outcome&& told, wall_time at) {
  const store::insert_outcome& outcome = scheduled_.emplace_back(std::move(told));
  if (outcome.suppressed) return;
  routes_.learn(asked.route, outcome.held.route);
  past_.add(outcome.held.id.row, outcome.held.route, step::received, asked.received);
  past_.add(outcome.held.id.row, outcome.held.route, step::stored, at);
  next_row_ = std::max(next_row_, outcome.held.id.row + 1);
  const route_entry& route = *routes_.named(asked.route);
  ++route.count->scheduled;
  ++route.count->held_messages;
  route.count->held_bytes += outcome.held.bytes;
  offer(route, outcome.held);
}

store::batch engine::take_batch() {
  collect();
  submitted_.push_back({batch_.done, batch_.deferrals, batch_.changes, {}});
  for (const store::insert_request& each : batch_.scheduled)
    submitted_.back().scheduled.push_back({each.record.route, each.record.first_seen});
  batch_rows_ = 0;
  return std::exchange(batch_, {});
}

void engine::on_committed(store::commit_outcome&& outcome, double milliseconds, std::optional<wall_time> at) {
  const wall_time durable = at.value_or(ran_);
  assert(!submitted_.empty());
  count_.commit.observe(milliseconds);
  ++count_.commits;
  count_.committed_rows += outcome.inserts.size() + outcome.letters.size() + submitted_.front().done.size();
  for (intake::committed& each : intake_.on_committed(outcome, acks_, notes_)) {
    next_row_ = std::max(next_row_, each.held.id.row + 1);
    past_.add(each.held.id.row, each.held.route, step::received, each.received);
    past_.add(each.held.id.row, each.held.route, step::stored, durable);
    count_.hold.observe(std::max(0.0, static_cast<double>((durable - each.received).count()) / 1000.0));
    ++each.route->count->held_messages;
    each.route->count->held_bytes += each.held.bytes;
    if (each.record)
      releaser_.keep(each.held, std::move(each.record));
    else
      offer(*each.route, each.held);
  }
  const submitted& asked = submitted_.front();
  for (std::size_t i = 0; i < asked.scheduled.size(); ++i)
    on_scheduled(asked.scheduled[i], std::move(outcome.scheduled[i]), durable);
  releaser_.on_closed(asked.done, asked.deferrals);
  for (std::size_t i = 0; i < asked.changes.size(); ++i)
    on_changed(asked.changes[i], outcome.changes[i], durable);
  submitted_.pop_front();
}

void engine::on_loaded(const store::horizon_page& page) {
  near_.on_loaded(page, [this](const held_ref& held, bool overdue) {
    if (releaser_.is_active(held.id.row)) return false;
    const route_entry* const route = routes_.numbered(held.route); // it may have been paused meanwhile
    return route != nullptr && route->may_load(overdue);
  });
}

void engine::on_read(const std::vector<held_id>& asked, std::vector<held_record>&& found) {
  releaser_.on_read(asked, std::move(found));
}

void engine::on_lane_lost(lane which, std::uint16_t code, const std::string& text, moment now) {
  releaser_.on_lane_lost(which, code, text, now);
  collect();
}

void engine::on_confirmed(lane which, std::uint64_t tag, bool multiple, moment now) {
  releaser_.on_confirmed(which, tag, multiple, now);
  collect();
}

void engine::on_refused(lane which, std::uint64_t tag, bool multiple, moment now) {
  releaser_.on_refused(which, tag, multiple, now);
  collect();
}

void engine::on_returned(lane which, std::string_view properties, std::uint16_t code,
                         const std::string& text) {
  releaser_.on_returned(which, properties, code, text);
}

void engine::on_clock_back(microseconds by) {
  // Deliveries that wait for their commit were given their due times by the old clock too.
  std::size_t pending = intake_.pending() + batch_.scheduled.size();
  for (const submitted& each : submitted_)
    pending += each.scheduled.size();
  near_.step_back(by, next_row_ + static_cast<std::int64_t>(pending));
}

void engine::run(moment now, actions& out) {
  ran_ = now.wall;
  expired_.clear();
  near_.advance(now.wall, expired_);
  for (const horizon::expiry& each : expired_)
    releaser_.on_expired(each, now);
  if (now.steady - deadlines_checked_ >= deadline_period) {
    deadlines_checked_ = now.steady;
    releaser_.check_deadlines(now);
    near_.shrink(now.wall);
  }
  releaser_.pump(now, out);
  if (releaser_.take_restart(false)) restart_horizon();
  if (releaser_.take_restart(true)) near_.restart_overdue(now.wall);
  if (!out.load) {
    out.load = near_.want_load(now.wall, releaser_.in_work(false), releaser_.in_work(true));
    if (out.load) out.load->skip = routes_.skipped(out.load->overdue);
  }
  for (note& each : releaser_.take_notes())
    out.notes.push_back(std::move(each));
  for (note& each : std::exchange(notes_, {}))
    out.notes.push_back(std::move(each));
  out.acks.insert(out.acks.end(), acks_.begin(), acks_.end());
  acks_.clear();
  collect();
  count_.horizon_rows = near_.size();
  count_.staged_bytes = releaser_.staged_bytes();
  count_.in_flight = releaser_.in_flight();
  count_.overdue = releaser_.in_work(true);
  count_.unacked = intake_.pending();
}

std::optional<wall_time> engine::next_wake(moment now) const {
  std::optional<wall_time> wake = near_.next_wake(now.wall);
  const auto at = [&](wall_time when) {
    if (!wake || when < *wake) wake = when;
  };
  if (releaser_.in_flight() > 0) // its deadlines
    at(now.wall + std::chrono::duration_cast<microseconds>(deadline_period));
  if (const auto flow = releaser_.next_wake(now)) at(*flow);
  return wake;
}

bool engine::drained() const {
  return intake_.pending() == 0 && releaser_.in_flight() == 0 && submitted_.empty() && batch_rows_ == 0 &&
         acks_.empty();
}

} // namespace postponed::relay
