// The wheel on disk: buckets appear, are split as they come near, and are dropped when they are done.
#include "store/sqlite/bucket_map.hpp"
#include "unit/store/store_fixture.hpp"

#include <map>

using namespace postponed;
using namespace postponed::test;
namespace sqlite = postponed::store::sqlite;

TEST_CASE("spans begin at multiples of their length, before 1970 too") {
  CHECK(sqlite::span_at(1, 125).start == 120);
  CHECK(sqlite::span_at(3, 3599).start == 0);
  CHECK(sqlite::span_at(1, -1).start == -60);
  CHECK(sqlite::span_at(1, -60).start == -60);
}

TEST_CASE("spans grow with distance") {
  const wall_time now{};
  CHECK(sqlite::level_for(now - 1h, now) == 1);
  CHECK(sqlite::level_for(now + 9min, now) == 1);
  CHECK(sqlite::level_for(now + 3h, now) == 3);
  CHECK(sqlite::level_for(now + 48h, now) == 4);
  CHECK(sqlite::level_for(now + 24h * 400, now) == 5);
}

TEST_CASE_METHOD(store_fixture,
                 "a finished bucket is dropped once its span is past, and its file space used again") {
  std::uintmax_t after_first = 0;
  for (int round = 0; round < 5; ++round) {
    std::vector<held_id> ids;
    for (int i = 0; i < 300; ++i)
      ids.push_back(insert(now + 1s, std::string(4000, 'x')).id);
    for (const held_id& id : ids)
      finish(id);
    CHECK(held->stats().buckets >= 1);
    now += 5min;
    maintain_all(true);
    CHECK(held->stats().buckets == 0);
    if (round == 0) after_first = held->stats().file_bytes;
  }
  CHECK(held->stats().file_bytes < after_first * 3 / 2);
}

TEST_CASE_METHOD(
    store_fixture,
    "a large distant bucket is split as it comes near; no row is lost, doubled, or loses its id") {
  options.split_rows = 1000;
  options.split_minute_rows = 800;
  reopen();
  std::map<std::int64_t, std::pair<held_ref, std::string>> expected;
  const wall_time start = now;
  batch work;
  for (int i = 0; i < 6000; ++i) {
    // A third in one minute two hours away, so that a minute is split into seconds too.
    const wall_time due = start + 40h + (i % 3 == 0 ? microseconds{i * 9000LL} : microseconds{i * 500000LL});
    work.inserts.push_back({1, record(due, std::to_string(i)), {}, false});
  }
  const auto outcome = held->commit(std::move(work), now);
  REQUIRE(outcome.has_value());
  for (std::size_t i = 0; i < outcome->inserts.size(); ++i)
    expected[outcome->inserts[i].held.id.row] = {outcome->inserts[i].held, std::to_string(i)};
  std::vector<held_id> deferred, done;
  for (const auto& [row, each] : expected) {
    if (row % 50 == 0) deferred.push_back(each.first.id);
    if (row % 50 == 1) done.push_back(each.first.id);
  }
  for (const held_id& id : deferred) {
    expected.at(id.row).first.due = start + 41h + 7s;
    defer(id, start + 41h + 7s, 2);
  }
  for (const held_id& id : done) {
    finish(id);
    expected.erase(id.row);
  }
  const auto check = [&] {
    const auto all = load_all(wall_time::max(), 700);
    REQUIRE(all.size() == expected.size());
    std::vector<held_id> ids;
    for (const held_ref& each : all) {
      const auto at = expected.find(each.id.row);
      REQUIRE(at != expected.end());
      REQUIRE(at->second.first.id == each.id);
      REQUIRE(at->second.first.due == each.due);
      ids.push_back(each.id);
    }
    const auto records = read(ids);
    REQUIRE(records.size() == ids.size());
    for (const held_record& each : records)
      REQUIRE(each.content.body == expected.at(each.id.row).second);
    REQUIRE(held->stats().held_messages == expected.size());
  };
  const std::size_t before = held->stats().buckets;
  for (const auto step : {0s, 36h + 0s, 38h + 30min + 0s, 39h + 50min + 0s, 39h + 59min + 30s}) {
    now = start + step;
    for (int i = 0; i < 3; ++i) { // in the middle of splitting
      const bool kept = held->maintain(now, false).has_value();
      INFO(held->last_error());
      REQUIRE(kept);
      check();
      const held_ref late = insert(start + 40h + 30s, "while splitting");
      expected[late.id.row] = {late, "while splitting"};
    }
    reopen();
    check();
    maintain_all();
    check();
  }
  CHECK(held->stats().buckets > before);
  batch rest;
  for (const auto& [row, each] : expected)
    rest.done.push_back(each.first.id);
  REQUIRE(held->commit(std::move(rest), now).has_value());
  now = start + 60h;
  maintain_all();
  CHECK(held->stats().buckets == 0);
}

TEST_CASE_METHOD(store_fixture,
                 "the log is written back to the file when it is large, or small and nobody waits") {
  options.wal_soft = 1 << 20;
  options.wal_idle = 1 << 16;
  reopen();
  for (int i = 0; i < 100; ++i)
    insert(now + 1s, std::string(20000, 'x'));
  CHECK(held->stats().wal_bytes > (1 << 20));
  maintain_all();
  CHECK(held->stats().wal_bytes == 0);
  for (int i = 0; i < 10; ++i)
    insert(now + 1s, std::string(20000, 'x'));
  maintain_all();
  CHECK(held->stats().wal_bytes > 0);
  maintain_all(true);
  CHECK(held->stats().wal_bytes == 0);
  CHECK(load_all().size() == 110);
}

TEST_CASE_METHOD(store_fixture, "the log does not grow beyond its cap, also where nobody keeps house") {
  options.wal_cap = 1 << 20;
  reopen();
  for (int i = 0; i < 200; ++i) {
    insert(now + 1s, std::string(20000, 'x'));
    REQUIRE(held->stats().wal_bytes < (1 << 20) + 100000);
  }
  CHECK(std::filesystem::file_size(options.path + "-wal") < (1 << 20) + 200000);
  CHECK(load_all().size() == 200);
}

TEST_CASE_METHOD(store_fixture,
                 "a segment that is full is followed by another, and dropped when it is done") {
  options.segment_bytes = 100000;
  reopen();
  std::vector<held_id> ids;
  for (int i = 0; i < 50; ++i)
    ids.push_back(insert(now + 40 * 24h, std::string(10000, 'x')).id);
  const std::size_t full = held->stats().buckets;
  CHECK(full >= 5); // and a bucket
  for (int i = 0; i < 40; ++i)
    finish(ids[static_cast<std::size_t>(i)]);
  maintain_all(true); // long before it is due
  CHECK(held->stats().buckets <= full - 3);
  reopen();
  CHECK(load_all().size() == 10);
  CHECK(insert(now + 40 * 24h).id.row == ids.back().row + 1);
}
