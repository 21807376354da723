#include "relay/horizon.hpp"

#include <algorithm>
#include <limits>

namespace postponed::relay {

using namespace std::chrono_literals;

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
  if (store::horizon_position{held.due, held.id.row} > reached_) return false;
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

std::optional<load_action> horizon::want_load(wall_time now, std::size_t in_work) {
  // Rows that a step back of the clock made due sooner stand further out on disk by as much.
  const microseconds ahead = limits_.ahead + steps_total();
  const std::size_t here = wheel_.size() + in_work;
  if (loading_ || here >= limits_.rows - limits_.rows / 4) return std::nullopt;
  // While a page was cut by its limit there is more before `until`; otherwise load again when half is used
  // up.
  if (complete_ && reached_.due > now + ahead / 2) return std::nullopt;
  loading_ = true;
  return load_action{reached_, now + ahead, limits_.rows - here, {}};
}

void horizon::advance(wall_time now, std::vector<expiry>& out) {
  scratch_.clear();
  wheel_.advance(now, scratch_);
  for (const auto& each : scratch_) {
    out.push_back({each.payload.held, effective_due(each.payload.held), each.payload.what});
  }
}

std::optional<wall_time> horizon::next_wake(wall_time now) const {
  std::optional<wall_time> wake = wheel_.next_due();
  // Where the room is used up, it is the next expiry that makes some.
  if (!loading_ && complete_ && wheel_.size() < limits_.rows - limits_.rows / 4) {
    const wall_time reload = std::max(now + 1ms, reached_.due - (limits_.ahead + steps_total()) / 2 + 1ms);
    if (!wake || reload < *wake) wake = reload;
  }
  return wake;
}

void horizon::step_back(microseconds by, std::int64_t row_limit) {
  std::vector<payload> all;
  all.reserve(wheel_.size());
  wheel_.drop_after(wall_time::min(), [&](wall_time, const payload& each) { all.push_back(each); });
  steps_.push_back({by, row_limit});
  complete_ = false; // the horizon must now reach further
  for (const payload& each : all)
    restage(each);
}

void horizon::restart() {
  std::vector<payload> staged;
  wheel_.drop_after(wall_time::min(), [&](wall_time, const payload& each) {
    if (each.what == stage::publish) staged.push_back(each);
  });
  for (const payload& each : staged)
    restage(each);
  reached_ = {};
  complete_ = false;
  discard_ = loading_;
}

void horizon::shrink(wall_time now) {
  // A page still under way would be laid over a horizon that has moved: wait for it.
  if (loading_ || wheel_.size() <= limits_.rows + limits_.rows / 4) return;
  wall_time limit = reached_.due;
  while (wheel_.size() > limits_.rows && limit > now + 2 * limits_.read_ahead) {
    limit = std::max(now + 2 * limits_.read_ahead, now + (limit - now) / 2);
    std::vector<payload> kept; // bodies in memory: staged rows are never forgotten
    wheel_.drop_after(limit - limits_.read_ahead - steps_total(), [&](wall_time, const payload& each) {
      if (each.what == stage::publish || each.held.due <= limit) kept.push_back(each);
    });
    for (const payload& each : kept)
      restage(each);
  }
  if (limit < reached_.due) {
    reached_ = {limit, std::numeric_limits<std::int64_t>::max()};
    complete_ = true; // up to here; want_load() asks for more as it is used up
  }
}

} // namespace postponed::relay
