// Writing: one transaction for a whole batch.
#include "store/sqlite/engine.hpp"
#include "store/sqlite/record_codec.hpp"

#include <sqlite3.h>

#include <cassert>

namespace postponed::store::sqlite {

namespace {

std::int64_t us(wall_time time) {
  return time.time_since_epoch().count();
}

} // namespace

boost::system::result<commit_outcome> engine::commit(batch&& work, wall_time now) {
  if (failed_) return make_error_code(errc::failed_before);
  commit_outcome outcome;
  outcome.inserts.reserve(work.inserts.size());
  if (!db_.execute("BEGIN IMMEDIATE")) return fail("cannot write");
  const std::int64_t first_row = next_row_;
  for (insert_request& each : work.inserts)
    if (!insert(each, now, outcome.inserts)) return fail("cannot write");
  for (const deferral& each : work.deferrals)
    if (!defer(each)) return failed_ ? make_error_code(errc::io) : fail("cannot write");
  for (const held_id& each : work.done)
    if (!finish(each)) return fail("cannot write");
  if (next_row_ != first_row) {
    if (!set_next_row_)
      set_next_row_ = db_.prepare("UPDATE control SET value = ? WHERE name = 'next_row'", true);
    set_next_row_.bind(1, next_row_);
    const bool done = set_next_row_.step() == SQLITE_DONE;
    set_next_row_.reset();
    if (!done) return fail("cannot write");
  }
  buckets_.release();
  if (!recent_.prune() || !buckets_.flush() || !db_.execute("COMMIT")) return fail("cannot write");
  return outcome;
}

bool engine::insert(insert_request& request, wall_time now, std::vector<insert_outcome>& out) {
  if (request.redelivered && !request.content.empty()) {
    if (const held_ref* const known = recent_.find(request.content)) {
      out.push_back({request.token, *known, true});
      return true;
    }
  }
  held_record& record = request.record;
  const std::uint32_t route = route_number(record.route);
  bucket* const to = buckets_.choose(record.due, now);
  if (route == 0 || to == nullptr) return false;
  record.id = {span_at(minute_level, seconds_of(std::max(record.due, now))).start / 60, next_row_++,
               static_cast<std::uint32_t>(nonces_())};
  const std::string head = encode_head(record, route);
  const std::string& body = record.content.body;
  held_ref held;
  held.id = record.id;
  held.due = record.due;
  held.relative = record.relative;
  held.bytes = static_cast<std::uint32_t>(body.size() + record.content.properties.size());
  const std::int64_t sum = checksum(record.id.row, us(record.due), head, body);
  if (!buckets_.insert(*to, record.id.row, us(record.due), held.bytes, record.id.nonce, record.relative,
                       record.id.slot, head, sum, body))
    return false;
  buckets_.count(*to, route, 1, held.bytes);
  if (!request.content.empty() && !recent_.add(request.content, held)) return false;
  out.push_back({request.token, held, false});
  return true;
}

bool engine::finish(const held_id& id) {
  const buckets::found row = buckets_.find(id, false);
  if (row.in == nullptr) return true; // its bucket is gone: it was done before
  std::int64_t moved_to = 0;
  const mark_kind kind = buckets_.mark_of(*row.in, id.row, moved_to);
  if (kind == mark_kind::done) return true;
  const std::uint32_t route = route_of(row.head);
  if (kind == mark_kind::moved && !forget_deferred(id.row, moved_to)) return false;
  if (!buckets_.set_mark(*row.in, id.row, mark_kind::done, 0)) return false;
  buckets_.count(*row.in, route, -1, -row.bytes);
  return true;
}

bool engine::defer(const deferral& each) {
  const buckets::found row = buckets_.find(each.id, false);
  if (row.in == nullptr) return true;
  std::int64_t moved_to = 0;
  const mark_kind kind = buckets_.mark_of(*row.in, each.id.row, moved_to);
  if (kind == mark_kind::done) return true;
  std::string error = each.error;
  if (kind == mark_kind::moved) {
    deferred_row before;
    if (!read_deferred(each.id.row, moved_to, before) || !forget_deferred(each.id.row, moved_to))
      return false;
    if (error.empty()) error = before.error;
  }
  if (!insert_deferred_)
    insert_deferred_ = db_.prepare("INSERT INTO deferred(due, row, slot, nonce, bytes, failures, why, error)"
                                   " VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                                   true);
  if (!insert_deferred_) return false;
  statement& put = insert_deferred_;
  put.bind(1, us(each.due))
      .bind(2, each.id.row)
      .bind(3, each.id.slot)
      .bind(4, each.id.nonce)
      .bind(5, row.bytes);
  put.bind(6, each.publish_failures).bind(7, static_cast<std::int64_t>(each.why)).bind_text(8, error);
  const bool done = put.step() == SQLITE_DONE;
  put.reset();
  return done && buckets_.set_mark(*row.in, each.id.row, mark_kind::moved, us(each.due));
}

bool engine::forget_deferred(std::int64_t row, std::int64_t due) {
  if (!delete_deferred_)
    delete_deferred_ = db_.prepare("DELETE FROM deferred WHERE due = ? AND row = ?", true);
  if (!delete_deferred_) return false;
  delete_deferred_.bind(1, due).bind(2, row);
  const bool done = delete_deferred_.step() == SQLITE_DONE;
  delete_deferred_.reset();
  return done;
}

bool engine::read_deferred(std::int64_t row, std::int64_t due, deferred_row& out) {
  if (!find_deferred_)
    find_deferred_ = db_.prepare("SELECT failures, why, error FROM deferred WHERE due = ? AND row = ?", true);
  if (!find_deferred_) return false;
  find_deferred_.bind(1, due).bind(2, row);
  const bool found = find_deferred_.step() == SQLITE_ROW;
  if (found) {
    out.due = due;
    out.failures = static_cast<std::uint32_t>(find_deferred_.integer(0));
    out.why = static_cast<reason>(find_deferred_.integer(1));
    out.error = find_deferred_.blob(2);
  }
  find_deferred_.reset();
  return found;
}

std::uint32_t engine::route_number(const std::string& name) {
  if (const auto at = routes_.find(name); at != routes_.end()) return at->second;
  statement put = db_.prepare("INSERT INTO routes(name) VALUES(?)");
  if (!put) return 0;
  put.bind_text(1, name);
  if (put.step() != SQLITE_DONE) return 0;
  const auto number = static_cast<std::uint32_t>(::sqlite3_last_insert_rowid(db_.handle()));
  routes_[name] = number;
  route_names_[number] = name;
  return number;
}

} // namespace postponed::store::sqlite
