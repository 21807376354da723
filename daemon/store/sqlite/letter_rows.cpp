#include "store/sqlite/letter_rows.hpp"

#include "proto/field_text.hpp"
#include "proto/properties.hpp"
#include "store/sqlite/record_codec.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <bit>
#include <utility>

namespace postponed::store::sqlite {

namespace {

constexpr const char* columns =
    "id, state, dead_letter, queue, route, reason, error, origin_queue, exchange, routing_key,"
    " first_seen, died, collected, discarded, attempt, replays, grp, bytes";

std::int64_t us(wall_time time) {
  return time.time_since_epoch().count();
}
wall_time time_of(std::int64_t us) {
  return wall_time{microseconds{us}};
}
std::int64_t number_of(letter_state state) {
  return static_cast<std::int64_t>(state);
}

letter read(const statement& row) {
  letter out;
  out.id = row.integer(0);
  out.state = static_cast<letter_state>(row.integer(1));
  out.dead_letter = row.blob(2);
  out.queue = row.blob(3);
  out.route = row.blob(4);
  out.reason = row.blob(5);
  out.error = row.blob(6);
  out.origin_queue = row.blob(7);
  out.exchange = row.blob(8);
  out.routing_key = row.blob(9);
  out.first_seen = time_of(row.integer(10));
  out.died = time_of(row.integer(11));
  out.collected = time_of(row.integer(12));
  out.discarded = time_of(row.integer(13));
  out.attempt = static_cast<std::uint32_t>(row.integer(14));
  out.replays = static_cast<std::uint32_t>(row.integer(15));
  out.group = std::bit_cast<std::uint64_t>(row.integer(16));
  out.bytes = static_cast<std::uint64_t>(row.integer(17));
  return out;
}

bool prepare(connection& in, statement& at, const std::string& sql) {
  if (!at) at = in.prepare(sql, true);
  return static_cast<bool>(at);
}

// The narrow conditions as SQL, and what is to be bound to them, in order.
class conditions {
 public:
  explicit conditions(const letter_filter& by) {
    number("state = ?", number_of(by.state));
    text("dead_letter = ?", by.dead_letter);
    text("route = ?", by.route);
    text("reason = ?", by.reason);
    text("origin_queue = ?", by.queue);
    if (by.group) number("grp = ?", std::bit_cast<std::int64_t>(*by.group));
    if (by.died_before) number("died < ?", us(*by.died_before));
    if (by.died_after) number("died > ?", us(*by.died_after));
    if (by.ids.empty()) return;
    std::string list;
    for (const letter_id id : by.ids)
      list += (list.empty() ? "" : ",") + std::to_string(id);
    add("id IN (" + list + ")");
  }
  void number(const char* condition, std::int64_t given) {
    add(condition);
    values_.push_back({true, given, {}});
  }
  const std::string& sql() const { return sql_; }
  // From the first index on; answers the next free one.
  int bind(statement& to) const {
    int at = 1;
    for (const value& each : values_) {
      if (each.is_number)
        to.bind(at++, each.number);
      else
        to.bind_text(at++, each.text);
    }
    return at;
  }

 private:
  struct value {
    bool is_number;
    std::int64_t number;
    std::string_view text; // of the filter, which outlives this
  };
  void text(const char* condition, const std::optional<std::string>& given) {
    if (!given) return;
    add(condition);
    values_.push_back({false, 0, *given});
  }
  void add(const std::string& condition) { sql_ += (sql_.empty() ? "" : " AND ") + condition; }

