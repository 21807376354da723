#include "store/sqlite/buckets.hpp"

#include <sqlite3.h>

#include <algorithm>

namespace postponed::store::sqlite {

std::string bucket::suffix() const {
  const std::string start = std::to_string(covers.start);
  return std::to_string(covers.level) + "_" + (covers.start < 0 ? "n" + start.substr(1) : start);
}

bool buckets::load() {
  statement ask =
      in_.prepare("SELECT level, start, rows, live, live_bytes, splitting, split_to FROM buckets");
  if (!ask) return false;
  int code = 0;
  while ((code = ask.step()) == SQLITE_ROW) {
    const span covers{static_cast<int>(ask.integer(0)), ask.integer(1)};
    bucket& each = all_[covers];
    each.covers = covers;
    each.rows = ask.integer(2);
    each.live = ask.integer(3);
    each.live_bytes = ask.integer(4);
    each.splitting = ask.integer(5) != 0;
    each.split_to = ask.integer(6);
  }
  if (code != SQLITE_DONE) return false;
  statement shares = in_.prepare("SELECT level, start, route, messages, bytes FROM counts");
  if (!shares) return false;
  while ((code = shares.step()) == SQLITE_ROW) {
    const auto at = all_.find({static_cast<int>(shares.integer(0)), shares.integer(1)});
    if (at == all_.end()) continue;
    at->second.routes[static_cast<std::uint32_t>(shares.integer(2))] = {shares.integer(3), shares.integer(4),
                                                                        false};
  }
  return code == SQLITE_DONE;
}

bucket* buckets::existing(int level, std::int64_t second) {
  const auto at = all_.find(span_at(level, second));
  return at == all_.end() ? nullptr : &at->second;
}

bucket* buckets::create(span covers) {
  bucket made;
  made.covers = covers;
  const std::string suffix = made.suffix();
  const bool done = in_.execute(
      "CREATE TABLE b" + suffix +
      "(row INTEGER PRIMARY KEY, due INTEGER NOT NULL, bytes INTEGER NOT NULL, nonce INTEGER NOT NULL,"
      " relative INTEGER NOT NULL, slot INTEGER NOT NULL, head BLOB NOT NULL, sum INTEGER NOT NULL, body "
      "BLOB NOT NULL);"
      "CREATE TABLE m" +
      suffix + "(row INTEGER PRIMARY KEY, kind INTEGER NOT NULL, due INTEGER NOT NULL)");
  if (!done) return nullptr;
  made.dirty = true;
  return &(all_[covers] = std::move(made));
}

bucket* buckets::choose(wall_time due, wall_time now) {
  const std::int64_t second = seconds_of(std::max(due, now));
  for (int level = 0; level < static_cast<int>(level_seconds.size()); ++level) {
    bucket* const each = existing(level, second);
    if (each != nullptr && !each->splitting) return each;
  }
  int level = level_for(due, now);
  while (level > 0 && existing(level, second) != nullptr) // it is being split
    --level;
  return create(span_at(level, second));
}

bucket* buckets::finer(const span& than, std::int64_t second, wall_time now) {
  // One level down where that span begins soon, at once to the level of its distance otherwise never coarser.
  const int level = std::min(than.level - 1, level_for(wall_time{std::chrono::seconds{second}}, now));
  for (int each = 0; each <= level; ++each)
    if (bucket* const there = existing(each, second); there != nullptr && !there->splitting) return there;
  return create(span_at(level, second));
}

bool buckets::drop(const span& covers) {
  const auto at = all_.find(covers);
  const std::string suffix = at->second.suffix();
  const std::string key =
      " WHERE level = " + std::to_string(covers.level) + " AND start = " + std::to_string(covers.start);
  release();
  all_.erase(at); // its statements would keep the tables locked
  return in_.execute("DROP TABLE b" + suffix + "; DROP TABLE m" + suffix + "; DELETE FROM buckets" + key +
                     "; DELETE FROM counts" + key);
}

void buckets::count(bucket& in, std::uint32_t route, std::int64_t messages, std::int64_t bytes) {
  route_share& share = in.routes[route];
  share.messages += messages;
  share.bytes += bytes;
  share.dirty = true;
  in.live += messages;
  in.live_bytes += bytes;
  in.dirty = true;
}

bool buckets::flush() {
  statement put, share;
  for (auto& [covers, each] : all_) {
    if (!each.dirty) continue;
    if (!put) {
      put = in_.prepare(
          "INSERT OR REPLACE INTO buckets(level, start, rows, live, live_bytes, splitting, split_to)"
          " VALUES(?, ?, ?, ?, ?, ?, ?)");
      share = in_.prepare(
          "INSERT OR REPLACE INTO counts(level, start, route, messages, bytes) VALUES(?, ?, ?, ?, ?)");
      if (!put || !share) return false;
    }
    put.bind(1, covers.level)
        .bind(2, covers.start)
        .bind(3, each.rows)
        .bind(4, each.live)
        .bind(5, each.live_bytes);
    put.bind(6, each.splitting ? 1 : 0).bind(7, each.split_to);
    if (put.step() != SQLITE_DONE) return false;
    put.reset();
    for (auto& [route, part] : each.routes) {
      if (!part.dirty) continue;
      share.bind(1, covers.level)
          .bind(2, covers.start)
          .bind(3, route)
          .bind(4, part.messages)
          .bind(5, part.bytes);
      if (share.step() != SQLITE_DONE) return false;
      share.reset();
      part.dirty = false;
    }
    each.dirty = false;
  }
  return true;
}

void buckets::release() {
  if (last_found_ != nullptr) last_found_->find.reset();
  last_found_ = nullptr;
}

buckets::found buckets::find(const held_id& id, bool with_body) {
  release();
  const std::int64_t second = id.slot * 60;
  for (int level = minute_level; level < static_cast<int>(level_seconds.size()); ++level) {
    bucket* const each = existing(level, second);
    if (each == nullptr) continue;
    if (const found hit = find_in(*each, id, with_body); hit.in != nullptr) return hit;
  }
  // A minute that was split: its row is in one of its seconds.
  for (auto at = all_.lower_bound({0, second});
       at != all_.end() && at->first.level == 0 && at->first.start < second + 60; ++at)
    if (const found hit = find_in(at->second, id, with_body); hit.in != nullptr) return hit;
  return {};
}

buckets::found buckets::find_in(bucket& in, const held_id& id, bool with_body) {
  if (in.splitting && id.row <= in.split_to) return {};
  if (!in.find)
    in.find = in_.prepare("SELECT due, bytes, nonce, head, sum, body FROM b" + in.suffix() + " WHERE row = ?",
                          true);
  if (!in.find) return {};
  in.find.bind(1, id.row);
  if (in.find.step() != SQLITE_ROW || static_cast<std::uint32_t>(in.find.integer(2)) != id.nonce) {
    in.find.reset();
    return {};
  }
  last_found_ = &in;
  return {&in,
          in.find.integer(0),
          in.find.integer(1),
          in.find.integer(4),
          in.find.blob(3),
          with_body ? in.find.blob(5) : std::string_view{}};
}

mark_kind buckets::mark_of(bucket& in, std::int64_t row, std::int64_t& due) {
  if (!in.find_mark)
    in.find_mark = in_.prepare("SELECT kind, due FROM m" + in.suffix() + " WHERE row = ?", true);
  if (!in.find_mark) return mark_kind::none;
  in.find_mark.bind(1, row);
  mark_kind kind = mark_kind::none;
  if (in.find_mark.step() == SQLITE_ROW) {
    kind = static_cast<mark_kind>(in.find_mark.integer(0));
    due = in.find_mark.integer(1);
  }
  in.find_mark.reset();
  return kind;
}

bool buckets::set_mark(bucket& in, std::int64_t row, mark_kind kind, std::int64_t due) {
  if (!in.mark)
    in.mark =
        in_.prepare("INSERT OR REPLACE INTO m" + in.suffix() + "(row, kind, due) VALUES(?, ?, ?)", true);
  if (!in.mark) return false;
  in.mark.bind(1, row).bind(2, static_cast<std::int64_t>(kind)).bind(3, due);
  const bool done = in.mark.step() == SQLITE_DONE;
  in.mark.reset();
  return done;
}

bool buckets::insert(bucket& in, std::int64_t row, std::int64_t due, std::int64_t bytes, std::uint32_t nonce,
                     bool relative, std::int64_t slot, std::string_view head, std::int64_t sum,
                     std::string_view body) {
  if (!in.insert)
    in.insert = in_.prepare(
        "INSERT INTO b" + in.suffix() +
            "(row, due, bytes, nonce, relative, slot, head, sum, body) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
        true);
  if (!in.insert) return false;
  in.insert.bind(1, row).bind(2, due).bind(3, bytes).bind(4, nonce).bind(5, relative ? 1 : 0);
  in.insert.bind(6, slot).bind_blob(7, head).bind(8, sum).bind_blob(9, body);
  const bool done = in.insert.step() == SQLITE_DONE;
  in.insert.reset();
  if (done) {
    ++in.rows;
    in.dirty = true;
  }
  return done;
}

} // namespace postponed::store::sqlite
