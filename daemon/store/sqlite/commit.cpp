// Writing: one transaction for a whole batch, and what a transaction needs.
#include "store/sqlite/engine.hpp"
#include "store/sqlite/record_codec.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cassert>

namespace postponed::store::sqlite {

namespace {

std::int64_t us(wall_time time) {
  return time.time_since_epoch().count();
}

} // namespace

boost::system::error_code engine::ready() {
  if (failed_) return make_error_code(errc::failed_before);
  segments_.release();
  statements_.trim();
  return {};
}

boost::system::error_code engine::begin_change() {
  if (const auto error = ready()) return error;
  // Housekeeping should have come before; a log without bound would fill the disk.
  if (wal_bytes() > options_.wal_cap && !checkpoint()) return fail("cannot write the log back to");
  assert(db_.single("PRAGMA synchronous") == 2); // FULL: housekeeping had it lower
  if (!db_.execute("BEGIN IMMEDIATE")) return fail("cannot write");
  return {};
}

boost::system::error_code engine::end_change() {
  if (!recent_.prune() || !shelves_.flush() || !buckets_.flush() || !segments_.flush() ||
      !db_.execute("COMMIT"))
    return fail("cannot write");
  return {};
}

boost::system::result<commit_outcome> engine::commit(batch&& work, wall_time now) {
  if (const auto error = begin_change()) return error;
  commit_outcome outcome;
  outcome.inserts.reserve(work.inserts.size());
  outcome.letters.reserve(work.letters.size());
  for (insert_request& each : work.inserts)
    if (!insert(each, now, outcome.inserts)) return fail("cannot write");
  for (const deferral& each : work.deferrals)
    if (!defer(each)) return fail("cannot write");
  for (const held_id& each : work.done)
    if (!finish(each)) return fail("cannot write");
  for (const letter_insert& each : work.letters) {
    const letter_id id = letters_.insert(each.value);
    if (id == 0) return fail("cannot write");
    outcome.letters.push_back(id);
  }
  for (const route_pause& each : work.pauses)
    if (!pauses_.put(each)) return fail("cannot write");
  for (insert_request& each : work.scheduled)
    if (!schedule(each, now, outcome.scheduled)) return fail("cannot write");
  for (const held_change& each : work.changes)
    if (!change(each, outcome.changes)) return fail("cannot write");
  if (const auto error = end_change()) return error;
  return outcome;
}

bool engine::insert(insert_request& request, wall_time now, std::vector<insert_outcome>& out) {
  if (request.redelivered && !request.content.empty()) {
    if (const held_ref* const known = recent_.find(request.content)) {
      out.push_back({request.token, *known, true, false});
      return true;
    }
  }
  if (!request.dedup.empty()) {
    bool suppressed = false;
    if (!dedup_.take(request.dedup, us(now), us(request.dedup_until), suppressed)) return false;
    if (suppressed) {
      out.push_back({request.token, {}, false, true});
      return true;
    }
  }
  held_ref held;
  if (!hold(request.record, now, held)) return false;
  if (!request.content.empty() && !recent_.add(request.content, held)) return false;
  insert_outcome outcome{request.token, held, false, false};
  if (request.give_back) outcome.record = std::make_unique<held_record>(std::move(request.record));
  out.push_back(std::move(outcome));
  return true;
}

bool engine::hold(held_record& record, wall_time now, held_ref& held) {
  // What is overdue on arrival is put with what is due now, and its id says so.
  const std::int64_t second = seconds_of(std::max(record.due, now));
  const int level = level_for(record.due, now);
  const std::uint32_t route = route_number(record.route);
  if (route == 0) return false;
  bucket* const to = buckets_.choose(second, level);
  segment* const place = segments_.choose(second, level);
  if (to == nullptr || place == nullptr) return false;
  const std::int64_t slot = span_at(minute_level, second).start / 60, row = next_row_++;
  record.id = {slot, row, ids_.nonce_of(slot, row)};
  const std::string head = encode_head(record, route);
  const std::string& body = record.content.body;
  held.id = record.id;
  held.due = record.due;
  held.relative = record.relative;
  held.bytes = static_cast<std::uint32_t>(body.size() + record.content.properties.size());
  held.route = route;
  entry each;
  each.row = record.id.row;
  each.due = us(record.due);
  each.bytes = held.bytes;
  each.nonce = record.id.nonce;
  each.route = route;
  each.segment = place->number;
  each.relative = record.relative;
  each.slot = record.id.slot;
  rest_.touched(each.due, each.row);
  return segments_.append(*place, each.row, checksum(each.row, head, body), head, body) &&
         buckets_.insert(*to, each);
}

// A done or unknown id is no error: what was confirmed twice, or just before a crash, is done.
bool engine::finish(const held_id& id) {
  bucket* in = nullptr;
  entry each;
  const lookup got = buckets_.find(id, in, each);
  if (got != lookup::found) return got == lookup::absent;
  rest_.touched(each.moved.value_or(each.due), each.row);
  if (each.moved && !deferrals_.erase(each)) return false;
  if (!buckets_.erase(*in, each)) return false;
  segments_.finish_one(each.segment);
  return true;
}

bool engine::defer(const deferral& each) {
  bucket* in = nullptr;
  entry at;
  const lookup got = buckets_.find(each.id, in, at);
  if (got != lookup::found) return got == lookup::absent;
  deferred now{each.id, us(each.due), at.bytes, at.route, each.publish_failures, each.why, each.error};
  rest_.touched(at.moved.value_or(at.due), at.row);
  rest_.touched(now.due, at.row);
  if (at.moved) {
    deferred before;
    if (deferrals_.find(at.row, *at.moved, before) != lookup::found || !deferrals_.erase(at)) return false;
    if (now.error.empty()) now.error = before.error;
  }
  return deferrals_.put(now) && buckets_.set_moved(*in, at, now.due);
}

std::uint32_t engine::route_number(const std::string& name) {
  if (const auto at = routes_.find(name); at != routes_.end()) return at->second;
  statement put = db_.prepare("INSERT INTO routes(name) VALUES(?)");
  if (!put || !put.bind_text(1, name).run()) return 0;
  const auto number = static_cast<std::uint32_t>(::sqlite3_last_insert_rowid(db_.handle()));
  routes_[name] = number;
  route_names_[number] = name;
  return number;
}

} // namespace postponed::store::sqlite
