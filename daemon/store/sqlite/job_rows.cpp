#include "store/sqlite/job_rows.hpp"

#include <sqlite3.h>

#include <string>

namespace postponed::store::sqlite {

namespace {

constexpr std::chrono::hours ended_ones_stay{24 * 7};

std::int64_t us(wall_time time) {
  return time.time_since_epoch().count();
}
wall_time time_of(std::int64_t us) {
  return wall_time{microseconds{us}};
}
std::string ended_states() {
  using state = job::state;
  std::string list;
  for (const state each : {state::stopped, state::done, state::failed})
    list += (list.empty() ? "" : ",") + std::to_string(static_cast<int>(each));
  return list;
}

} // namespace

bool job_rows::add(const job& value, std::int64_t& id) {
  statement forget = in_.prepare("DELETE FROM jobs WHERE state IN (" + ended_states() + ") AND updated < ?");
  if (!forget || !forget.bind(1, us(value.created - ended_ones_stay)).run()) return false;
  statement put =
      in_.prepare("INSERT INTO jobs(kind, state, dead_letter, spec, reached, total, done, skipped, error,"
                  " created, updated) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!put) return false;
  put.bind(1, static_cast<std::int64_t>(value.what)).bind(2, static_cast<std::int64_t>(value.at));
  put.bind_text(3, value.dead_letter).bind_text(4, value.spec).bind(5, value.reached);
  put.bind(6, static_cast<std::int64_t>(value.total)).bind(7, static_cast<std::int64_t>(value.done));
  put.bind(8, static_cast<std::int64_t>(value.skipped)).bind_text(9, value.error);
  if (!put.bind(10, us(value.created)).bind(11, us(value.updated)).run()) return false;
  id = ::sqlite3_last_insert_rowid(in_.handle());
  return true;
}

bool job_rows::update(const job& value) {
  statement put =
      in_.prepare("UPDATE jobs SET state = ?, reached = ?, total = ?, done = ?, skipped = ?, error = ?,"
                  " updated = ? WHERE id = ?");
  if (!put) return false;
  put.bind(1, static_cast<std::int64_t>(value.at)).bind(2, value.reached);
  put.bind(3, static_cast<std::int64_t>(value.total)).bind(4, static_cast<std::int64_t>(value.done));
  put.bind(5, static_cast<std::int64_t>(value.skipped)).bind_text(6, value.error);
  return put.bind(7, us(value.updated)).bind(8, value.id).run();
}

bool job_rows::all(std::vector<job>& out) {
  statement ask =
      in_.prepare("SELECT id, kind, state, dead_letter, spec, reached, total, done, skipped, error, created,"
                  " updated FROM jobs ORDER BY id DESC");
  if (!ask) return false;
  int code = 0;
  while ((code = ask.step()) == SQLITE_ROW) {
    job each;
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
    each.created = time_of(ask.integer(10));
    each.updated = time_of(ask.integer(11));
    out.push_back(std::move(each));
  }
  return code == SQLITE_DONE;
}

} // namespace postponed::store::sqlite
