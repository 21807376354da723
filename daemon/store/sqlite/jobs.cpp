#include "store/sqlite/jobs.hpp"

#include <sqlite3.h>

#include <string>

namespace postponed::store::sqlite {

namespace {

constexpr microseconds week{std::chrono::hours{24 * 7}};

std::int64_t us(wall_time time) {
  return time.time_since_epoch().count();
}

// Of those that have ended.
std::string ended() {
  std::string states;
  for (const job::state each : {job::state::stopped, job::state::done, job::state::failed})
    states += (states.empty() ? "" : ", ") + std::to_string(static_cast<int>(each));
  return "state IN (" + states + ")";
}

// All but the id, from `first` on.
void bind(statement& to, int first, const job& value) {
  to.bind(first, static_cast<std::int64_t>(value.what)).bind(first + 1, static_cast<std::int64_t>(value.at));
  to.bind_text(first + 2, value.dead_letter).bind_text(first + 3, value.spec).bind(first + 4, value.reached);
  to.bind(first + 5, static_cast<std::int64_t>(value.total));
  to.bind(first + 6, static_cast<std::int64_t>(value.done));
  to.bind(first + 7, static_cast<std::int64_t>(value.skipped)).bind_text(first + 8, value.error);
  to.bind(first + 9, us(value.created)).bind(first + 10, us(value.updated));
}

} // namespace

std::int64_t jobs::add(const job& value) {
  statement forget = in_.prepare("DELETE FROM jobs WHERE updated < ? AND " + ended());
  if (!forget || !forget.bind(1, us(value.created - week)).run()) return 0;
  statement put =
      in_.prepare("INSERT INTO jobs(what, state, dead_letter, spec, reached, total, done, skipped,"
                  " error, created, updated) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!put) return 0;
  bind(put, 1, value);
  return put.run() ? ::sqlite3_last_insert_rowid(in_.handle()) : 0;
}

bool jobs::update(const job& value) {
  if (!update_)
    update_ = in_.prepare("UPDATE jobs SET what = ?2, state = ?3, dead_letter = ?4, spec = ?5, reached = ?6,"
                          " total = ?7, done = ?8, skipped = ?9, error = ?10, created = ?11, updated = ?12"
                          " WHERE id = ?1",
                          true);
  if (!update_) return false;
  update_.bind(1, value.id);
  bind(update_, 2, value);
  return update_.run();
}

bool jobs::all(std::vector<job>& out) {
  statement ask =
      in_.prepare("SELECT id, what, state, dead_letter, spec, reached, total, done, skipped, error, created,"
                  " updated FROM jobs WHERE NOT (" +
                  ended() + ") OR updated >= (SELECT max(updated) FROM jobs) - ? ORDER BY id DESC");
  if (!ask) return false;
  ask.bind(1, week.count());
  int code = 0;
  while ((code = ask.step()) == SQLITE_ROW) {
    job& each = out.emplace_back();
    each.id = ask.integer(0);
    each.what = static_cast<job::kind>(ask.integer(1));
    each.at = static_cast<job::state>(ask.integer(2));
    each.dead_letter = ask.blob(3);
    each.spec = ask.blob(4);
    each.reached = ask.integer(5);
    each.total = static_cast<std::uint64_t>(ask.integer(6));
    each.done = static_cast<std::uint64_t>(ask.integer(7));
    each.skipped = static_cast<std::uint64_t>(ask.integer(8));
    each.error = ask.blob(9);
    each.created = wall_time{microseconds{ask.integer(10)}};
    each.updated = wall_time{microseconds{ask.integer(11)}};
  }
  return code == SQLITE_DONE;
}

} // namespace postponed::store::sqlite
