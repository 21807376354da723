#include "store/sqlite/dedup.hpp"

#include <sqlite3.h>

#include <bit>

namespace postponed::store::sqlite {

namespace {

constexpr std::int64_t piece = 1000;            // keys
constexpr std::int64_t look_period = 5'000'000; // us

} // namespace

bool dedup::take(const fingerprint& key, std::int64_t now, std::int64_t until, bool& known) {
  const auto high = std::bit_cast<std::int64_t>(key.high);
  const auto low = std::bit_cast<std::int64_t>(key.low);
  if (!find_) find_ = in_.prepare("SELECT until FROM dedup WHERE high = ? AND low = ?", true);
  if (!find_) return false;
  const int code = find_.bind(1, high).bind(2, low).step();
  known = code == SQLITE_ROW && find_.integer(0) > now;
  find_.reset();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return false;
  if (known) return true;
  if (!put_) put_ = in_.prepare("INSERT OR REPLACE INTO dedup(high, low, until) VALUES(?, ?, ?)", true);
  return put_ && put_.bind(1, high).bind(2, low).bind(3, until).run();
}

bool dedup::forget_some(std::int64_t now, bool& more) {
  if (!forget_)
    forget_ = in_.prepare("DELETE FROM dedup WHERE (high, low) IN"
                          " (SELECT high, low FROM dedup WHERE until <= ? LIMIT ?)",
                          true);
  if (!forget_ || !forget_.bind(1, now).bind(2, piece).run()) return false;
  more = ::sqlite3_changes(in_.handle()) >= piece;
  if (!more) next_look_ = now + look_period;
  return true;
}

} // namespace postponed::store::sqlite
