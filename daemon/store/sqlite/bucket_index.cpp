#include "store/sqlite/bucket_index.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace postponed::store::sqlite {

namespace {

constexpr std::size_t most_items = std::size_t{4} << 20; // 64 MiB
constexpr std::size_t large_run = 40'000;                // items; is not merged any more
constexpr auto kept = std::chrono::seconds{60};

} // namespace

bucket_index::item bucket_index::item_of(const entry& each) {
  const std::uint64_t route = std::min<std::uint64_t>(each.route, 0xFFFF);
  return {each.due, static_cast<std::uint64_t>(each.row) << 16 | route};
}

bool bucket_index::has_room(const bucket& in) const {
  const auto at = all_.find(in.number);
  const std::size_t has = at == all_.end() ? 0 : at->second.size;
  return size_ - has + std::max(has, static_cast<std::size_t>(in.live)) <= most_items;
}

bool bucket_index::follow(bucket& in, std::int64_t& work, bool& complete) {
  index& known = all_[in.number];
  known.used = true;
  complete = false;
  std::vector<entry> read;
  while (work > 0 && !complete) {
    read.clear();
    if (!of_.read_rows(in, known.read_to, piece, read)) return false;
    complete = read.size() < static_cast<std::size_t>(piece);
    work -= static_cast<std::int64_t>(read.size());
    if (read.empty()) break;
    known.read_to = read.back().row;
    run next;
    next.sorted.reserve(read.size());
    for (const entry& each : read)
      if (!each.moved) next.sorted.push_back(item_of(each));
    std::sort(next.sorted.begin(), next.sorted.end());
    known.size += next.sorted.size();
    size_ += next.sorted.size();
    known.runs.push_back(std::move(next));
    merge_small(known);
  }
  return true;
}

// As each look may append a run of a few.
void bucket_index::merge_small(index& in) const {
  while (in.runs.size() > 1) {
    run& last = in.runs.back();
    run& before = in.runs[in.runs.size() - 2];
    const std::size_t left = before.sorted.size() - before.begin;
    if (left + last.sorted.size() > large_run || left > 2 * last.sorted.size()) return;
    std::vector<item> both;
    both.reserve(left + last.sorted.size());
    std::merge(before.sorted.begin() + static_cast<std::ptrdiff_t>(before.begin), before.sorted.end(),
               last.sorted.begin() + static_cast<std::ptrdiff_t>(last.begin), last.sorted.end(),
               std::back_inserter(both));
    before = {std::move(both), 0};
    in.runs.pop_back();
  }
}

bool bucket_index::later(const cursor& a, const cursor& b) {
  return a.in->sorted[a.at] > b.in->sorted[b.at];
}

std::vector<bucket_index::cursor> bucket_index::start(index& in, horizon_position after) const {
  std::vector<cursor> heads;
  const auto past = [&](const item& each) {
    return horizon_position{wall_time{microseconds{each.due}}, each.row()} <= after;
  };
  for (run& each : in.runs) {
    const auto first = each.sorted.begin() + static_cast<std::ptrdiff_t>(each.begin);
    const auto at = std::partition_point(first, each.sorted.end(), past);
    if (at != each.sorted.end()) heads.push_back({&each, static_cast<std::size_t>(at - each.sorted.begin())});
  }
  std::make_heap(heads.begin(), heads.end(), later);
  return heads;
}

bool bucket_index::check(bucket& in, const cursor& at, entry& out, bool& valid) {
  const item& what = at.in->sorted[at.at];
  const lookup got = of_.find_row(in, what.row(), out);
  if (got == lookup::failed) return false;
  valid = got == lookup::found && !out.moved && out.due == what.due;
  // A moved one does not come back to its first due time; so what is not so any more never will be.
  if (!valid && at.at == at.in->begin) ++at.in->begin;
  return true;
}

void bucket_index::forget_unused(wall_time now) {
  for (auto at = all_.begin(); at != all_.end();) {
    index& one = at->second;
    if (std::exchange(one.used, false) || one.last_used > now) one.last_used = now;
    if (now - one.last_used < kept) {
      ++at;
      continue;
    }
    size_ -= one.size;
    at = all_.erase(at);
  }
}

} // namespace postponed::store::sqlite
