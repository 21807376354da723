#include "relay/history.hpp"

#include <algorithm>

namespace postponed::relay {

std::string_view to_string(step value) {
  switch (value) {
  case step::received:
    return "received";
  case step::stored:
    return "stored";
  case step::published:
    return "fired";
  case step::confirmed:
    return "confirmed";
  case step::dead_lettered:
    return "dead_lettered";
  case step::returned:
    return "returned";
  case step::refused:
    return "nacked";
  case step::unknown:
    return "unknown";
  case step::deferred:
    return "retried";
  case step::buried:
    return "buried";
  case step::cancelled:
    return "cancelled";
  case step::rescheduled:
    return "rescheduled";
  }
  return "";
}

void history::add(std::int64_t row, std::uint32_t route, step what, wall_time at) {
  const record each{at.time_since_epoch().count(), row, route, what};
  if (ring_.size() < most_)
    ring_.push_back(each);
  else
    ring_[(next_ - 1) % most_] = each;
  ++next_;
}

history_event history::event(std::uint64_t sequence) const {
  const record& from = ring_[(sequence - 1) % most_];
  return {sequence, from.row, wall_time{microseconds{from.at}}, from.what, from.route};
}

std::vector<history_event> history::of(std::int64_t row) const {
  std::vector<history_event> result;
  for (std::uint64_t sequence = first(); sequence < next_; ++sequence)
    if (ring_[(sequence - 1) % most_].row == row) result.push_back(event(sequence));
  return result;
}

std::vector<history_event> history::after(std::uint64_t sequence, std::size_t limit) const {
  std::vector<history_event> result;
  for (std::uint64_t at = std::max(sequence + 1, first()); at < next_ && result.size() < limit; ++at)
    result.push_back(event(at));
  return result;
}

} // namespace postponed::relay
