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
    : limits_{std::move(limits)}, near_{{limits_.horizon_rows, limits_.horizon_ahead, limits_.read_ahead}},
      releaser_{limits_, near_, count_, std::move(random)}, intake_{limits_, count_,
                                                                    [this](std::size_t bytes) {
                                                                      return releaser_.may_keep(bytes);
                                                                    }} {
  for (const route_parameters& each : limits_.routes)
    count_.routes[each.name]; // every route is shown from the start, at zero
}

void engine::start(const store::store_stats& held) {
  next_row_ = held.next_row;
  for (const store::route_totals& each : held.routes) {
    count_.routes[each.route].held_messages = each.messages;
    count_.routes[each.route].held_bytes = each.bytes;
  }
}

void engine::on_delivery(std::size_t route, std::uint64_t epoch, proto::event::delivered&& delivery,
                         moment now) {
  intake_.on_delivery(route, epoch, std::move(delivery), now);
  ++batch_rows_;
}

void engine::collect() {
  const auto append = [](auto& to, auto from) {
    if (to.empty())
      to = std::move(from);
    else
      to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  append(batch_.inserts, intake_.take_inserts());
  append(batch_.done, releaser_.take_done());
  append(batch_.deferrals, releaser_.take_deferrals());
  batch_rows_ = batch_.inserts.size() + batch_.done.size() + batch_.deferrals.size();
}

store::batch engine::take_batch() {
  collect();
  submitted_.push_back({batch_.done, batch_.deferrals});
  batch_rows_ = 0;
  return std::exchange(batch_, {});
}

void engine::on_committed(const store::commit_outcome& outcome, double milliseconds) {
  assert(!submitted_.empty());
  count_.commit.observe(milliseconds);
  ++count_.commits;
  count_.committed_rows += outcome.inserts.size() + submitted_.front().done.size();
  for (intake::committed& each : intake_.on_committed(outcome, acks_)) {
    next_row_ = std::max(next_row_, each.held.id.row + 1);
    route_counters& count = count_.routes[each.route];
    ++count.held_messages;
    count.held_bytes += each.held.bytes;
    if (each.record)
      releaser_.keep(each.held, std::move(*each.record));
    else
      near_.offer(each.held);
  }
  releaser_.on_closed(submitted_.front().done, submitted_.front().deferrals);
  submitted_.pop_front();
}

void engine::on_loaded(const store::horizon_page& page) {
  near_.on_loaded(page, [this](std::int64_t row) { return releaser_.is_active(row); });
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
  near_.step_back(by, next_row_ + static_cast<std::int64_t>(intake_.pending()));
}

void engine::run(moment now, actions& out) {
  expired_.clear();
  near_.advance(now.wall, expired_);
  for (const horizon::expiry& each : expired_)
    releaser_.on_expired(each);
  if (now.steady - deadlines_checked_ >= deadline_period) {
    deadlines_checked_ = now.steady;
    releaser_.check_deadlines(now);
    near_.shrink(now.wall);
  }
  releaser_.pump(now, out);
  if (!out.load) out.load = near_.want_load(now.wall, releaser_.in_work());
  for (note& each : releaser_.take_notes())
    out.notes.push_back(std::move(each));
  out.acks.insert(out.acks.end(), acks_.begin(), acks_.end());
  acks_.clear();
  collect();
  count_.horizon_rows = near_.size();
  count_.staged_bytes = releaser_.staged_bytes();
  count_.in_flight = releaser_.in_flight();
  count_.unacked = intake_.pending();
}

std::optional<wall_time> engine::next_wake(moment now) const {
  std::optional<wall_time> wake = near_.next_wake(now.wall);
  if (releaser_.in_flight() > 0) { // its deadlines
    const wall_time check = now.wall + std::chrono::duration_cast<microseconds>(deadline_period);
    if (!wake || check < *wake) wake = check;
  }
  return wake;
}

bool engine::drained() const {
  return intake_.pending() == 0 && releaser_.in_flight() == 0 && submitted_.empty() && batch_rows_ == 0 &&
         acks_.empty();
}

} // namespace postponed::relay
