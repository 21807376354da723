// Reading: pages of the near horizon, and whole records.
#include "store/sqlite/engine.hpp"
#include "store/sqlite/record_codec.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <limits>

namespace postponed::store::sqlite {

namespace {

// Keeps the `limit` earliest rows of what it is given: a bucket larger than that costs a pass, not memory.
class earliest {
 public:
  explicit earliest(std::size_t limit) : limit_{limit} {}

  void offer(const held_ref& row) {
    if (rows_.size() == limit_) {
      cut_ = true;
      if (limit_ == 0 || !before(row, rows_.front())) return;
      std::pop_heap(rows_.begin(), rows_.end(), before);
      rows_.pop_back();
    }
    rows_.push_back(row);
    std::push_heap(rows_.begin(), rows_.end(), before);
  }
  // Whether anything due at or after `due` would only be cut off.
  bool closed_to(wall_time due) const {
    return rows_.size() == limit_ && (limit_ == 0 || due > rows_.front().due);
  }
  void leave_out() { cut_ = true; }
  bool cut() const { return cut_; }
  std::vector<held_ref> take() {
    std::sort_heap(rows_.begin(), rows_.end(), before);
    return std::move(rows_);
  }

 private:
  static bool before(const held_ref& a, const held_ref& b) {
    return std::pair{a.due, a.id.row} < std::pair{b.due, b.id.row};
  }

  std::size_t limit_;
  std::vector<held_ref> rows_; // a heap, the latest in front
  bool cut_ = false;
};

std::int64_t us(wall_time time) {
  return time.time_since_epoch().count();
}

} // namespace

boost::system::result<horizon_page> engine::load(horizon_position after, wall_time until, std::size_t limit) {
  if (failed_) return make_error_code(errc::failed_before);
  buckets_.release();
  earliest page{limit};
  const std::int64_t from_us = us(after.due), until_us = us(until);
  const auto take = [&](const statement& row) {
    held_ref each;
    each.id.row = row.integer(0);
    each.due = wall_time{microseconds{row.integer(1)}};
    if (horizon_position{each.due, each.id.row} <= after) return;
    each.bytes = static_cast<std::uint32_t>(row.integer(2));
    each.id.nonce = static_cast<std::uint32_t>(row.integer(3));
    each.relative = row.integer(4) != 0;
    each.id.slot = row.integer(5);
    page.offer(each);
  };
  for (const auto& order : by_start()) {
    const bucket& each = *order;
    const wall_time begin{std::chrono::seconds{each.covers.start}};
    if (begin > until) break;
    if (each.live == 0 ||
        (after.due != wall_time::min() && wall_time{std::chrono::seconds{each.covers.end()}} <= after.due))
      continue;
    if (page.closed_to(begin)) {
      page.leave_out();
      break;
    }
    const std::string suffix = each.suffix();
    std::string ask = "SELECT b.row, due, bytes, nonce, relative, slot FROM b";
    ask.append(suffix).append(" b WHERE due >= ? AND due <= ? AND b.row > ?");
    ask.append(" AND NOT EXISTS(SELECT 1 FROM m").append(suffix).append(" m WHERE m.row = b.row)");
    statement rows = db_.prepare(ask);
    if (!rows) return fail("cannot read");
    rows.bind(1, from_us).bind(2, until_us).bind(3, each.splitting ? each.split_to : 0);
    int code = 0;
    while ((code = rows.step()) == SQLITE_ROW)
      take(rows);
    if (code != SQLITE_DONE) return fail("cannot read");
  }
  statement moved =
      db_.prepare("SELECT row, due, bytes, nonce, 0, slot FROM deferred WHERE due >= ? AND due <= ?"
                  " ORDER BY due, row LIMIT ?");
  if (!moved) return fail("cannot read");
  moved.bind(1, from_us).bind(2, until_us).bind(3, static_cast<std::int64_t>(limit) + 1);
  int code = 0;
  while ((code = moved.step()) == SQLITE_ROW)
    take(moved);
  if (code != SQLITE_DONE) return fail("cannot read");

  horizon_page result;
  result.complete = !page.cut();
  result.rows = page.take();
  if (result.complete)
    result.reached = {until, std::numeric_limits<std::int64_t>::max()};
  else if (!result.rows.empty())
    result.reached = {result.rows.back().due, result.rows.back().id.row};
  else
    result.reached = after;
  return result;
}

std::vector<const bucket*> engine::by_start() const {
  std::vector<const bucket*> order;
  for (const auto& [covers, each] : buckets_.all())
    order.push_back(&each);
  std::sort(order.begin(), order.end(),
            [](const bucket* a, const bucket* b) { return a->covers.start < b->covers.start; });
  return order;
}

boost::system::result<std::vector<held_record>> engine::read(const std::vector<held_id>& ids) {
  if (failed_) return make_error_code(errc::failed_before);
  std::vector<held_record> result;
  result.reserve(ids.size());
  for (const held_id& id : ids) {
    const buckets::found row = buckets_.find(id, true);
    if (row.in == nullptr) continue;
    if (checksum(id.row, row.due, row.head, row.body) != row.sum) {
      return fail(errc::corrupt,
                  "message " + to_string(id) + " in " + options_.path +
                      " does not match its checksum; the file is damaged and is left as it is: "
                      "restore a backup");
    }
    auto head = decode_head(row.head);
    if (!head)
      return fail(errc::corrupt, "message " + to_string(id) + " in " + options_.path + " cannot be read");
    held_record record = std::move(head->record);
    record.id = id;
    record.due = wall_time{microseconds{row.due}};
    record.route = route_names_[head->route];
    record.content.body = row.body;
    std::int64_t moved_to = 0;
    const mark_kind kind = buckets_.mark_of(*row.in, id.row, moved_to);
    if (kind == mark_kind::done) continue;
    if (kind == mark_kind::moved) {
      deferred_row moved;
      if (!read_deferred(id.row, moved_to, moved)) return fail("cannot read");
      record.due = wall_time{microseconds{moved.due}};
      record.relative = false;
      record.publish_failures = moved.failures;
      record.why = moved.why;
      if (!moved.error.empty()) record.error = std::move(moved.error);
    }
    result.push_back(std::move(record));
  }
  buckets_.release();
  return result;
}

store_stats engine::stats() const {
  store_stats result;
  std::map<std::uint32_t, route_totals> totals;
  for (const auto& [number, name] : route_names_)
    totals[number].route = name;
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
  result.buckets = buckets_.all().size();
  result.next_row = next_row_;
  result.wal_bytes = static_cast<std::uint64_t>(wal_pages_) * static_cast<std::uint64_t>(page_size_);
  result.file_bytes = file_bytes_;
  return result;
}

} // namespace postponed::store::sqlite
