// Housekeeping between operations: finished buckets are dropped, large ones split as they come near, the log
// is written back to the file.
#include "store/sqlite/engine.hpp"
#include "store/sqlite/record_codec.hpp"

#include <sqlite3.h>

#include <algorithm>

namespace postponed::store::sqlite {

namespace {

constexpr int split_chunk = 2000; // rows moved in one call

std::int64_t us_of(std::int64_t second) {
  return second * 1000000;
}

} // namespace

boost::system::result<bool> engine::maintain(wall_time now, bool idle) {
  const auto error = [](boost::system::error_code code) {
    return boost::system::result<bool>{boost::system::in_place_error, code};
  };
  if (failed_) return error(make_error_code(errc::failed_before));
  buckets_.release();
  bool did = false;
  if (!drop_finished(now, did)) return error(fail("cannot drop a bucket of"));
  if (did) return true;
  for (auto& [covers, each] : buckets_.all()) {
    if (!each.splitting) continue;
    if (!split_some(each, now)) return error(fail("cannot split a bucket of"));
    return true;
  }
  if (!begin_split(now, did)) return error(fail("cannot split a bucket of"));
  if (did) return true;
  if (!checkpoint(idle)) return error(fail("cannot write the log back to"));
  file_bytes_ = static_cast<std::uint64_t>(db_.single("PRAGMA page_count") * page_size_);
  return false;
}

bool engine::drop_finished(wall_time now, bool& did) {
  const std::int64_t second = seconds_of(now);
  for (const auto& [covers, each] : buckets_.all()) {
    if (each.live != 0 || each.splitting || covers.end() >= second) continue;
    did = true;
    const span gone = covers;
    return db_.execute("BEGIN IMMEDIATE") && buckets_.drop(gone) && db_.execute("COMMIT");
  }
  return true;
}

bool engine::begin_split(wall_time now, bool& did) {
  const std::int64_t second = seconds_of(now);
  for (auto& [covers, each] : buckets_.all()) {
    if (covers.level == 0 || each.splitting || covers.end() <= second ||
        covers.start - split_lead(covers.level).count() > second)
      continue;
    const auto live = static_cast<std::size_t>(each.live);
    const bool large =
        covers.level == minute_level
            ? live > options_.split_minute_rows
            : live > options_.split_rows || static_cast<std::size_t>(each.live_bytes) > options_.split_bytes;
    if (!large) continue;
    did = true;
    each.splitting = true;
    each.split_to = 0;
    each.dirty = true;
    return db_.execute("BEGIN IMMEDIATE") && buckets_.flush() && db_.execute("COMMIT");
  }
  return true;
}

// Moves the next rows of a bucket that is being split; when none is left, drops it. Row numbers stay, so that
// an id finds its row in whatever bucket covers its slot; a row is visible in the old bucket above split_to
// and in the new one below, in one transaction.
bool engine::split_some(bucket& from, wall_time now) {
  const std::string suffix = from.suffix();
  const span covers = from.covers;
  if (!db_.execute("BEGIN IMMEDIATE")) return false;
  std::int64_t last = 0;
  int moved = 0;
  {
    statement rows = db_.prepare(
        "SELECT b.row, b.due, bytes, nonce, relative, slot, head, sum, body, ifnull(kind, 0),"
        " ifnull(m.due, 0) FROM b" +
        suffix + " b LEFT JOIN m" + suffix + " m ON m.row = b.row WHERE b.row > ? ORDER BY b.row LIMIT ?");
    if (!rows) return false;
    rows.bind(1, from.split_to).bind(2, split_chunk);
    int code = 0;
    while ((code = rows.step()) == SQLITE_ROW) {
      ++moved;
      last = rows.integer(0);
      const auto kind = static_cast<mark_kind>(rows.integer(9));
      if (kind == mark_kind::done) continue;
      // By its slot, not by its due time: an id must find it. Within a minute, by its second.
      const std::int64_t slot = rows.integer(5);
      std::int64_t second = slot * 60;
      if (covers.level == minute_level) second = std::clamp(rows.integer(1) / us_of(1), second, second + 59);
      bucket* const to = buckets_.finer(covers, second, now);
      if (to == nullptr || !buckets_.insert(*to, last, rows.integer(1), rows.integer(2),
                                            static_cast<std::uint32_t>(rows.integer(3)), rows.integer(4) != 0,
                                            slot, rows.blob(6), rows.integer(7), rows.blob(8)))
        return false;
      if (kind == mark_kind::moved && !buckets_.set_mark(*to, last, kind, rows.integer(10))) return false;
      const std::uint32_t route = route_of(rows.blob(6));
      buckets_.count(*to, route, 1, rows.integer(2));
      buckets_.count(from, route, -1, -rows.integer(2));
    }
    if (code != SQLITE_DONE) return false;
  }
  if (moved < split_chunk) {
    if (!buckets_.drop(covers)) return false;
  } else {
    from.split_to = last;
    from.dirty = true;
  }
  return buckets_.flush() && db_.execute("COMMIT");
}

bool engine::checkpoint(bool idle) {
  const std::size_t bytes = static_cast<std::size_t>(wal_pages_) * static_cast<std::size_t>(page_size_);
  if (bytes < (idle ? options_.wal_idle : options_.wal_soft)) return true;
  // Nobody else reads: PASSIVE writes everything back, and the next commit begins the log anew.
  if (!db_.checkpoint(false)) return false;
  wal_pages_ = 0;
  return true;
}

} // namespace postponed::store::sqlite
