#include "store/sqlite/letter_search.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <optional>

namespace postponed::store::sqlite {

namespace {

constexpr std::int64_t always_few = 2000; // sorted by id rather than looked for along the shelf

using ending = letter_search::ending;

std::string select_rows() {
  return std::string{"SELECT"} + letter_columns + "FROM letters l";
}

} // namespace

// What lies between the rows that SQL selects and the taker: the content's half of the filter.
class letter_search::sieve {
 public:
  sieve(letter_rows& rows, const letter_filter& by, pace at, const taker& take)
      : rows_{rows}, by_{by},
        by_content_{by.text || !by.headers.empty()}, left_{at.content_bytes}, take_{take} {}

  // Nothing: go on. `reached` is moved past the row, unless that is to be seen again.
  std::optional<ending> look(letter_row&& row, letter_id& reached) {
    const letter_id id = row.value.id;
    if (by_content_) {
      if (left_ == 0) return ending::stopped;
      switch (rows_.read(id, content_)) {
      case content_lookup::failed:
        return ending::failed;
      case content_lookup::damaged:
        reached = id;
        return ending::damaged;
      case content_lookup::found:
        break;
      }
      left_ -= std::min(left_, row.value.bytes + 1);
      if (!content_matches(by_, row.value, content_)) {
        reached = id;
        return std::nullopt;
      }
    }
    if (!take_(std::move(row))) return ending::stopped;
    reached = id;
    return std::nullopt;
  }

