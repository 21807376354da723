#include "store/sqlite/deferrals.hpp"

#include <sqlite3.h>

namespace postponed::store::sqlite {

namespace {

constexpr std::int64_t minute_us = 60'000'000;

} // namespace

void apply(const deferred& moved, held_record& to) {
  to.due = wall_time{microseconds{moved.due}};
  to.relative = false;
  to.publish_failures = moved.failures;
  to.why = moved.why;
  if (!moved.error.empty()) to.error = moved.error;
}

bool deferrals::put(const deferred& each) {
  if (!insert_)
    insert_ = in_.prepare("INSERT INTO deferred(due, row, slot, nonce, bytes, failures, why, error, route)"
                          " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                          true);
  if (!insert_) return false;
  insert_.bind(1, each.due)
      .bind(2, each.id.row)
      .bind(3, each.id.slot)
      .bind(4, each.id.nonce)
      .bind(5, each.bytes);
  insert_.bind(6, each.failures)
      .bind(7, static_cast<std::int64_t>(each.why))
      .bind_text(8, each.error)
      .bind(9, each.route);
  if (!insert_.run()) return false;
  add(each.due, each.route, 1, each.bytes);
  return true;
}

// Few, as a rule, and narrow rows.
bool deferrals::load() {
  statement ask = in_.prepare("SELECT due - due % 60000000, route, count(*), sum(bytes) FROM deferred"
                              " GROUP BY 1, 2");
  if (!ask) return false;
  int code = 0;
  while ((code = ask.step()) == SQLITE_ROW)
    add(ask.integer(0), static_cast<std::uint32_t>(ask.integer(1)), ask.integer(2), ask.integer(3));
  return code == SQLITE_DONE;
}

void deferrals::add(std::int64_t due, std::uint32_t route, std::int64_t messages, std::int64_t bytes) {
  const auto minute = counts_.try_emplace(due / minute_us).first;
  const auto at = minute->second.try_emplace(route).first;
  at->second.messages += messages;
  at->second.bytes += bytes;
  if (at->second.messages == 0) minute->second.erase(at);
  if (minute->second.empty()) counts_.erase(minute);
}

lookup deferrals::find(std::int64_t row, std::int64_t due, deferred& out) {
  if (!find_)
    find_ = in_.prepare("SELECT failures, why, error FROM deferred WHERE due = ? AND row = ?", true);
  if (!find_) return lookup::failed;
  const int code = find_.bind(1, due).bind(2, row).step();
  if (code == SQLITE_ROW) {
    out.due = due;
    out.failures = static_cast<std::uint32_t>(find_.integer(0));
    out.why = static_cast<reason>(find_.integer(1));
    out.error = find_.blob(2);
  }
  find_.reset();
  return code == SQLITE_ROW ? lookup::found : code == SQLITE_DONE ? lookup::absent : lookup::failed;
}

bool deferrals::erase(const entry& each) {
  if (!delete_) delete_ = in_.prepare("DELETE FROM deferred WHERE due = ? AND row = ?", true);
  if (!delete_ || !delete_.bind(1, *each.moved).bind(2, each.row).run()) return false;
  add(*each.moved, each.route, -1, -each.bytes);
  return true;
}

statement deferrals::scan(std::int64_t from, std::int64_t row, std::int64_t until, std::int64_t limit,
                          const std::vector<std::uint32_t>& skip) {
  std::string passed_over; // in the question: rows that do not count must not use up its limit
  for (const std::uint32_t route : skip)
    passed_over += (passed_over.empty() ? "" : ",") + std::to_string(route);
  statement rows = in_.prepare(
      "SELECT row, due, bytes, nonce, slot, route FROM deferred WHERE (due, row) > (?, ?) AND due <= ?"
      " AND route NOT IN (" +
      passed_over + ") ORDER BY due, row LIMIT ?");
  if (rows) rows.bind(1, from).bind(2, row).bind(3, until).bind(4, limit);
  return rows;
}

lookup deferrals::next(statement& rows, deferred& out) {
  const int code = rows.step();
  if (code != SQLITE_ROW) return code == SQLITE_DONE ? lookup::absent : lookup::failed;
  out.id = {rows.integer(4), rows.integer(0), static_cast<std::uint32_t>(rows.integer(3))};
  out.due = rows.integer(1);
  out.bytes = rows.integer(2);
  out.route = static_cast<std::uint32_t>(rows.integer(5));
  return lookup::found;
}

} // namespace postponed::store::sqlite