  std::string sql_;
  std::vector<value> values_;
};

bool has_header(const std::string& raw_properties, const std::string& name, const std::string& value) {
  const auto properties = proto::properties_view::parse(raw_properties);
  if (!properties || !properties->headers) return false;
  const auto fields = proto::read_table(*properties->headers);
  return fields && std::any_of(fields->begin(), fields->end(), [&](const proto::field& each) {
           return each.name == name && (value.empty() || proto::text_of(each) == value);
         });
}

} // namespace

bool letter_rows::insert(letter& value) {
  if (!prepare(in_, insert_,
               "INSERT INTO letters(state, dead_letter, queue, route, reason, error, origin_queue, exchange,"
               " routing_key, first_seen, died, collected, discarded, attempt, replays, grp, bytes)"
               " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)") ||
      !prepare(in_, insert_body_, "INSERT INTO letter_bodies(id, sum, head, body) VALUES(?, ?, ?, ?)"))
    return false;
  insert_.bind(1, number_of(value.state)).bind_text(2, value.dead_letter).bind_text(3, value.queue);
  insert_.bind_text(4, value.route).bind_text(5, value.reason).bind_text(6, value.error);
  insert_.bind_text(7, value.origin_queue).bind_text(8, value.exchange).bind_text(9, value.routing_key);
  insert_.bind(10, us(value.first_seen)).bind(11, us(value.died)).bind(12, us(value.collected));
  insert_.bind(13, us(value.discarded)).bind(14, value.attempt).bind(15, value.replays);
  insert_.bind(16, std::bit_cast<std::int64_t>(value.group)).bind(17, static_cast<std::int64_t>(value.bytes));
  if (!insert_.run()) return false;
  value.id = ::sqlite3_last_insert_rowid(in_.handle());
  held_record content; // of which only that is used
  content.content = std::move(value.content);
  const std::string head = encode_head(content, 0);
  const std::string& body = content.content.body;
  insert_body_.bind(1, value.id).bind(2, checksum(value.id, head, body));
  return insert_body_.bind_blob(3, head).bind_blob(4, body).run() && count(value, value.state, 1);
}

bool letter_rows::erase(const letter& value) {
  return prepare(in_, erase_, "DELETE FROM letters WHERE id = ?") &&
         prepare(in_, erase_body_, "DELETE FROM letter_bodies WHERE id = ?") &&
         erase_.bind(1, value.id).run() && erase_body_.bind(1, value.id).run() &&
         count(value, value.state, -1);
}

bool letter_rows::move(const letter& value, letter_state to, wall_time now) {
  return prepare(in_, move_, "UPDATE letters SET state = ?, discarded = ? WHERE id = ?") &&
         move_.bind(1, number_of(to)).bind(2, us(now)).bind(3, value.id).run() &&
         count(value, value.state, -1) && count(value, to, 1);
}

bool letter_rows::count(const letter& value, letter_state state, std::int64_t sign) {
  if (!prepare(in_, count_,
               "INSERT INTO letter_counts(dead_letter, state, grp, messages, bytes) VALUES(?, ?, ?, ?, ?)"
               " ON CONFLICT DO UPDATE SET messages = messages + excluded.messages,"
               " bytes = bytes + excluded.bytes"))
    return false;
  count_.bind_text(1, value.dead_letter).bind(2, number_of(state));
  count_.bind(3, std::bit_cast<std::int64_t>(value.group)).bind(4, sign);
  return count_.bind(5, sign * static_cast<std::int64_t>(value.bytes)).run();
}

bool letter_rows::get(letter_id id, letter& out, bool& found) {
  statement ask = in_.prepare(std::string{"SELECT "} + columns + " FROM letters WHERE id = ?");
  if (!ask) return false;
  const int code = ask.bind(1, id).step();
  found = code == SQLITE_ROW;
  if (found) out = read(ask);
  return found || code == SQLITE_DONE;
}

content_lookup letter_rows::content(letter_id id, proto::message& out) {
  if (!prepare(in_, find_body_, "SELECT sum, head, body FROM letter_bodies WHERE id = ?"))
    return content_lookup::failed;
  const int code = find_body_.bind(1, id).step();
  content_lookup result = code == SQLITE_DONE ? content_lookup::absent : content_lookup::failed;
  if (code == SQLITE_ROW) {
    const std::string_view head = find_body_.blob(1), body = find_body_.blob(2);
    auto decoded = decode_head(head);
    const bool whole = decoded && checksum(id, head, body) == find_body_.integer(0);
    result = whole ? content_lookup::found : content_lookup::damaged;
    if (whole) {
      out = std::move(decoded->record.content);
      out.body = body;
    }
  }
  find_body_.reset();
  return result;
}

// What SQL does not look into. False: the content cannot be read.
bool letter_rows::matches(const letter_filter& by, const letter& value, bool& out) {
  out = true;
  if (by.headers.empty() && !by.text) return true;
  const auto holds = [&](const std::string& in) { return in.find(*by.text) != std::string::npos; };
  const bool text_found = !by.text || holds(value.error) || holds(value.routing_key);
  if (text_found && by.headers.empty()) return true;
  proto::message content;
  const content_lookup got = this->content(value.id, content);
  if (got == content_lookup::damaged || got == content_lookup::absent) damaged_ = value.id;
  if (got != content_lookup::found) return false;
  out = (text_found || holds(content.body)) &&
        std::all_of(by.headers.begin(), by.headers.end(), [&](const auto& each) {
          return has_header(content.properties, each.first, each.second);
        });
  return true;
}

bool letter_rows::scan(const letter_filter& by, letter_id after, std::size_t most,
                       const std::function<bool(letter&&)>& take, progress& out) {
  const conditions narrow{by};
  // In the order of ids without sorting: a sort would read all that match for each page.
  const char* const order =
      by.ids.empty() && by.dead_letter ? " INDEXED BY letters_by_place" : " NOT INDEXED";
  statement rows = in_.prepare(std::string{"SELECT "} + columns + " FROM letters" + order + " WHERE " +
                               narrow.sql() + " AND id > ? ORDER BY id");
  if (!rows) return false;
  rows.bind(narrow.bind(rows), after);
  out.reached = after;
  std::size_t seen = 0;
  int code = SQLITE_DONE;
  while ((code = rows.step()) == SQLITE_ROW) {
    letter value = read(rows);
    bool wanted = false;
    if (!matches(by, value, wanted)) return false;
    const letter_id id = value.id;
    if (wanted && !take(std::move(value))) return true; // it is not past
    out.reached = id;
    if (++seen >= most) return true;
  }
  out.ended = code == SQLITE_DONE;
  return out.ended;
}

bool letter_rows::is_plain(const letter_filter& by) {
  return !by.route && !by.reason && !by.queue && !by.died_before && !by.died_after && by.headers.empty() &&
         !by.text && by.ids.empty();
}

bool letter_rows::totals(std::vector<letter_totals>& out) {
  statement ask = in_.prepare("SELECT dead_letter, state, sum(messages), sum(bytes) FROM letter_counts"
                              " GROUP BY dead_letter, state ORDER BY dead_letter");
  if (!ask) return false;
  int code = 0;
  while ((code = ask.step()) == SQLITE_ROW) {
    if (out.empty() || out.back().dead_letter != ask.blob(0)) {
      out.emplace_back();
      out.back().dead_letter = ask.blob(0);
    }
    letter_totals& each = out.back();
    const bool kept = static_cast<letter_state>(ask.integer(1)) == letter_state::kept;
    (kept ? each.kept : each.trash) = static_cast<std::uint64_t>(ask.integer(2));
    (kept ? each.kept_bytes : each.trash_bytes) = static_cast<std::uint64_t>(ask.integer(3));
  }
  for (letter_totals& each : out)
    if (!oldest(each.dead_letter, each.oldest_died)) return false;
  return code == SQLITE_DONE;
}

bool letter_rows::oldest(const std::string& dead_letter, std::optional<wall_time>& out) {
  statement ask = in_.prepare("SELECT died FROM letters INDEXED BY letters_by_died"
                              " WHERE dead_letter = ? AND state = 0 ORDER BY died LIMIT 1");
  if (!ask) return false;
  const int code = ask.bind_text(1, dead_letter).step();
  if (code == SQLITE_ROW) out = time_of(ask.integer(0));
  return code == SQLITE_ROW || code == SQLITE_DONE;
}

bool letter_rows::count(const letter_filter& by, std::uint64_t& out) {
  const conditions narrow{by};
  statement ask = in_.prepare("SELECT ifnull(sum(messages), 0) FROM letter_counts WHERE " + narrow.sql());
  if (!ask) return false;
  narrow.bind(ask);
  if (ask.step() != SQLITE_ROW) return false;
  out = static_cast<std::uint64_t>(ask.integer(0));
  return true;
}

bool letter_rows::groups(const letter_filter& by, std::vector<letter_group>& out) {
  const conditions narrow{by};
  statement ask = in_.prepare("SELECT dead_letter, grp, messages, bytes FROM letter_counts WHERE " +
                              narrow.sql() + " AND messages > 0 ORDER BY messages DESC");
  if (!ask) return false;
  narrow.bind(ask);
  int code = 0;
  while ((code = ask.step()) == SQLITE_ROW) {
    letter_group each;
    each.dead_letter = ask.blob(0);
    each.group = std::bit_cast<std::uint64_t>(ask.integer(1));
    each.messages = static_cast<std::uint64_t>(ask.integer(2));
    each.bytes = static_cast<std::uint64_t>(ask.integer(3));
    if (!describe(by.state, each)) return false;
    out.push_back(std::move(each));
  }
  return code == SQLITE_DONE;
}

// Its first and last death, and what the last one says.
bool letter_rows::describe(letter_state state, letter_group& group) {
  for (const bool first : {true, false}) {
    statement ask =
        in_.prepare(std::string{"SELECT died, route, reason, error FROM letters"
                                " INDEXED BY letters_by_group"
                                " WHERE dead_letter = ? AND state = ? AND grp = ? ORDER BY died "} +
                    (first ? "LIMIT 1" : "DESC LIMIT 1"));
    if (!ask) return false;
    ask.bind_text(1, group.dead_letter).bind(2, number_of(state));
    const int code = ask.bind(3, std::bit_cast<std::int64_t>(group.group)).step();
    if (code != SQLITE_ROW) return code == SQLITE_DONE;
    (first ? group.first_died : group.last_died) = time_of(ask.integer(0));
    group.route = ask.blob(1);
    group.reason = ask.blob(2);
    group.error = ask.blob(3);
  }
  return true;
}

bool letter_rows::expired(const std::string& dead_letter, wall_time before, std::size_t limit,
                          std::vector<letter>& out) {
  statement ask = in_.prepare(std::string{"SELECT "} + columns +
                              " FROM letters INDEXED BY letters_in_trash WHERE dead_letter = ? AND state = 1"
                              " AND discarded < ? ORDER BY discarded LIMIT ?");
  if (!ask) return false;
  ask.bind_text(1, dead_letter).bind(2, us(before)).bind(3, static_cast<std::int64_t>(limit));
  int code = 0;
  while ((code = ask.step()) == SQLITE_ROW)
    out.push_back(read(ask));
  return code == SQLITE_DONE;
}

} // namespace postponed::store::sqlite