 private:
  letter_rows& rows_;
  const letter_filter& by_;
  bool by_content_;
  std::uint64_t left_; // bytes that may yet be read
  const taker& take_;
  proto::message content_; // one buffer for all
};

letter_search::outcome letter_search::visit(const letter_filter& by, letter_id after, pace at,
                                            const taker& take) {
  sieve through{rows_, by, at, take};
  if (!by.ids.empty()) return visit_ids(by, after, through);
  const letter_conditions asked{by};
  statement rows = rows_for(asked, at.expected);
  if (!rows) return {ending::failed, after};
  asked.bind(rows);
  rows.bind(letter_conditions::first_free, after);
  outcome out{ending::complete, after};
  int code = 0;
  while ((code = rows.step()) == SQLITE_ROW)
    if (const auto ended = through.look(letter_row_from(rows), out.reached)) {
      out.how = *ended;
      return out;
    }
  if (code != SQLITE_DONE) out.how = ending::failed;
  return out;
}

letter_search::outcome letter_search::visit_ids(const letter_filter& by, letter_id after, sieve& through) {
  std::vector<letter_id> ids = by.ids;
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  outcome out{ending::complete, after};
  for (auto id = std::upper_bound(ids.begin(), ids.end(), after); id != ids.end(); ++id) {
    letter_row row;
    bool found = false;
    if (!rows_.find(*id, row, found)) return {ending::failed, out.reached};
    if (!found || !matches(by, row.value)) continue;
    if (const auto ended = through.look(std::move(row), out.reached)) {
      out.how = *ended;
      return out;
    }
  }
  return out;
}

// Along the shelf costs (all / matching) rows for each that is taken, by the kinds it costs all that match:
// the smaller is taken. So no page costs more than about sqrt(expected * all) rows, if the matching ones are
// spread evenly.
bool letter_search::few(const letter_conditions& asked, std::size_t expected, bool& answer) {
  const std::int64_t all = in_.single("SELECT ifnull(sum(messages), 0) FROM letter_shelves");
  const double most = expected == 0 ? static_cast<double>(all) / 4
                                    : std::sqrt(static_cast<double>(expected) * static_cast<double>(all));
  const auto limit = std::max(always_few, static_cast<std::int64_t>(most));
  statement count = in_.prepare("SELECT count(*) FROM (SELECT 1 FROM letters l INDEXED BY letters_by_kind"
                                " WHERE l.kind IN " +
                                asked.kinds() + asked.died() + " LIMIT " + std::to_string(limit + 1) + ")");
  if (!count) return false;
  asked.bind(count);
  if (count.step() != SQLITE_ROW) return false;
  answer = count.integer(0) <= limit;
  return true;
}

statement letter_search::rows_for(const letter_conditions& asked, std::size_t expected) {
  const std::string rest = " AND l.id > ?" + std::to_string(letter_conditions::first_free) + asked.died() +
                           asked.origin() + " ORDER BY l.id";
  const bool whole_shelf = asked.filter().dead_letter && !asked.by_kind() && !asked.by_died();
  bool by_kinds = false;
  if (!whole_shelf && !few(asked, expected, by_kinds)) return {};
  if (by_kinds)
    return in_.prepare(select_rows() + " INDEXED BY letters_by_kind" + letter_joins + "WHERE l.kind IN " +
                       asked.kinds() + rest);
  // The + keeps SQLite from an index that would have to be sorted.
  const std::string kinds = asked.by_kind() ? " AND +l.kind IN " + asked.kinds() : std::string{};
  if (asked.filter().dead_letter)
    return in_.prepare(select_rows() + " INDEXED BY letters_by_shelf" + letter_joins +
                       "WHERE l.shelf = " + asked.shelves() + kinds + rest);
  return in_.prepare(select_rows() + " NOT INDEXED" + letter_joins + "WHERE +l.shelf IN " + asked.shelves() +
                     kinds + rest);
}

letter_search::outcome letter_search::count(const letter_filter& by, std::uint64_t& out) {
  const letter_conditions asked{by};
  out = 0;
  if (asked.by_content() || !by.ids.empty())
    return visit(by, 0, {}, [&](letter_row&&) { return ++out != 0; });
  statement ask =
      in_.prepare(asked.kinds_alone()
                      ? "SELECT ifnull(sum(messages), 0) FROM letter_kinds WHERE number IN " + asked.kinds()
                      : "SELECT count(*) FROM letters l INDEXED BY letters_by_kind WHERE l.kind IN " +
                            asked.kinds() + asked.died() + asked.origin());
  if (!ask) return {};
  asked.bind(ask);
  if (ask.step() != SQLITE_ROW) return {};
  out = static_cast<std::uint64_t>(ask.integer(0));
  return {ending::complete, 0};
}

letter_search::outcome letter_search::groups(const letter_filter& by, std::vector<letter_group>& out) {
  const letter_conditions asked{by};
  outcome how{ending::complete, 0};
  if (asked.kinds_alone()) {
    if (!counted_groups(asked, out)) return {};
  } else {
    std::map<std::int64_t, letter_group> kinds;
    how = visit(by, 0, {}, [&](letter_row&& row) {
      letter& each = row.value;
      letter_group& group = kinds[row.at.kind];
      if (group.messages == 0)
        group = {each.group, each.dead_letter, each.route, each.reason, {}, 0, 0, each.died, each.died};
      ++group.messages;
      group.bytes += each.bytes;
      group.first_died = std::min(group.first_died, each.died);
      if (each.died < group.last_died) return true;
      group.last_died = each.died;
      group.error = std::move(each.error);
      return true;
    });
    for (auto& [number, group] : kinds)
      out.push_back(std::move(group));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const letter_group& a, const letter_group& b) { return a.messages > b.messages; });
  return how;
}

bool letter_search::counted_groups(const letter_conditions& asked, std::vector<letter_group>& out) {
  statement ask = in_.prepare(
      "SELECT k.grp, s.dead_letter, k.route, k.reason, k.messages, k.bytes, k.first_died, k.last_died,"
      " (SELECT error FROM letters WHERE kind = k.number ORDER BY died DESC, id DESC LIMIT 1)"
      " FROM letter_kinds k JOIN letter_shelves s ON s.number = k.shelf WHERE k.number IN " +
      asked.kinds() + " ORDER BY k.number");
  if (!ask) return false;
  asked.bind(ask);
  int code = 0;
  while ((code = ask.step()) == SQLITE_ROW) {
    letter_group& each = out.emplace_back();
    each.group = std::bit_cast<std::uint64_t>(ask.integer(0));
    each.dead_letter = ask.blob(1);
    each.route = ask.blob(2);
    each.reason = ask.blob(3);
    each.messages = static_cast<std::uint64_t>(ask.integer(4));
    each.bytes = static_cast<std::uint64_t>(ask.integer(5));
    each.first_died = wall_time{microseconds{ask.integer(6)}};
    each.last_died = wall_time{microseconds{ask.integer(7)}};
    each.error = ask.blob(8);
  }
  return code == SQLITE_DONE;
}

} // namespace postponed::store::sqlite
