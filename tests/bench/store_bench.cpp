// Layouts of the store on disk, compared in one run, and the store as built through its interface.
//
//   store_bench [--rows 200000] [--preload 0] [--spread-hours 24] [--size 1024] [--folder DIR] [--json FILE]
//
// Each layout takes `rows` messages with due times random over the spread, in transactions of 1,000 (WAL,
// synchronous=FULL), after `preload` more; then what is due first is drained: read in order of due time, and
// removed. The append-only table is the limit: nothing that is durable writes less. Figures are wall time;
// quote the ratios.
#include "store/sqlite/connection.hpp"
#include "store/sqlite/sqlite_store.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <stdlib.h>
#include <vector>

using namespace postponed;
using steady = std::chrono::steady_clock;

namespace {

struct options {
  std::size_t rows = 200000, preload = 0, spread_hours = 24, size = 1024;
  std::string folder = std::filesystem::temp_directory_path();
  std::string json;
};

struct figures {
  std::string name;
  double insert = 0, drain = 0; // rows a second; drain 0: this layout cannot
  double wal_bytes = 0;         // written to the log for each row inserted
};

constexpr std::size_t batch_rows = 1000;
const wall_time start{std::chrono::hours{24 * 365 * 56}};

class timer {
 public:
  double rate(std::size_t rows) const {
    return static_cast<double>(rows) / std::chrono::duration<double>(steady::now() - begin_).count();
  }

