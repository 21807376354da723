#include "relay/horizon.hpp"

#include <algorithm>
#include <limits>

namespace postponed::relay {

namespace {

using namespace std::chrono_literals;

constexpr auto behind = 5s; // so far behind the clock, what is ahead begins anew from now

// Handed out by one advance(): some 2 ms of work where a core is slow.
constexpr std::size_t read_at_once = 1000;

constexpr std::int64_t last_row = std::numeric_limits<std::int64_t>::max();

} // namespace

wall_time horizon::effective_due(const held_ref& held) const {
  wall_time due = held.due;
  if (!held.relative) return due;
  for (const clock_step& each : steps_)
    if (held.id.row < each.row_limit) due -= each.by;
  return due;
}

microseconds horizon::steps_total() const {
  microseconds total{0};
  for (const clock_step& each : steps_)
    total += each.by;
  return total;
}

bool horizon::offer(const held_ref& held) {
  const store::horizon_position at{held.due, held.id.row};
  if (at > ahead_.reached) return false;
  // The next page of what is overdue finds it. What was due just before the split is new, and is not to wait
  // for a backlog.
  if (!overdue_.complete && at > overdue_.reached && held.due + behind <= split_) return false;
  schedule(held);
  return true;
}

void horizon::schedule(const held_ref& held) {
  wheel_.insert(effective_due(held) - limits_.read_ahead, payload{held, stage::read});
}

void horizon::stage_for_publish(const held_ref& held) {
  wheel_.insert(effective_due(held), payload{held, stage::publish});
}

void horizon::restage(const payload& each) {
  if (each.what == stage::read)
    schedule(each.held);
  else
    stage_for_publish(each.held);
}

// All that is due by now and not loaded is overdue. Rows that are ahead begin after it.
void horizon::split(wall_time now) {
  if (begun_ && overdue_.complete) overdue_.reached = ahead_.reached;
  overdue_.complete = false;
  split_ = now;
  ahead_ = {{now, last_row}, false};
  begun_ = true;
}

std::optional<load_action> horizon::want_load(wall_time now, std::size_t in_work, std::size_t overdue) {
  // Rows are counted by route and kind once they are handed out: before that, no page more.
  if (loading_ || !to_read_.empty()) return std::nullopt;
  // The clock was ahead at the split and was set back: what lies before it is not overdue after all.
  if (begun_ && !overdue_.complete && split_ > now + behind) restart();
  if (!begun_ || ahead_.reached.due + behind < now) split(now);
  std::optional<load_action> wanted = want_ahead(now, in_work);
  if (wanted) {
    loading_ = stretch_of::ahead;
  } else if ((wanted = want_overdue(in_work, overdue))) {
    loading_ = stretch_of::overdue;
  }
  return wanted;
}

std::optional<load_action> horizon::want_ahead(wall_time now, std::size_t in_work) {
  // Rows that a step back of the clock made due sooner stand further out on disk by as much.
  const microseconds ahead = limits_.ahead + steps_total();
  const std::size_t here = size() + in_work;
  if (here >= limits_.rows - limits_.rows / 4) return std::nullopt;
  // While a page was cut by its limit there is more before `until`; otherwise load again when half is used
  // up.
  if (ahead_.complete && ahead_.reached.due > now + ahead / 2) return std::nullopt;
  return load_action{ahead_.reached, now + ahead, limits_.rows - here, false, {}};
}

// In small pages: commits wait while one is read.
std::optional<load_action> horizon::want_overdue(std::size_t in_work, std::size_t overdue) {
  // Those a few seconds late count as on time, and may be many.
  if (size() + in_work + overdue >= limits_.rows + limits_.rows / 2) return std::nullopt;
  const std::size_t room = overdue_room();
  if (overdue_.complete || overdue >= room - room / 2) return std::nullopt;
  const std::size_t page = std::max<std::size_t>(std::min<std::size_t>(1000, room), limits_.rows / 20);
  return load_action{overdue_.reached, split_, std::min(page, room - overdue), true, {}};
}

void horizon::advance(wall_time now, std::vector<expiry>& out) {
  scratch_.clear();
  wheel_.advance(now, scratch_);
  std::size_t room = read_at_once;
  for (; room > 0 && !to_read_.empty(); --room) { // they came first
    out.push_back(to_read_.front());
    to_read_.pop_front();
  }
  for (const auto& each : scratch_) {
    const expiry due{each.payload.held, effective_due(each.payload.held), each.payload.what};
    if (due.what == stage::publish) {
      out.push_back(due);
    } else if (room > 0) {
      out.push_back(due);
      --room;
    } else {
      to_read_.push_back(due);
    }
  }
}

std::optional<wall_time> horizon::next_wake(wall_time now) const {
  if (!to_read_.empty()) return now;
  std::optional<wall_time> wake = wheel_.next_due();
  // Where the room is used up, it is the next expiry that makes some.
  if (!loading_ && ahead_.complete && size() < limits_.rows - limits_.rows / 4) {
    const wall_time reload =
        std::max(now + 1ms, ahead_.reached.due - (limits_.ahead + steps_total()) / 2 + 1ms);
    if (!wake || reload < *wake) wake = reload;
  }
  return wake;
}

void horizon::step_back(microseconds by, std::int64_t row_limit) {
  std::vector<payload> all;
  all.reserve(wheel_.size());
  wheel_.drop_after(wall_time::min(), [&](wall_time, const payload& each) { all.push_back(each); });
  steps_.push_back({by, row_limit});
  ahead_.complete = false; // the horizon must now reach further
  for (const payload& each : all)
    restage(each);
  for (const expiry& each : std::exchange(to_read_, {}))
    schedule(each.held);
}

void horizon::restart() {
  std::vector<payload> staged;
  wheel_.drop_after(wall_time::min(), [&](wall_time, const payload& each) {
    if (each.what == stage::publish) staged.push_back(each);
  });
  for (const payload& each : staged)
    restage(each);
  ahead_ = overdue_ = {};
  begun_ = false;
  discard_ = loading_.has_value();
}

void horizon::restart_overdue(wall_time now) {
  overdue_ = {};
  split_ = std::max(split_, std::min(now, ahead_.reached.due)); // what is later is found ahead
  discard_ = discard_ || loading_ == stretch_of::overdue;
}

void horizon::shrink(wall_time now) {
  // A page still under way would be laid over a horizon that has moved: wait for it.
  if (loading_ || size() <= limits_.rows + limits_.rows / 4) return;
  wall_time limit = ahead_.reached.due;
  while (size() > limits_.rows && limit > now + 2 * limits_.read_ahead) {
    limit = std::max(now + 2 * limits_.read_ahead, now + (limit - now) / 2);
    std::vector<payload> kept; // bodies in memory: staged rows are never forgotten
    wheel_.drop_after(limit - limits_.read_ahead - steps_total(), [&](wall_time, const payload& each) {
      if (each.what == stage::publish || each.held.due <= limit) kept.push_back(each);
    });
    for (const payload& each : kept)
      restage(each);
  }
  if (limit < ahead_.reached.due)
    ahead_ = {{limit, last_row}, true}; // up to here; want_load() asks for more as it is used up
}

} // namespace postponed::relay
