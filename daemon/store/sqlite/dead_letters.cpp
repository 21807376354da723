// Letters that are looked for, thrown away and fetched back, and the rows of their replays.
#include "store/sqlite/engine.hpp"

#include <sqlite3.h>

#include <algorithm>

namespace postponed::store::sqlite {

namespace {

// Content that one page may cost, where a search reads it: the intake waits for the same thread.
constexpr std::uint64_t page_content = std::uint64_t{8} << 20;

} // namespace

boost::system::error_code engine::damaged_letter(letter_id id) {
  return fail(errc::corrupt, "dead letter " + std::to_string(id) + " in " + options_.path +
                                 " does not match its checksum; the file is damaged and is left as it is:"
                                 " restore a backup");
}

boost::system::error_code engine::ended(const letter_search::outcome& how) {
  if (how.how == letter_search::ending::damaged) return damaged_letter(how.reached);
  if (how.how == letter_search::ending::failed) return fail("cannot read");
  return {};
}

boost::system::result<letter_page> engine::find(const letter_filter& by, letter_id after, std::size_t limit) {
  if (const auto error = ready()) return error;
  letter_page page;
  const auto how = search_.visit(by, after, {limit, page_content}, [&](letter_row&& row) {
    if (page.letters.size() == limit) return false;
    page.letters.push_back(std::move(row.value));
    return true;
  });
  if (const auto error = ended(how)) return error;
  if (how.how == letter_search::ending::stopped) page.next = how.reached;
  return page;
}

boost::system::result<std::optional<letter>> engine::get(letter_id id) {
  if (const auto error = ready()) return error;
  letter_row row;
  bool found = false;
  if (!letters_.find(id, row, found)) return fail("cannot read");
  if (!found) return std::optional<letter>{};
  switch (letters_.read(id, row.value.content)) {
  case content_lookup::failed:
    return fail("cannot read");
  case content_lookup::damaged:
    return damaged_letter(id);
  case content_lookup::found:
    break;
  }
  return std::optional<letter>{std::move(row.value)};
}

boost::system::result<std::uint64_t> engine::count(const letter_filter& by) {
  if (const auto error = ready()) return error;
  std::uint64_t number = 0;
  if (const auto error = ended(search_.count(by, number))) return error;
  return boost::system::result<std::uint64_t>{boost::system::in_place_value, number};
}

boost::system::result<std::vector<letter_group>> engine::groups(const letter_filter& by) {
  if (const auto error = ready()) return error;
  std::vector<letter_group> result;
  if (const auto error = ended(search_.groups(by, result))) return error;
  return result;
}

boost::system::result<std::vector<letter_totals>> engine::totals() {
  if (const auto error = ready()) return error;
  std::vector<letter_totals> result;
  if (!shelves_.totals(result)) return fail("cannot read");
  return result;
}

boost::system::result<std::uint64_t> engine::move_letters(letter_filter by, letter_state to,
                                                          std::size_t limit, wall_time now) {
  const auto error = [](boost::system::error_code code) {
    return boost::system::result<std::uint64_t>{boost::system::in_place_error, code};
  };
  if (const auto failed = begin_change()) return error(failed);
  by.state = to == letter_state::trash ? letter_state::kept : letter_state::trash;
  std::vector<letter_row> found;
  const auto how = search_.visit(by, 0, {limit}, [&](letter_row&& row) {
    if (found.size() == limit) return false;
    found.push_back(std::move(row));
    return true;
  });
  if (const auto failed = ended(how)) return error(failed);
  for (const letter_row& each : found)
    if (!letters_.move(each, to, now)) return error(fail("cannot write"));
  if (const auto failed = end_change()) return error(failed);
  return boost::system::result<std::uint64_t>{boost::system::in_place_value, found.size()};
}

boost::system::result<std::uint64_t> engine::discard(const letter_filter& by, std::size_t limit,
                                                     wall_time now) {
  return move_letters(by, letter_state::trash, limit, now);
}
boost::system::result<std::uint64_t> engine::restore(const letter_filter& by, std::size_t limit,
                                                     wall_time now) {
  return move_letters(by, letter_state::kept, limit, now);
}

boost::system::result<std::uint64_t> engine::purge(const std::string& dead_letter, wall_time before,
                                                   std::size_t limit) {
  const auto error = [](boost::system::error_code code) {
    return boost::system::result<std::uint64_t>{boost::system::in_place_error, code};
  };
  if (const auto failed = begin_change()) return error(failed);
  const std::int64_t shelf = shelves_.shelf_of(dead_letter, letter_state::trash);
  if (shelf < 0) return error(fail("cannot read"));
  std::vector<letter_row> found;
  {
    statement ask =
        db_.prepare(std::string{"SELECT"} + letter_columns + "FROM letters l INDEXED BY letters_discarded" +
                    letter_joins + "WHERE l.shelf = ? AND l.discarded < ? ORDER BY l.discarded LIMIT ?");
    if (!ask) return error(fail("cannot read"));
    ask.bind(1, shelf).bind(2, before.time_since_epoch().count()).bind(3, static_cast<std::int64_t>(limit));
    int code = 0;
    while ((code = ask.step()) == SQLITE_ROW)
      found.push_back(letter_row_from(ask));
    if (code != SQLITE_DONE) return error(fail("cannot read"));
  }
  for (const letter_row& each : found)
    if (!letters_.erase(each)) return error(fail("cannot write"));
  if (const auto failed = end_change()) return error(failed);
  return boost::system::result<std::uint64_t>{boost::system::in_place_value, found.size()};
}

boost::system::result<std::int64_t> engine::add_job(const job& value) {
  const auto error = [](boost::system::error_code code) {
    return boost::system::result<std::int64_t>{boost::system::in_place_error, code};
  };
  if (const auto failed = begin_change()) return error(failed);
  const std::int64_t id = jobs_.add(value);
  if (id == 0) return error(fail("cannot write"));
  if (const auto failed = end_change()) return error(failed);
  return boost::system::result<std::int64_t>{boost::system::in_place_value, id};
}

boost::system::result<void> engine::update_job(const job& value) {
  if (const auto error = begin_change()) return error;
  if (!jobs_.update(value)) return fail("cannot write");
  if (const auto error = end_change()) return error;
  return {};
}

boost::system::result<std::vector<job>> engine::jobs() {
  if (const auto error = ready()) return error;
  std::vector<job> result;
  if (!jobs_.all(result)) return fail("cannot read");
  return result;
}

} // namespace postponed::store::sqlite