 private:
  steady::time_point begin_ = steady::now();
};

struct scratch_folder {
  explicit scratch_folder(const std::string& in) {
    std::string pattern = in + "/store-bench-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"mkdtemp in " + in};
    path = pattern;
  }
  ~scratch_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string path;
};

// A layout made of plain SQL: what a first idea would be.
struct sql_layout {
  std::string name, schema, insert; // insert: ?1 due, ?2 row, ?3 body
  std::string first_due;            // due, row of the earliest `?1` rows; empty: cannot drain
  std::string remove;               // ?1 due, ?2 row
};

void check(bool good, store::sqlite::connection& db) {
  if (!good) throw std::runtime_error{db.message()};
}

figures run_sql(const options& o, const sql_layout& layout) {
  const scratch_folder folder{o.folder};
  store::sqlite::connection db;
  check(db.open(folder.path + "/layout.db"), db);
  check(db.execute("PRAGMA page_size=8192; PRAGMA secure_delete=OFF; PRAGMA cache_size=-8192; PRAGMA "
                   "locking_mode=EXCLUSIVE"),
        db);
  db.text("PRAGMA journal_mode=WAL");
  check(db.execute("PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;" + layout.schema), db);
  static int pages = 0;
  ::sqlite3_wal_hook(
      db.handle(),
      [](void*, sqlite3*, const char*, int now) {
        pages = now;
        return SQLITE_OK;
      },
      nullptr);
  const std::string body(o.size, 'x');
  std::mt19937_64 random{1};
  const auto spread = static_cast<std::uint64_t>(o.spread_hours) * 3600 * 1000000;
  std::int64_t row = 0;
  double log_pages = 0;
  const auto fill = [&](std::size_t count) {
    store::sqlite::statement put = db.prepare(layout.insert);
    check(static_cast<bool>(put), db);
    for (std::size_t done = 0; done < count;) {
      check(db.execute("BEGIN IMMEDIATE"), db);
      const int before = pages;
      for (std::size_t i = 0; i < batch_rows && done < count; ++i, ++done) {
        put.bind(1, static_cast<std::int64_t>(random() % spread)).bind(2, ++row).bind_blob(3, body);
        check(put.step() == SQLITE_DONE, db);
        put.reset();
      }
      check(db.execute("COMMIT"), db);
      log_pages += pages - before;
      if (pages > 2048) { // as the store does: 16 MiB
        check(db.checkpoint(false), db);
        pages = 0;
      }
    }
  };
  fill(o.preload);
  log_pages = 0;
  figures result;
  result.name = layout.name;
  const timer inserting;
  fill(o.rows);
  result.insert = inserting.rate(o.rows);
  result.wal_bytes = log_pages * 8192 / static_cast<double>(o.rows);
  if (layout.first_due.empty()) return result;
  const timer draining;
  store::sqlite::statement first = db.prepare(layout.first_due), remove = db.prepare(layout.remove);
  check(first && remove, db);
  std::size_t drained = 0;
  while (drained < o.rows) {
    std::vector<std::pair<std::int64_t, std::int64_t>> page;
    first.bind(1, batch_rows);
    while (first.step() == SQLITE_ROW)
      page.emplace_back(first.integer(0),
                        first.integer(1) + static_cast<std::int64_t>(first.blob(2).size() & 0));
    first.reset();
    if (page.empty()) break;
    check(db.execute("BEGIN IMMEDIATE"), db);
    for (const auto& [due, number] : page) {
      remove.bind(1, due).bind(2, number);
      check(remove.step() == SQLITE_DONE, db);
      remove.reset();
    }
    check(db.execute("COMMIT"), db);
    drained += page.size();
    if (pages > 2048) {
      check(db.checkpoint(false), db);
      pages = 0;
    }
  }
  result.drain = draining.rate(drained);
  return result;
}

template <typename Result>
auto need(Result&& result, const store::store& from) {
  if (!result) throw std::runtime_error{from.last_error()};
  return std::move(*result);
}

figures run_store(const options& o) {
  const scratch_folder folder{o.folder};
  store::sqlite_options settings;
  settings.path = folder.path + "/held.db";
  std::string why;
  auto opened = store::open_sqlite_store(settings, why);
  if (!opened) throw std::runtime_error{why};
  store::store& held = **opened;
  std::mt19937_64 random{1};
  const auto spread = static_cast<std::uint64_t>(o.spread_hours) * 3600 * 1000000;
  double log_bytes = 0;
  const auto fill = [&](std::size_t count) {
    for (std::size_t done = 0; done < count;) {
      store::batch work;
      for (std::size_t i = 0; i < batch_rows && done < count; ++i, ++done) {
        held_record record;
        record.due = start + microseconds{static_cast<std::int64_t>(random() % spread)};
        record.first_seen = start;
        record.route = "bench";
        record.content = {"", "bench", std::string(2, '\0'), std::string(o.size, 'x')};
        work.inserts.push_back({0, std::move(record), {}, false});
      }
      const double before = static_cast<double>(held.stats().wal_bytes);
      need(held.commit(std::move(work), start), held);
      log_bytes += static_cast<double>(held.stats().wal_bytes) - before;
      need(held.maintain(start, false), held);
    }
  };
  fill(o.preload);
  log_bytes = 0;
  figures result;
  result.name = "buckets (as built)";
  const timer inserting;
  fill(o.rows);
  result.insert = inserting.rate(o.rows);
  result.wal_bytes = log_bytes / static_cast<double>(o.rows);
  // The clock runs through the spread in steps of the daemon's horizon.
  const timer draining;
  store::horizon_position reached;
  std::size_t drained = 0;
  wall_time now = start;
  while (drained < o.rows) {
    while (need(held.maintain(now, false), held)) {
    }
    const store::horizon_page page = need(held.load(reached, now + std::chrono::seconds{90}, 200000), held);
    reached = page.reached;
    for (std::size_t at = 0; at < page.rows.size(); at += batch_rows) {
      store::batch marks;
      for (std::size_t i = at; i < std::min(page.rows.size(), at + batch_rows); ++i)
        marks.done.push_back(page.rows[i].id);
      if (need(held.read(marks.done), held).size() != marks.done.size())
        throw std::runtime_error{"rows are missing"};
      need(held.commit(std::move(marks), now), held);
    }
    drained += page.rows.size();
    if (now > start + std::chrono::hours{o.spread_hours + 1}) break;
    now += std::chrono::seconds{90};
  }
  result.drain = draining.rate(drained);
  if (drained < o.rows) throw std::runtime_error{fmt::format("only {} rows were drained", drained)};
  return result;
}

} // namespace

