#include "store/sqlite/buckets.hpp"

#include "store/sqlite/counts.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <string>
#include <utility>

namespace postponed::store::sqlite {

namespace {

using namespace statement_kind;

constexpr const char* columns = "row, due, bytes, nonce, route, place, slot, moved";

std::string table(const bucket& each) {
  return "e" + std::to_string(each.number);
}
std::int64_t start_us(const bucket& each) {
  return each.covers.start * 1'000'000;
}
std::int64_t minute_of(std::int64_t due_us) {
  return span_at(minute_level, seconds_of(wall_time{microseconds{due_us}})).start / 60;
}

// Bits of 32, as a signed number: SQLite then needs 4 bytes, never 6.
std::int64_t packed(std::uint32_t nonce) {
  return static_cast<std::int32_t>(nonce);
}

} // namespace

bool buckets::load() {
  statement ask = in_.prepare("SELECT number, level, start, first_due, splits_into, split_to FROM buckets");
  if (!ask) return false;
  std::map<std::int64_t, bucket*> by_number;
  int code = 0;
  while ((code = ask.step()) == SQLITE_ROW) {
    const span covers{static_cast<int>(ask.integer(1)), ask.integer(2)};
    bucket& each = all_[covers];
    each.number = ask.integer(0);
    each.covers = covers;
    each.first_due = ask.integer(3);
    each.splits_into = static_cast<int>(ask.integer(4));
    each.split_to = ask.integer(5);
    by_number[each.number] = &each;
  }
  if (code != SQLITE_DONE) return false;
  statement shares = in_.prepare("SELECT owner, route, messages, bytes FROM counts WHERE route <> 0");
  if (!shares) return false;
  while ((code = shares.step()) == SQLITE_ROW) {
    const auto at = by_number.find(shares.integer(0));
    if (at == by_number.end()) continue;
    bucket& each = *at->second;
    const std::int64_t route = shares.integer(1);
    bucket::share& part = each.routes[static_cast<std::uint32_t>(route < 0 ? -route : route)];
    if (route < 0) { // of those that were moved
      part.moved = shares.integer(2);
      part.moved_bytes = shares.integer(3);
      continue;
    }
    part.messages = shares.integer(2);
    part.bytes = shares.integer(3);
    each.live += shares.integer(2);
    each.live_bytes += shares.integer(3);
  }
  return code == SQLITE_DONE;
}

bucket* buckets::existing(int level, std::int64_t second) {
  const auto at = all_.find(span_at(level, second));
  return at == all_.end() ? nullptr : &at->second;
}

bucket* buckets::create(span covers) {
  statement add = in_.prepare("INSERT INTO buckets(level, start, first_due, splits_into, split_to)"
                              " VALUES(?, ?, ?, -1, 0)");
  if (!add || !add.bind(1, covers.level).bind(2, covers.start).bind(3, covers.start * 1'000'000).run())
    return nullptr;
  bucket made;
  made.number = ::sqlite3_last_insert_rowid(in_.handle());
  made.covers = covers;
  made.first_due = start_us(made);
  if (!in_.execute(
          "CREATE TABLE " + table(made) +
          "(row INTEGER PRIMARY KEY, due INTEGER NOT NULL, bytes INTEGER NOT NULL, nonce INTEGER NOT NULL,"
          " route INTEGER NOT NULL, place INTEGER NOT NULL, slot INTEGER, moved INTEGER)"))
    return nullptr;
  return &(all_[covers] = std::move(made));
}

bucket* buckets::choose(std::int64_t second, int level) {
  // The finest there is, so that what was split stays split.
  for (int finest = 0; finest < level_count; ++finest) {
    bucket* const each = existing(finest, second);
    if (each != nullptr && !each->splitting()) return each;
  }
  while (const bucket* const each = existing(level, second)) // it is being split
    level = each->splits_into;
  return create(span_at(level, second));
}

bool buckets::insert(bucket& in, const entry& each) {
  statement* const put = statements_.get(in.number, insert_entry, [&] {
    return "INSERT INTO " + table(in) + "(" + columns + ") VALUES(?, ?, ?, ?, ?, ?, ?, ?)";
  });
  if (put == nullptr) return false;
  put->bind(1, each.row).bind(2, each.due - start_us(in)).bind(3, each.bytes).bind(4, packed(each.nonce));
  put->bind(5, each.route).bind(6, each.segment * 2 + (each.relative ? 1 : 0));
  each.slot == minute_of(each.due) ? put->bind_null(7) : put->bind(7, each.slot);
  each.moved ? put->bind(8, *each.moved) : put->bind_null(8);
  if (!put->run()) return false;
  count(in, each, 1);
  if (each.due < in.first_due) {
    in.first_due = each.due;
    touch_header(in);
  }
  return true;
}

lookup buckets::find(const held_id& id, bucket*& in, entry& out) {
  const std::int64_t second = id.slot * 60;
  const auto look = [&](bucket& each) {
    in = &each;
    return find_in(each, id, out);
  };
  for (int level = minute_level; level < level_count; ++level) {
    bucket* const each = existing(level, second);
    if (each == nullptr) continue;
    if (const lookup got = look(*each); got != lookup::absent) return got;
  }
  // A minute that was split: the entry is in one of its seconds, likely in that of the last one or the next.
  const auto first = all_.lower_bound({0, second}), end = all_.lower_bound({0, second + 60});
  const auto hinted =
      last_hit_.start >= second && last_hit_.start < second + 60 ? all_.lower_bound(last_hit_) : first;
  const auto try_some = [&](auto at, auto until) {
    for (; at != until; ++at)
      if (const lookup got = look(at->second); got != lookup::absent) {
        last_hit_ = at->first;
        return got;
      }
    return lookup::absent;
  };
  if (const lookup got = try_some(hinted, end); got != lookup::absent) return got;
  return try_some(first, hinted);
}

lookup buckets::find_in(bucket& in, const held_id& id, entry& out) {
  lookup got = find_row(in, id.row, out);
  if (got == lookup::found && (out.nonce != id.nonce || out.slot != id.slot)) got = lookup::absent;
  return got;
}

lookup buckets::find_row(bucket& in, std::int64_t row, entry& out) {
  if (in.splitting() && row <= in.split_to) return lookup::absent;
  statement* const ask = statements_.get(in.number, find_entry, [&] {
    return std::string{"SELECT "} + columns + " FROM " + table(in) + " WHERE row = ?";
  });
  if (ask == nullptr) return lookup::failed;
  ask->bind(1, row);
  const lookup got = next(in, *ask, out);
  ask->reset();
  return got;
}

lookup buckets::next(const bucket& in, statement& rows, entry& out) {
  const int code = rows.step();
  if (code != SQLITE_ROW) return code == SQLITE_DONE ? lookup::absent : lookup::failed;
  out.row = rows.integer(0);
  out.due = rows.integer(1) + start_us(in);
  out.bytes = rows.integer(2);
  out.nonce = static_cast<std::uint32_t>(rows.integer(3));
  out.route = static_cast<std::uint32_t>(rows.integer(4));
  const std::int64_t place = rows.integer(5);
  out.segment = place / 2;
  out.relative = place % 2 != 0;
  out.slot = rows.is_null(6) ? minute_of(out.due) : rows.integer(6);
  out.moved.reset();
  if (!rows.is_null(7)) out.moved = rows.integer(7);
  return lookup::found;
}

bool buckets::erase(bucket& in, const entry& each) {
  statement* const gone =
      statements_.get(in.number, erase_entry, [&] { return "DELETE FROM " + table(in) + " WHERE row = ?"; });
  if (gone == nullptr || !gone->bind(1, each.row).run()) return false;
  count(in, each, -1);
  return true;
}

bool buckets::set_moved(bucket& in, const entry& each, std::int64_t due) {
  statement* const put = statements_.get(
      in.number, move_entry, [&] { return "UPDATE " + table(in) + " SET moved = ? WHERE row = ?"; });
  if (put == nullptr || !put->bind(1, due).bind(2, each.row).run()) return false;
  if (!each.moved) count_moved(in, each, 1);
  return true;
}

statement* buckets::scan(const bucket& in, std::int64_t from, std::int64_t until) {
  statement* const rows = statements_.get(in.number, scan_entries, [&] {
    return std::string{"SELECT "} + columns + " FROM " + table(in) +
           " WHERE due BETWEEN ? AND ? AND row > ? AND moved IS NULL";
  });
  if (rows == nullptr) return nullptr;
  // Offsets of times as far off as wall_time::min() would not fit.
  const std::int64_t start = start_us(in);
  rows->bind(1, std::max(from, in.first_due) - start)
      .bind(2, std::min(until, in.covers.end() * 1'000'000) - start);
  rows->bind(3, in.splitting() ? in.split_to : 0);
  return rows;
}

bool buckets::read_rows(bucket& in, std::int64_t row, std::int64_t limit, std::vector<entry>& out) {
  statement rows = in_.prepare(std::string{"SELECT "} + columns + " FROM " + table(in) +
                               " WHERE row > ? ORDER BY row LIMIT ?");
  if (!rows) return false;
  rows.bind(1, row).bind(2, limit);
  entry each;
  lookup got = lookup::absent;
  while ((got = next(in, rows, each)) == lookup::found)
    out.push_back(each);
  return got == lookup::absent;
}

bool buckets::split_some(bucket& from, std::int64_t limit, bool& left) {
  std::vector<entry> some;
  if (!read_rows(from, from.split_to, limit, some)) return false;
  for (const entry& each : some) {
    // An id finds its entry by its slot, so that counts and not the due time; within its minute, the second
    // does.
    const std::int64_t minute = each.slot * 60;
    const std::int64_t second =
        std::clamp(seconds_of(wall_time{microseconds{each.due}}), minute, minute + 59);
    bucket* const to = part_of(from, second);
    if (to == nullptr || !insert(*to, each)) return false;
    count(from, each, -1);
    from.split_to = each.row;
  }
  touch_header(from);
  left = static_cast<std::int64_t>(some.size()) == limit;
  return true;
}

bool buckets::drop(const span& covers) {
  const auto at = all_.find(covers);
  const std::string number = std::to_string(at->second.number);
  const std::string name = table(at->second);
  statements_.forget(at->second.number);
  std::erase(dirty_, &at->second);
  all_.erase(at);
  return in_.execute("DROP TABLE " + name + "; DELETE FROM buckets WHERE number = " + number +
                     "; DELETE FROM counts WHERE owner = " + number + " AND route <> 0");
}

void buckets::touch(bucket& each) {
  if (!each.dirty) dirty_.push_back(&each);
  each.dirty = true;
}

void buckets::touch_header(bucket& each) {
  touch(each);
  each.header_dirty = true;
}

void buckets::count(bucket& in, const entry& each, std::int64_t messages) {
  bucket::share& part = in.routes[each.route];
  part.messages += messages;
  part.bytes += messages * each.bytes;
  part.dirty = true;
  in.live += messages;
  in.live_bytes += messages * each.bytes;
  touch(in);
  if (each.moved) count_moved(in, each, messages);
}

void buckets::count_moved(bucket& in, const entry& each, std::int64_t messages) {
  bucket::share& part = in.routes[each.route];
  part.moved += messages;
  part.moved_bytes += messages * each.bytes;
  part.dirty = part.moved_dirty = true;
  touch(in);
}

bool buckets::flush() {
  for (bucket* const each : dirty_) {
    each->dirty = false;
    for (auto& [route, part] : each->routes) {
      if (!part.dirty) continue;
      part.dirty = false;
      if (!put_count(statements_, each->number, route, part.messages, part.bytes)) return false;
      if (std::exchange(part.moved_dirty, false) &&
          !put_count(statements_, each->number, -std::int64_t{route}, part.moved, part.moved_bytes))
        return false;
    }
    if (!each->header_dirty) continue;
    each->header_dirty = false;
    statement* const put = statements_.get(common_table, write_bucket, [] {
      return "UPDATE buckets SET first_due = ?, splits_into = ?, split_to = ? WHERE number = ?";
    });
    if (put == nullptr || !put->bind(1, each->first_due)
                               .bind(2, each->splits_into)
                               .bind(3, each->split_to)
                               .bind(4, each->number)
                               .run())
      return false;
  }
  dirty_.clear();
  return true;
}

} // namespace postponed::store::sqlite
