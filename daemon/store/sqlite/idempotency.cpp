#include "store/sqlite/idempotency.hpp"

#include <sqlite3.h>

#include <bit>

namespace postponed::store::sqlite {

namespace {

constexpr std::int64_t piece = 1000;             // keys
constexpr std::int64_t look_period = 60'000'000; // us

std::int64_t bits(std::uint64_t value) {
  return std::bit_cast<std::int64_t>(value);
}
std::uint64_t from_bits(std::int64_t value) {
  return std::bit_cast<std::uint64_t>(value);
}

} // namespace

bool idempotency::find(const fingerprint& key, std::int64_t now, bool& found, known& out) {
  if (!find_)
    find_ = in_.prepare("SELECT until, slot, row, nonce, due, content_high, content_low FROM idempotency"
                        " WHERE high = ? AND low = ?",
                        true);
  if (!find_) return false;
  const int code = find_.bind(1, bits(key.high)).bind(2, bits(key.low)).step();
  found = code == SQLITE_ROW && find_.integer(0) > now;
  if (found) {
    out.held = {};
    out.held.id = {find_.integer(1), find_.integer(2), static_cast<std::uint32_t>(find_.integer(3))};
    out.held.due = wall_time{microseconds{find_.integer(4)}};
    out.content = {from_bits(find_.integer(5)), from_bits(find_.integer(6))};
  }
  find_.reset();
  return code == SQLITE_ROW || code == SQLITE_DONE;
}

bool idempotency::put(const fingerprint& key, std::int64_t until, const known& value) {
  if (!put_)
    put_ = in_.prepare("INSERT OR REPLACE INTO idempotency(high, low, until, slot, row, nonce, due,"
                       " content_high, content_low) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                       true);
  if (!put_) return false;
  const held_id& id = value.held.id;
  put_.bind(1, bits(key.high)).bind(2, bits(key.low)).bind(3, until);
  put_.bind(4, id.slot).bind(5, id.row).bind(6, id.nonce);
  put_.bind(7, value.held.due.time_since_epoch().count());
  put_.bind(8, bits(value.content.high)).bind(9, bits(value.content.low));
  return put_.run();
}

bool idempotency::forget_some(std::int64_t now, bool& more) {
  if (!forget_)
    forget_ = in_.prepare("DELETE FROM idempotency WHERE (high, low) IN"
                          " (SELECT high, low FROM idempotency WHERE until <= ? LIMIT ?)",
                          true);
  if (!forget_ || !forget_.bind(1, now).bind(2, piece).run()) return false;
  more = ::sqlite3_changes(in_.handle()) >= piece;
  if (!more) next_look_ = now + look_period;
  return true;
}

} // namespace postponed::store::sqlite
