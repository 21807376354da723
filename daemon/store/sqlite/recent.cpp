#include "store/sqlite/recent.hpp"

#include <sqlite3.h>

#include <bit>

namespace postponed::store::sqlite {

namespace {

constexpr std::size_t slack = 1024; // pruned in lots, not one by one

} // namespace

bool recent::load() {
  statement ask =
      in_.prepare("SELECT sequence, high, low, slot, row, nonce, due, bytes FROM recent ORDER BY sequence");
  if (!ask) return false;
  int code = 0;
  while ((code = ask.step()) == SQLITE_ROW) {
    const std::int64_t sequence = ask.integer(0);
    const fingerprint content{std::bit_cast<std::uint64_t>(ask.integer(1)),
                              std::bit_cast<std::uint64_t>(ask.integer(2))};
    held_ref held;
    held.id = {ask.integer(3), ask.integer(4), static_cast<std::uint32_t>(ask.integer(5))};
    held.due = wall_time{microseconds{ask.integer(6)}};
    held.bytes = static_cast<std::uint32_t>(ask.integer(7));
    known_[content] = {sequence, held};
    order_.emplace_back(sequence, content);
    next_ = sequence + 1;
  }
  return code == SQLITE_DONE;
}

const held_ref* recent::find(const fingerprint& content) const {
  const auto at = known_.find(content);
  return at == known_.end() ? nullptr : &at->second.held;
}

bool recent::add(const fingerprint& content, const held_ref& held) {
  if (!insert_)
    insert_ = in_.prepare("INSERT INTO recent(sequence, high, low, slot, row, nonce, due, bytes)"
                          " VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                          true);
  if (!insert_) return false;
  insert_.bind(1, next_).bind(2, std::bit_cast<std::int64_t>(content.high));
  insert_.bind(3, std::bit_cast<std::int64_t>(content.low)).bind(4, held.id.slot).bind(5, held.id.row);
  insert_.bind(6, held.id.nonce).bind(7, held.due.time_since_epoch().count()).bind(8, held.bytes);
  const bool done = insert_.step() == SQLITE_DONE;
  insert_.reset();
  known_[content] = {next_, held};
  order_.emplace_back(next_, content);
  ++next_;
  return done;
}

bool recent::prune() {
  if (order_.size() <= limit_ + slack) return true;
  while (order_.size() > limit_) {
    const auto& [sequence, content] = order_.front();
    // The same content may have been added again since: then the newer entry stays.
    if (const auto at = known_.find(content); at != known_.end() && at->second.sequence == sequence)
      known_.erase(at);
    order_.pop_front();
  }
  return in_.execute("DELETE FROM recent WHERE sequence < " +
                     std::to_string(order_.empty() ? next_ : order_.front().first));
}

} // namespace postponed::store::sqlite
