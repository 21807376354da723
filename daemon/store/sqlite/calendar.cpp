// How many are due when, from the counters of the buckets.
#include "store/sqlite/engine.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace postponed::store::sqlite {

namespace {

constexpr std::int64_t most_entries = 15'000; // read for the sake of finer spans, a call

using unit = calendar_query::unit;
using std::chrono::floor;

std::int64_t us(wall_time time) {
  return time.time_since_epoch().count();
}
wall_time time_of(std::int64_t us) {
  return wall_time{microseconds{us}};
}

// The unit in which a time lies.
std::pair<wall_time, wall_time> unit_at(unit per, wall_time time) {
  using namespace std::chrono;
  if (per == unit::month) {
    const year_month_day date{floor<days>(time)};
    const year_month month{date.year(), date.month()};
    return {sys_days{month / 1}, sys_days{(month + months{1}) / 1}};
  }
  const seconds length = per == unit::minute ? seconds{60}
                         : per == unit::hour ? seconds{3600}
                                             : seconds{86400};
  const auto since = floor<seconds>(time).time_since_epoch();
  const auto past = (since % length + length) % length;
  const wall_time start{since - past};
  return {start, start + length};
}

class bins {
 public:
  bins(const calendar_query& what, std::uint32_t route, const std::map<std::uint32_t, std::string>& names)
      : what_{what}, route_{route}, names_{names} {}

  bool wants(std::uint32_t route) const { return route_ == 0 || route == route_; }
  void add(wall_time due, std::uint32_t route, std::int64_t messages, std::int64_t bytes) {
    const auto [start, end] = unit_at(what_.per, due);
    add_span(start, end, route, messages, bytes);
  }
  void add_span(wall_time start, wall_time end, std::uint32_t route, std::int64_t messages,
                std::int64_t bytes) {
    if (!wants(route) || messages <= 0 || end <= what_.from || start >= what_.until) return;
    calendar_share& to = all_[{start, end}][names_.at(route)];
    to.messages += static_cast<std::uint64_t>(messages);
    to.bytes += static_cast<std::uint64_t>(std::max<std::int64_t>(bytes, 0));
  }
  std::vector<calendar_span> take() {
    std::vector<calendar_span> result;
    for (auto& [span, routes] : all_)
      result.push_back({span.first, span.second, std::move(routes)});
    return result;
  }

 private:
  const calendar_query& what_;
  std::uint32_t route_;
  const std::map<std::uint32_t, std::string>& names_;
  std::map<std::pair<wall_time, wall_time>, std::map<std::string, calendar_share>> all_;
};

} // namespace

boost::system::result<std::vector<calendar_span>> held_messages::calendar(const calendar_query& what) {
  if (of_.failed_) return make_error_code(errc::failed_before);
  of_.segments_.release();
  of_.statements_.trim();
  const auto route = number_of(what.route);
  if (!route) return std::vector<calendar_span>{};
  bins into{what, *route, of_.route_names_};
  std::int64_t work = most_entries;
  for (auto& [covers, each] : of_.buckets_.all()) { // the near and small ones come first
    const wall_time start = time_of(covers.start * 1'000'000), end = time_of(covers.end() * 1'000'000);
    if (each.live == 0 || start >= what.until ||
        (end <= what.from && each.first_due >= covers.start * 1'000'000))
      continue;
    const auto [unit_start, unit_end] = unit_at(what.per, start);
    const bool whole = end <= unit_end;
    if (!whole && each.live <= work) {
      work -= each.live;
      if (!of_.buckets_.visit(each, us(wall_time::min()), us(wall_time::max()),
                              [&](const entry& row) { into.add(time_of(row.due), row.route, 1, row.bytes); }))
        return of_.fail("cannot read");
      continue;
    }
    for (const auto& [number, share] : each.routes)
      into.add_span(whole ? unit_start : start, whole ? unit_end : end, number, share.messages - share.moved,
                    share.bytes - share.moved_bytes);
  }
  for (const auto& [minute, routes] : of_.deferrals_.counts())
    for (const auto& [number, share] : routes)
      into.add(time_of(minute * 60'000'000), number, share.messages, share.bytes);
  return into.take();
}

} // namespace postponed::store::sqlite
