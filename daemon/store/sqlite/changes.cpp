// What people do to single messages: scheduling by HTTP, cancelling, moving. Part of engine::commit().
#include "store/sqlite/engine.hpp"

#include <utility>

namespace postponed::store::sqlite {

namespace {

std::int64_t us(wall_time time) {
  return time.time_since_epoch().count();
}

} // namespace

bool engine::schedule(insert_request& request, wall_time now, std::vector<insert_outcome>& out) {
  const fingerprint key = std::exchange(request.dedup, {}), content = std::exchange(request.content, {});
  if (!key.empty()) {
    bool found = false;
    idempotency::known first;
    if (!idempotency_.find(key, us(now), found, first)) return false;
    if (found) {
      out.push_back({request.token, first.held, first.content == content, true});
      return true;
    }
  }
  request.redelivered = false;
  if (!insert(request, now, out)) return false;
  return key.empty() || idempotency_.put(key, us(request.dedup_until), {out.back().held, content});
}

bool engine::change(const held_change& each, std::vector<change_outcome>& out) {
  bucket* in = nullptr;
  entry at;
  const lookup got = buckets_.find(each.id, in, at);
  if (got == lookup::failed) return false;
  change_outcome outcome{each.token, got == lookup::found, {}};
  outcome.after.id = each.id;
  if (outcome.held) {
    outcome.after.due = wall_time{microseconds{each.due ? us(*each.due) : at.moved.value_or(at.due)}};
    outcome.after.bytes = static_cast<std::uint32_t>(at.bytes);
    outcome.after.route = at.route;
    if (each.due ? !move(each, *in, at) : !finish(each.id)) return false;
  }
  out.push_back(outcome);
  return true;
}

// What failed before, and why it is on its way to the dead letter, stays.
bool engine::move(const held_change& each, bucket& in, const entry& at) {
  deferred now{each.id, us(*each.due), at.bytes, at.route, 0, reason::none, {}};
  rest_.touched(at.moved.value_or(at.due), at.row);
  rest_.touched(now.due, at.row);
  if (at.moved) {
    if (deferrals_.find(at.row, *at.moved, now) != lookup::found || !deferrals_.erase(at)) return false;
    now.due = us(*each.due);
  } else if (const auto head = head_of(each.id, at)) {
    now.failures = head->record.publish_failures;
    now.why = head->record.why;
  } else {
    return false;
  }
  return deferrals_.put(now) && buckets_.set_moved(in, at, now.due);
}

std::optional<record_head> engine::head_of(const held_id& id, const entry& at) {
  std::string bytes;
  if (segments_.find_head(at.segment, id.row, bytes) != lookup::found) return std::nullopt;
  return decode_head(bytes);
}

} // namespace postponed::store::sqlite
