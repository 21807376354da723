#include "store/sqlite/letter_shelves.hpp"

#include <sqlite3.h>

#include <bit>

namespace postponed::store::sqlite {

std::int64_t letter_shelves::shelf_of(const std::string& dead_letter, letter_state state) {
  if (!find_shelf_)
    find_shelf_ = in_.prepare("SELECT number FROM letter_shelves WHERE dead_letter = ? AND state = ?", true);
  if (!find_shelf_) return -1;
  const int code = find_shelf_.bind_text(1, dead_letter).bind(2, static_cast<std::int64_t>(state)).step();
  const std::int64_t number = code == SQLITE_ROW ? find_shelf_.integer(0) : code == SQLITE_DONE ? 0 : -1;
  find_shelf_.reset();
  return number;
}

letter_place letter_shelves::place(const letter& of) {
  letter_place at;
  at.shelf = shelf_of(of.dead_letter, of.state);
  if (at.shelf < 0) return {};
  if (at.shelf == 0) {
    if (!add_shelf_)
      add_shelf_ = in_.prepare(
          "INSERT INTO letter_shelves(dead_letter, state, messages, bytes) VALUES(?, ?, 0, 0)", true);
    if (!add_shelf_ ||
        !add_shelf_.bind_text(1, of.dead_letter).bind(2, static_cast<std::int64_t>(of.state)).run())
      return {};
    at.shelf = ::sqlite3_last_insert_rowid(in_.handle());
  }
  const auto group = std::bit_cast<std::int64_t>(of.group);
  if (!find_kind_)
    find_kind_ = in_.prepare(
        "SELECT number FROM letter_kinds WHERE shelf = ? AND grp = ? AND route = ? AND reason = ?", true);
  if (!find_kind_) return {};
  find_kind_.bind(1, at.shelf).bind(2, group).bind_blob(3, of.route).bind_blob(4, of.reason);
  const int code = find_kind_.step();
  if (code == SQLITE_ROW) at.kind = find_kind_.integer(0);
  find_kind_.reset();
  if (code != SQLITE_DONE) return at; // found, or kind 0
  if (!add_kind_)
    add_kind_ = in_.prepare("INSERT INTO letter_kinds(shelf, grp, route, reason, messages, bytes)"
                            " VALUES(?, ?, ?, ?, 0, 0)",
                            true);
  if (!add_kind_) return {};
  add_kind_.bind(1, at.shelf).bind(2, group).bind_blob(3, of.route).bind_blob(4, of.reason);
  if (!add_kind_.run()) return {};
  at.kind = ::sqlite3_last_insert_rowid(in_.handle());
  return at;
}

void letter_shelves::note(const letter_place& at, std::int64_t messages, std::int64_t bytes) {
  for (change* const each : {&kinds_[at.kind], &shelves_[at.shelf]}) {
    each->messages += messages;
    each->bytes += bytes;
  }
}

void letter_shelves::came(const letter_place& at, std::uint64_t bytes) {
  note(at, 1, static_cast<std::int64_t>(bytes));
}
void letter_shelves::left(const letter_place& at, std::uint64_t bytes) {
  note(at, -1, -static_cast<std::int64_t>(bytes));
}

bool letter_shelves::write_kind(std::int64_t number, const change& by) {
  // The bounds are looked up anew: two reads of an index, and never out of date.
  if (!change_kind_)
    change_kind_ = in_.prepare("UPDATE letter_kinds SET messages = messages + ?2, bytes = bytes + ?3,"
                               " first_died = (SELECT min(died) FROM letters WHERE kind = ?1),"
                               " last_died = (SELECT max(died) FROM letters WHERE kind = ?1)"
                               " WHERE number = ?1",
                               true);
  if (!drop_kind_)
    drop_kind_ = in_.prepare("DELETE FROM letter_kinds WHERE number = ? AND messages = 0", true);
  return change_kind_ && drop_kind_ &&
         change_kind_.bind(1, number).bind(2, by.messages).bind(3, by.bytes).run() &&
         (by.messages > 0 || drop_kind_.bind(1, number).run());
}

bool letter_shelves::write_shelf(std::int64_t number, const change& by) {
  if (!change_shelf_)
    change_shelf_ = in_.prepare(
        "UPDATE letter_shelves SET messages = messages + ?, bytes = bytes + ? WHERE number = ?", true);
  return change_shelf_ && change_shelf_.bind(1, by.messages).bind(2, by.bytes).bind(3, number).run();
}

bool letter_shelves::flush() {
  for (const auto& [number, by] : kinds_)
    if (!write_kind(number, by)) return false;
  for (const auto& [number, by] : shelves_)
    if (!write_shelf(number, by)) return false;
  kinds_.clear();
  shelves_.clear();
  return true;
}

bool letter_shelves::totals(std::vector<letter_totals>& out) {
  statement ask =
      in_.prepare("SELECT dead_letter, state, messages, bytes,"
                  " (SELECT min(first_died) FROM letter_kinds WHERE shelf = letter_shelves.number)"
                  " FROM letter_shelves ORDER BY dead_letter");
  if (!ask) return false;
  int code = 0;
  while ((code = ask.step()) == SQLITE_ROW) {
    if (out.empty() || out.back().dead_letter != ask.blob(0)) out.emplace_back().dead_letter = ask.blob(0);
    letter_totals& each = out.back();
    const auto messages = static_cast<std::uint64_t>(ask.integer(2));
    const auto bytes = static_cast<std::uint64_t>(ask.integer(3));
    if (static_cast<letter_state>(ask.integer(1)) == letter_state::trash) {
      each.trash = messages;
      each.trash_bytes = bytes;
      continue;
    }
    each.kept = messages;
    each.kept_bytes = bytes;
    if (!ask.is_null(4)) each.oldest_died = wall_time{microseconds{ask.integer(4)}};
  }
  return code == SQLITE_DONE;
}

} // namespace postponed::store::sqlite
