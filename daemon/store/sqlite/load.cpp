// Reading: pages of the near horizon, and whole records.
#include "store/sqlite/earliest.hpp"
#include "store/sqlite/engine.hpp"
#include "store/sqlite/record_codec.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <limits>

namespace postponed::store::sqlite {

namespace {

std::int64_t us(wall_time time) {
  return time.time_since_epoch().count();
}

constexpr std::size_t worth_keeping =
    4; // a bucket of so many pages is passed over for several of them at once
constexpr std::size_t keep_rows = 100000; // ... of so many rows, about 6 MB

} // namespace

boost::system::result<horizon_page> engine::load(horizon_position after, wall_time until, std::size_t limit,
                                                 const std::vector<std::uint32_t>& skip) {
  if (const auto error = ready()) return error;
  if (auto page = rest_.take(after, until, limit, skip)) return std::move(*page);
  const std::int64_t from_us = us(after.due), until_us = us(until);
  std::int64_t largest = 0;
  // In the order of what may be found in them, so that a full page ends the search.
  std::vector<bucket*> order;
  for (auto& [covers, each] : buckets_.all())
    if (each.live > 0 && each.first_due <= until_us && covers.end() * 1'000'000 > from_us) {
      order.push_back(&each);
      largest = std::max(largest, each.live);
    }
  std::sort(order.begin(), order.end(),
            [](const bucket* a, const bucket* b) { return a->first_due < b->first_due; });
  const bool many_pages = static_cast<std::size_t>(largest) > worth_keeping * limit && limit > 0;
  earliest page{many_pages ? std::max(limit, keep_rows) : limit};
  const auto offer = [&](const held_ref& each) {
    if (std::find(skip.begin(), skip.end(), each.route) != skip.end()) return;
    if (horizon_position{each.due, each.id.row} > after) page.offer(each);
  };
  for (bucket* const each : order) {
    if (page.closed_to(wall_time{microseconds{each->first_due}})) {
      page.leave_out();
      break;
    }
    const bool kept = buckets_.visit(*each, from_us, until_us, [&](const entry& row) {
      offer({{row.slot, row.row, row.nonce},
             wall_time{microseconds{row.due}},
             row.relative,
             static_cast<std::uint32_t>(row.bytes),
             row.route});
    });
    if (!kept) return fail("cannot read");
  }
  // One more than asked shows that there are more.
  const bool kept =
      deferrals_.visit(from_us, after.row, until_us, static_cast<std::int64_t>(page.limit()) + 1, skip,
                       [&](const deferred& row) {
                         offer({row.id, wall_time{microseconds{row.due}}, false,
                                static_cast<std::uint32_t>(row.bytes), row.route});
                       });
  if (!kept) return fail("cannot read");

  horizon_page result;
  result.complete = !page.cut();
  result.rows = page.take();
  if (result.complete)
    result.reached = {until, std::numeric_limits<std::int64_t>::max()};
  else if (!result.rows.empty())
    result.reached = {result.rows.back().due, result.rows.back().id.row};
  else
    result.reached = after;
  return rest_.split(std::move(result), until, limit, skip);
}

boost::system::result<std::vector<held_record>> engine::read(const std::vector<held_id>& ids) {
  if (const auto error = ready()) return error;
  std::vector<held_record> result;
  result.reserve(ids.size());
  for (const held_id& id : ids)
    if (const auto error = read_one(id, result)) return error;
  segments_.release();
  return result;
}

boost::system::error_code engine::read_one(const held_id& id, std::vector<held_record>& out) {
  bucket* in = nullptr;
  entry at;
  if (const lookup got = buckets_.find(id, in, at); got != lookup::found)
    return got == lookup::absent ? boost::system::error_code{} : fail("cannot read");
  segments::found body;
  const lookup got = segments_.find(at.segment, id.row, body);
  if (got == lookup::failed) return fail("cannot read");
  const auto damaged = [&](const char* how) {
    return fail(errc::corrupt, "message " + to_string(id) + " in " + options_.path + " " + how +
                                   "; the file is damaged and is left as it is: restore a backup");
  };
  if (got == lookup::absent) return damaged("has lost its body");
  if (checksum(id.row, body.head, body.bytes) != body.sum) return damaged("does not match its checksum");
  auto head = decode_head(body.head);
  if (!head) return damaged("cannot be read");
  held_record record = std::move(head->record);
  if (us(record.due) != at.due || record.id.nonce != at.nonce) return damaged("does not match its entry");
  record.id = id;
  record.route = route_names_[head->route];
  record.content.body = body.bytes;
  if (at.moved) {
    deferred moved;
    const lookup known = deferrals_.find(id.row, *at.moved, moved);
    if (known == lookup::failed) return fail("cannot read");
    if (known == lookup::absent) return damaged("has lost the due time to which it was moved");
    apply(moved, record);
  }
  out.push_back(std::move(record));
  return {};
}

store_stats engine::stats() const {
  store_stats result;
  std::map<std::uint32_t, route_totals> totals;
  for (const auto& [number, name] : route_names_)
    totals[number].route = name;
  for (auto& [number, total] : totals)
    total.number = number;
  for (const auto& [covers, each] : buckets_.all()) {
    for (const auto& [number, share] : each.routes) {
      totals[number].messages += static_cast<std::uint64_t>(share.messages);
      totals[number].bytes += static_cast<std::uint64_t>(share.bytes);
    }
    result.held_messages += static_cast<std::uint64_t>(each.live);
    result.held_bytes += static_cast<std::uint64_t>(each.live_bytes);
  }
  for (auto& [number, total] : totals)
    result.routes.push_back(std::move(total));
  result.paused = pauses_.all();
  result.buckets = buckets_.all().size() + segments_.size();
  result.next_row = next_row_;
  result.wal_bytes = wal_bytes();
  result.file_bytes = file_bytes_;
  return result;
}

} // namespace postponed::store::sqlite
