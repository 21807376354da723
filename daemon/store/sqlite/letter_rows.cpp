#include "store/sqlite/letter_rows.hpp"

#include "store/sqlite/record_codec.hpp"

#include <sqlite3.h>

#include <bit>

namespace postponed::store::sqlite {

namespace {

std::int64_t us(wall_time time) {
  return time.time_since_epoch().count();
}
wall_time time_at(const statement& at, int column) {
  return wall_time{microseconds{at.integer(column)}};
}

std::int64_t sum_of(letter_id id, std::string_view exchange, std::string_view routing_key,
                    std::string_view properties, std::string_view body) {
  return checksum(checksum(id, exchange, routing_key), properties, body);
}

} // namespace

letter_row letter_row_from(const statement& at) {
  letter_row row;
  letter& each = row.value;
  each.id = at.integer(0);
  each.state = static_cast<letter_state>(at.integer(1));
  each.dead_letter = at.blob(2);
  each.route = at.blob(3);
  each.reason = at.blob(4);
  each.group = std::bit_cast<std::uint64_t>(at.integer(5));
  each.queue = at.blob(6);
  each.origin_queue = at.blob(7);
  each.exchange = at.blob(8);
  each.routing_key = at.blob(9);
  each.error = at.blob(10);
  each.first_seen = time_at(at, 11);
  each.died = time_at(at, 12);
  each.collected = time_at(at, 13);
  if (!at.is_null(14)) each.discarded = time_at(at, 14);
  each.attempt = static_cast<std::uint32_t>(at.integer(15));
  each.replays = static_cast<std::uint32_t>(at.integer(16));
  each.bytes = static_cast<std::uint64_t>(at.integer(17));
  row.at = {at.integer(18), at.integer(19)};
  return row;
}

letter_id letter_rows::insert(const letter& each) {
  const letter_place at = shelves_.place(each);
  if (at.kind == 0) return 0;
  if (!insert_)
    insert_ = in_.prepare("INSERT INTO letters(kind, shelf, died, discarded, bytes, first_seen, collected,"
                          " attempt, replays, queue, origin, exchange, routing_key, error)"
                          " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                          true);
  if (!insert_content_)
    insert_content_ =
        in_.prepare("INSERT INTO letter_contents(id, sum, exchange, routing_key, properties, body)"
                    " VALUES(?, ?, ?, ?, ?, ?)",
                    true);
  if (!insert_ || !insert_content_) return 0;
  insert_.bind(1, at.kind).bind(2, at.shelf).bind(3, us(each.died));
  if (each.state == letter_state::trash)
    insert_.bind(4, us(each.discarded));
  else
    insert_.bind_null(4);
  insert_.bind(5, static_cast<std::int64_t>(each.bytes)).bind(6, us(each.first_seen));
  insert_.bind(7, us(each.collected)).bind(8, each.attempt).bind(9, each.replays);
  insert_.bind_blob(10, each.queue).bind_blob(11, each.origin_queue).bind_blob(12, each.exchange);
  insert_.bind_blob(13, each.routing_key).bind_blob(14, each.error);
  if (!insert_.run()) return 0;
  const letter_id id = ::sqlite3_last_insert_rowid(in_.handle());
  const proto::message& content = each.content;
  insert_content_.bind(1, id).bind(
      2, sum_of(id, content.exchange, content.routing_key, content.properties, content.body));
  insert_content_.bind_blob(3, content.exchange).bind_blob(4, content.routing_key);
  insert_content_.bind_blob(5, content.properties).bind_blob(6, content.body);
  if (!insert_content_.run()) return 0;
  shelves_.came(at, each.bytes);
  return id;
}

bool letter_rows::find(letter_id id, letter_row& out, bool& found) {
  if (!find_)
    find_ = in_.prepare(
        std::string{"SELECT"} + letter_columns + "FROM letters l" + letter_joins + "WHERE l.id = ?", true);
  if (!find_) return false;
  const int code = find_.bind(1, id).step();
  found = code == SQLITE_ROW;
  if (found) out = letter_row_from(find_);
  find_.reset();
  return found || code == SQLITE_DONE;
}

content_lookup letter_rows::read(letter_id id, proto::message& out) {
  if (!read_)
    read_ = in_.prepare(
        "SELECT sum, exchange, routing_key, properties, body FROM letter_contents WHERE id = ?", true);
  if (!read_) return content_lookup::failed;
  const int code = read_.bind(1, id).step();
  content_lookup got = code == SQLITE_DONE ? content_lookup::damaged : content_lookup::failed;
  if (code == SQLITE_ROW) {
    out.exchange = read_.blob(1);
    out.routing_key = read_.blob(2);
    out.properties = read_.blob(3);
    out.body = read_.blob(4);
    const bool same = sum_of(id, out.exchange, out.routing_key, out.properties, out.body) == read_.integer(0);
    got = same ? content_lookup::found : content_lookup::damaged;
  }
  read_.reset();
  return got;
}

bool letter_rows::erase(const letter_row& each) {
  if (!erase_) erase_ = in_.prepare("DELETE FROM letters WHERE id = ?", true);
  if (!erase_content_) erase_content_ = in_.prepare("DELETE FROM letter_contents WHERE id = ?", true);
  if (!erase_ || !erase_content_ || !erase_.bind(1, each.value.id).run() ||
      !erase_content_.bind(1, each.value.id).run())
    return false;
  shelves_.left(each.at, each.value.bytes);
  return true;
}

bool letter_rows::move(const letter_row& each, letter_state to, wall_time when) {
  letter moved = each.value;
  moved.state = to;
  const letter_place at = shelves_.place(moved);
  if (at.kind == 0) return false;
  if (!move_) move_ = in_.prepare("UPDATE letters SET kind = ?, shelf = ?, discarded = ? WHERE id = ?", true);
  if (!move_) return false;
  move_.bind(1, at.kind).bind(2, at.shelf).bind(4, moved.id);
  if (to == letter_state::trash)
    move_.bind(3, us(when));
  else
    move_.bind_null(3);
  if (!move_.run()) return false;
  shelves_.left(each.at, moved.bytes);
  shelves_.came(at, moved.bytes);
  return true;
}

} // namespace postponed::store::sqlite
