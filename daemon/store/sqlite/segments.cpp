#include "store/sqlite/segments.hpp"

#include "store/sqlite/counts.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <string>

namespace postponed::store::sqlite {

namespace {

// An open segment whose span is not past stays for the next messages, unless it is this large (bytes) and all
// done.
constexpr std::int64_t worth_dropping = 4 << 20;

std::string table(std::int64_t number) {
  return "b" + std::to_string(number);
}

} // namespace

bool segments::load() {
  statement ask =
      in_.prepare("SELECT number, level, start, ifnull(messages, 0), ifnull(bytes, 0) FROM segments"
                  " LEFT JOIN counts ON owner = number AND route = 0 ORDER BY number");
  if (!ask) return false;
  int code = 0;
  while ((code = ask.step()) == SQLITE_ROW) {
    segment& each = all_[ask.integer(0)];
    each.number = ask.integer(0);
    each.covers = {static_cast<int>(ask.integer(1)), ask.integer(2)};
    each.live = ask.integer(3);
    each.appended = ask.integer(4);
    open_[each.covers] = each.number; // the last of a span
  }
  return code == SQLITE_DONE;
}

std::int64_t segments::last_row() {
  std::int64_t last = 0;
  for (const auto& [number, each] : all_) {
    statement ask = in_.prepare("SELECT max(row) FROM " + table(number));
    if (!ask || ask.step() != SQLITE_ROW) return -1;
    last = std::max(last, ask.integer(0));
  }
  return last;
}

segment* segments::create(span covers) {
  statement add = in_.prepare("INSERT INTO segments(level, start) VALUES(?, ?)");
  if (!add || !add.bind(1, covers.level).bind(2, covers.start).run()) return nullptr;
  const std::int64_t number = ::sqlite3_last_insert_rowid(in_.handle());
  if (!in_.execute("CREATE TABLE " + table(number) +
                   "(row INTEGER PRIMARY KEY, sum INTEGER NOT NULL, head BLOB NOT NULL, body BLOB NOT NULL)"))
    return nullptr;
  segment& made = all_[number];
  made.number = number;
  made.covers = covers;
  open_[covers] = number;
  return &made;
}

segment* segments::choose(std::int64_t second, int level) {
  const span covers = span_at(level, second);
  if (const auto at = open_.find(covers); at != open_.end()) {
    segment& each = all_.at(at->second);
    if (each.appended < limit_) return &each;
  }
  return create(covers);
}

bool segments::append(segment& to, std::int64_t row, std::int64_t sum, std::string_view head,
                      std::string_view body) {
  statement* const put = statements_.get(to.number, statement_kind::insert_body, [&] {
    return "INSERT INTO " + table(to.number) + "(row, sum, head, body) VALUES(?, ?, ?, ?)";
  });
  if (put == nullptr || !put->bind(1, row).bind(2, sum).bind_blob(3, head).bind_blob(4, body).run())
    return false;
  ++to.live;
  to.appended += static_cast<std::int64_t>(head.size() + body.size());
  touch(to);
  return true;
}

void segments::finish_one(std::int64_t number) {
  const auto at = all_.find(number);
  if (at == all_.end()) return; // only in a damaged file, and what was done stays done
  --at->second.live;
  touch(at->second);
}

lookup segments::find(std::int64_t number, std::int64_t row, found& out) {
  release();
  if (!all_.contains(number)) return lookup::absent;
  statement* const ask = statements_.get(number, statement_kind::find_body, [&] {
    return "SELECT sum, head, body FROM " + table(number) + " WHERE row = ?";
  });
  if (ask == nullptr) return lookup::failed;
  ask->bind(1, row);
  const int code = ask->step();
  if (code != SQLITE_ROW) {
    ask->reset();
    return code == SQLITE_DONE ? lookup::absent : lookup::failed;
  }
  found_ = ask;
  out = {ask->integer(0), ask->blob(1), ask->blob(2)};
  return lookup::found;
}

lookup segments::find_head(std::int64_t number, std::int64_t row, std::string& head) {
  if (!all_.contains(number)) return lookup::absent;
  statement* const ask = statements_.get(number, statement_kind::find_head, [&] {
    return "SELECT head FROM " + table(number) + " WHERE row = ?";
  });
  if (ask == nullptr) return lookup::failed;
  const int code = ask->bind(1, row).step();
  if (code == SQLITE_ROW) head = ask->blob(0);
  ask->reset();
  return code == SQLITE_ROW ? lookup::found : code == SQLITE_DONE ? lookup::absent : lookup::failed;
}

void segments::release() {
  if (found_ != nullptr) found_->reset();
  found_ = nullptr;
}

const segment* segments::spent(std::int64_t now_second) const {
  for (const auto& [number, each] : all_) {
    if (each.live > 0) continue;
    const auto open = open_.find(each.covers);
    const bool appended_to = open != open_.end() && open->second == number && each.appended < limit_;
    if (!appended_to || each.covers.end() < now_second || each.appended > worth_dropping) return &each;
  }
  return nullptr;
}

bool segments::drop(std::int64_t number) {
  release();
  const auto at = all_.find(number);
  statements_.forget(number);
  std::erase(dirty_, &at->second);
  if (const auto open = open_.find(at->second.covers); open != open_.end() && open->second == number)
    open_.erase(open);
  all_.erase(at);
  return in_.execute("DROP TABLE " + table(number) +
                     "; DELETE FROM segments WHERE number = " + std::to_string(number) +
                     "; DELETE FROM counts WHERE owner = " + std::to_string(number) + " AND route = 0");
}

void segments::touch(segment& each) {
  if (!each.dirty) dirty_.push_back(&each);
  each.dirty = true;
}

bool segments::flush() {
  for (segment* const each : dirty_) {
    each->dirty = false;
    if (!put_count(statements_, each->number, no_route, each->live, each->appended)) return false;
  }
  dirty_.clear();
  return true;
}

} // namespace postponed::store::sqlite
