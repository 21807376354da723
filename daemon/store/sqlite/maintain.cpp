// Housekeeping between operations: finished segments and buckets are dropped, large buckets split as they
// come near, the log is written back to the file.
#include "store/sqlite/engine.hpp"

#include <sqlite3.h>

#include <algorithm>

namespace postponed::store::sqlite {

namespace {

std::int64_t us(wall_time time) {
  return time.time_since_epoch().count();
}

constexpr std::int64_t worth_splitting_late = 16; // a bucket of the past, only above so many times the limit

// Housekeeping answers to nobody, so it need not be synced: after a power loss, or a kill, it has not
// happened, or the next synced commit, which comes after it in the log, has made it durable too.
constexpr const char* begin = "PRAGMA synchronous=NORMAL; BEGIN IMMEDIATE";
constexpr const char* end = "COMMIT; PRAGMA synchronous=FULL";

} // namespace

boost::system::result<bool> engine::maintain(wall_time now, bool idle) {
  const auto error = [](boost::system::error_code code) {
    return boost::system::result<bool>{boost::system::in_place_error, code};
  };
  if (failed_) return error(make_error_code(errc::failed_before));
  segments_.release();
  statements_.trim();
  if (wal_bytes() >= options_.wal_soft) {
    if (!checkpoint()) return error(fail("cannot write the log back to"));
    return true;
  }
  index_.forget_unused(now);
  bool did = false;
  if (!drop_segment(now, did) || (!did && !drop_bucket(now, did)))
    return error(fail("cannot drop a bucket of"));
  if (!did && !split(now, did)) return error(fail("cannot split a bucket of"));
  if (!did && dedup_.worth_forgetting(us(now))) {
    if (!db_.execute(begin) || !dedup_.forget_some(us(now), did) || !db_.execute(end))
      return error(fail("cannot forget dedup keys of"));
  }
  if (!did && idempotency_.worth_forgetting(us(now))) {
    if (!db_.execute(begin) || !idempotency_.forget_some(us(now), did) || !db_.execute(end))
      return error(fail("cannot forget idempotency keys of"));
  }
  if (did) return true;
  if (idle && wal_bytes() >= options_.wal_idle && !checkpoint())
    return error(fail("cannot write the log back to"));
  return false;
}

bool engine::drop_segment(wall_time now, bool& did) {
  const segment* const spent = segments_.spent(seconds_of(now));
  if (spent == nullptr) return true;
  did = true;
  const std::int64_t number = spent->number;
  // The rows that it had must not be given out again: with it goes the trace of them.
  return db_.execute(begin) &&
         db_.execute("UPDATE control SET value = " + std::to_string(next_row_) +
                     " WHERE name = 'next_row'") &&
         segments_.drop(number) && db_.execute(end);
}

bool engine::drop_bucket(wall_time now, bool& did) {
  const std::int64_t second = seconds_of(now);
  for (const auto& [covers, each] : buckets_.all()) {
    if (each.live != 0 || each.splitting() || covers.end() >= second) continue;
    did = true;
    const span gone = covers;
    return db_.execute(begin) && buckets_.drop(gone) && db_.execute(end);
  }
  return true;
}

bool engine::split(wall_time now, bool& did) {
  const auto at = std::find_if(buckets_.all().begin(), buckets_.all().end(),
                               [](const auto& each) { return each.second.splitting(); });
  if (at == buckets_.all().end()) return begin_split(now, did);
  did = true;
  bool left = false;
  if (!db_.execute(begin) ||
      !buckets_.split_some(at->second, static_cast<std::int64_t>(options_.split_chunk), left))
    return false;
  // Flushed before it is dropped, or its counts would be written for ever.
  return buckets_.flush() && (left || buckets_.drop(span{at->first})) && db_.execute(end);
}

bool engine::begin_split(wall_time now, bool& did) {
  const std::int64_t second = seconds_of(now);
  for (auto& [covers, each] : buckets_.all()) {
    if (covers.level == 0 || covers.start - split_lead(covers.level).count() > second) continue;
    const auto wanted = static_cast<std::int64_t>(covers.level == minute_level ? options_.split_minute_rows
                                                                               : options_.split_rows);
    if (each.live <= (covers.end() <= second ? wanted * worth_splitting_late : wanted)) continue;
    did = true;
    each.splits_into = split_level(covers.level, each.live, wanted);
    each.split_to = 0;
    buckets_.touch_header(each);
    return db_.execute(begin) && buckets_.flush() && db_.execute(end);
  }
  return true;
}

bool engine::checkpoint() {
  // Nobody else reads: PASSIVE writes everything back, and the next commit begins the log anew.
  if (!db_.checkpoint(false)) return false;
  wal_pages_ = 0;
  file_bytes_ = static_cast<std::uint64_t>(db_.single("PRAGMA page_count") * page_size_);
  return true;
}

} // namespace postponed::store::sqlite