int main(int argc, char** argv) try {
  options o;
  CLI::App app{"layouts of the store on disk, compared in one run"};
  app.add_option("--rows", o.rows, "Messages")->capture_default_str();
  app.add_option("--preload", o.preload, "Messages before those that are timed")->capture_default_str();
  app.add_option("--spread-hours", o.spread_hours, "Due times are random over this")->capture_default_str();
  app.add_option("--size", o.size, "Bytes of a body")->capture_default_str();
  app.add_option("--folder", o.folder, "Where the files go")->capture_default_str();
  app.add_option("--json", o.json, "Also write the figures there");
  CLI11_PARSE(app, argc, argv);

  const std::vector<sql_layout> layouts{
      {"append-only (the limit)", "CREATE TABLE t(row INTEGER PRIMARY KEY, due INTEGER, body BLOB)",
       "INSERT INTO t(due, row, body) VALUES(?1, ?2, ?3)", "", ""},
      {"rowid + INDEX(due)",
       "CREATE TABLE t(row INTEGER PRIMARY KEY, due INTEGER, body BLOB); CREATE INDEX d ON t(due)",
       "INSERT INTO t(due, row, body) VALUES(?1, ?2, ?3)",
       "SELECT due, row, body FROM t ORDER BY due LIMIT ?1", "DELETE FROM t WHERE row = ?2 AND due = ?1"},
      {"WITHOUT ROWID(due, row)",
       "CREATE TABLE t(due INTEGER, row INTEGER, body BLOB, PRIMARY KEY(due, row)) WITHOUT ROWID",
       "INSERT INTO t(due, row, body) VALUES(?1, ?2, ?3)",
       "SELECT due, row, body FROM t ORDER BY due, row LIMIT ?1",
       "DELETE FROM t WHERE due = ?1 AND row = ?2"},
      {"WITHOUT ROWID(hour, row)",
       "CREATE TABLE t(hour INTEGER, row INTEGER, due INTEGER, body BLOB, PRIMARY KEY(hour, row)) WITHOUT "
       "ROWID",
       "INSERT INTO t(hour, row, due, body) VALUES(?1 / 3600000000, ?2, ?1, ?3)",
       "SELECT due, row, body FROM t ORDER BY hour, row LIMIT ?1",
       "DELETE FROM t WHERE hour = ?1 / 3600000000 AND row = ?2"},
  };
  fmt::print("{} rows of {} B, due random over {} h, {} preloaded\n", o.rows, o.size, o.spread_hours,
             o.preload);
  fmt::print("{:<26} {:>12} {:>10} {:>12} {:>14}\n", "layout", "insert/s", "of limit", "drain/s",
             "WAL bytes/row");
  std::vector<figures> all;
  for (const sql_layout& each : layouts)
    all.push_back(run_sql(o, each));
  all.push_back(run_store(o));
  std::string json;
  for (const figures& each : all) {
    const double share = each.insert / all.front().insert;
    fmt::print("{:<26} {:>12.0f} {:>10.2f} {:>12} {:>14.0f}\n", each.name, each.insert, share,
               each.drain > 0 ? fmt::format("{:.0f}", each.drain) : "-", each.wal_bytes);
    json += fmt::format(
        "{}{{\"layout\":\"{}\",\"insert\":{:.0f},\"share\":{:.3f},\"drain\":{:.0f},\"wal_bytes\":{:.0f}}}",
        json.empty() ? "" : ",", each.name, each.insert, share, each.drain, each.wal_bytes);
  }
  if (!o.json.empty()) std::ofstream{o.json} << "[" << json << "]\n";
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "store_bench: {}\n", error.what());
  return 1;
}
