#include "unit/store/store_fixture.hpp"

#include <sqlite3.h>

#include <fstream>
#include <set>

using namespace postponed;
using namespace postponed::test;
using postponed::store::errc;

TEST_CASE_METHOD(store_fixture, "what is committed is read back whole, also after reopening") {
  held_record sent = record(now + 5s, std::string("\0body\xFF", 6));
  sent.why = reason::too_large;
  sent.error = "too much";
  sent.publish_failures = 2;
  sent.content.properties = std::string{"\x20\x00\x00\x00\x00\x00", 6};
  const held_ref held_as = insert(sent).held;
  for (int round = 0; round < 2; ++round) {
    const auto found = read({held_as.id});
    REQUIRE(found.size() == 1);
    CHECK(found[0].id == held_as.id);
    CHECK(found[0].due == sent.due);
    CHECK(found[0].relative);
    CHECK(found[0].first_seen == sent.first_seen);
    CHECK(found[0].route == "orders");
    CHECK(found[0].attempt == 3);
    CHECK(found[0].publish_failures == 2);
    CHECK(found[0].why == reason::too_large);
    CHECK(found[0].error == "too much");
    CHECK(found[0].content.exchange == "shop");
    CHECK(found[0].content.routing_key == "order.placed");
    CHECK(found[0].content.properties == sent.content.properties);
    CHECK(found[0].content.body == sent.content.body);
    reopen();
  }
}

TEST_CASE_METHOD(store_fixture, "done rows are neither loaded nor read, and counted no more") {
  const held_ref a = insert(now + 5s), b = insert(now + 6s);
  finish(a.id);
  for (int round = 0; round < 2; ++round) {
    CHECK(read({a.id, b.id}).size() == 1);
    REQUIRE(load_all().size() == 1);
    CHECK(load_all()[0].id == b.id);
    CHECK(held->stats().held_messages == 1);
    CHECK(held->stats().held_bytes == b.bytes);
    reopen();
  }
  finish(a.id); // again: no harm
  CHECK(held->stats().held_messages == 1);
}

TEST_CASE_METHOD(store_fixture,
                 "an id that is not quite right is unknown: nothing is read, moved or finished by it") {
  const held_ref each = insert(now + 5s);
  for (const held_id wrong : {held_id{each.id.slot, each.id.row, each.id.nonce + 1},
                              held_id{each.id.slot + 1, each.id.row, each.id.nonce},
                              held_id{each.id.slot, each.id.row + 1, each.id.nonce}, held_id{-7, -7, 7}}) {
    CHECK(read({wrong}).empty());
    defer(wrong, now + 10s, 3);
    finish(wrong);
  }
  REQUIRE(load_all().size() == 1);
  CHECK(load_all()[0].due == now + 5s);
  CHECK(read({each.id}).size() == 1);
}

TEST_CASE_METHOD(store_fixture, "ids count up for ever and are not used twice") {
  std::set<std::int64_t> rows;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 5; ++i) {
      const held_ref each = insert(now + 1s);
      CHECK(rows.insert(each.id.row).second);
      CHECK(each.id.row == *rows.rbegin());
      finish(each.id);
    }
    CHECK(held->stats().next_row == *rows.rbegin() + 1);
    now += 10min;
    maintain_all();
    reopen();
  }
}

TEST_CASE_METHOD(store_fixture, "pages of any size give every row once, in order") {
  std::multiset<wall_time> expected;
  for (int i = 0; i < 500; ++i) {
    static constexpr std::chrono::seconds spans[] = {60s, 3600s, 86400s, 86400s * 30, 86400s * 900};
    const wall_time due =
        now + microseconds{(i * 7919LL * 104729LL) % microseconds{spans[i % 5]}.count()} - 2s;
    insert(due);
    expected.insert(due);
  }
  for (const std::size_t limit : {1u, 7u, 100u, 500u, 1000u}) {
    const auto all = load_all(wall_time::max(), limit);
    REQUIRE(all.size() == expected.size());
    CHECK(std::equal(all.begin(), all.end(), expected.begin(),
                     [](const held_ref& a, wall_time b) { return a.due == b; }));
  }
  const auto soon = load_all(now + 1h, 50);
  for (const held_ref& each : soon)
    CHECK(each.due <= now + 1h);
  CHECK(soon.size() ==
        static_cast<std::size_t>(std::distance(expected.begin(), expected.upper_bound(now + 1h))));
}

TEST_CASE_METHOD(store_fixture, "what is overdue on arrival is found by its id and loaded first") {
  const held_ref late = insert(now - 40 * 24h);
  insert(now + 1s);
  CHECK(read({late.id}).size() == 1);
  const auto all = load_all();
  REQUIRE(all.size() == 2);
  CHECK(all[0].id == late.id);
}

TEST_CASE_METHOD(store_fixture,
                 "a deferred message keeps its id, moves to its new due time, and remembers why") {
  const held_ref each = insert(now + 1s);
  insert(now + 2s);
  defer(each.id, now + 10s, 1);
  defer(each.id, now + 3h, 4, reason::unroutable, "312 NO_ROUTE");
  defer(each.id, now + 4h, 5, reason::unroutable, ""); // the error stays
  for (int round = 0; round < 2; ++round) {
    const auto all = load_all();
    REQUIRE(all.size() == 2);
    CHECK(all[1].id == each.id);
    CHECK(all[1].due == now + 4h);
    const auto found = read({each.id});
    REQUIRE(found.size() == 1);
    CHECK(found[0].due == now + 4h);
    CHECK(found[0].publish_failures == 5);
    CHECK(found[0].why == reason::unroutable);
    CHECK(found[0].error == "312 NO_ROUTE");
    reopen();
  }
  now += 1h; // its bucket is past, and stays for it
  maintain_all();
  CHECK(read({each.id}).size() == 1);
  finish(each.id);
  CHECK(load_all().size() == 1);
  CHECK(held->stats().held_messages == 1);
}

TEST_CASE_METHOD(store_fixture,
                 "a redelivery of what was committed is recognised, within a batch and after reopening") {
  const postponed::store::fingerprint known{1, 2};
  const insert_outcome first = insert(record(now + 1s), known);
  CHECK_FALSE(first.duplicate);
  CHECK_FALSE(insert(record(now + 1s), known).duplicate); // not redelivered: another message
  for (int round = 0; round < 2; ++round) {
    const insert_outcome again = insert(record(now + 9s), known, true);
    CHECK(again.duplicate);
    reopen();
  }
  CHECK(held->stats().held_messages == 2);
  CHECK_FALSE(insert(record(now + 1s), {1, 3}, true).duplicate);
  CHECK_FALSE(insert(record(now + 1s), {}, true).duplicate);
}

TEST_CASE_METHOD(store_fixture, "a record that is wanted in memory, too, comes back as it is held") {
  const postponed::store::fingerprint known{1, 2};
  batch work;
  for (const bool redelivered : {false, true, false}) {
    work.inserts.push_back({7, record(now + 1s, "large"), known, redelivered});
    work.inserts.back().give_back = work.inserts.size() < 3;
  }
  auto outcome = held->commit(std::move(work), now);
  REQUIRE(outcome.has_value());
  const insert_outcome &first = outcome->inserts[0], &again = outcome->inserts[1],
                       &other = outcome->inserts[2];
  REQUIRE(first.record != nullptr);
  const auto stored = read({first.held.id});
  REQUIRE(stored.size() == 1);
  CHECK(first.record->id == first.held.id);
  CHECK(first.record->content.body == "large");
  CHECK(first.record->content.properties == stored[0].content.properties);
  CHECK(first.record->due == stored[0].due);
  CHECK(first.record->attempt == stored[0].attempt);
  CHECK(again.duplicate);
  CHECK(again.record == nullptr);
  CHECK(other.record == nullptr); // it was not asked for
}

TEST_CASE_METHOD(store_fixture, "only so many fingerprints are remembered, the latest") {
  options.recent_limit = 10;
  reopen();
  for (std::uint64_t i = 1; i <= 3000;) {
    batch work;
    for (int j = 0; j < 100; ++j, ++i)
      work.inserts.push_back({1, record(now + 1s), {i, i}, false});
    REQUIRE(held->commit(std::move(work), now).has_value());
  }
  reopen();
  CHECK(insert(record(now + 1s), {3000, 3000}, true).duplicate);
  CHECK_FALSE(insert(record(now + 1s), {1, 1}, true).duplicate);
}

TEST_CASE_METHOD(store_fixture, "counts are kept by route and survive") {
  insert(record(now + 1s, "12345", "a"));
  insert(record(now + 2h, "12345", "b"));
  insert(record(now + 60h, "12345", "b"));
  for (int round = 0; round < 2; ++round) {
    const auto stats = held->stats();
    CHECK(stats.held_messages == 3);
    REQUIRE(stats.routes.size() == 2);
    CHECK(stats.routes[0].route == "a");
    CHECK(stats.routes[0].messages == 1);
    CHECK(stats.routes[1].messages == 2);
    CHECK(stats.routes[1].bytes == 14);
    reopen();
  }
}

TEST_CASE_METHOD(store_fixture, "a second opener is refused, and told who has the file") {
  std::string why;
  const auto second = postponed::store::open_sqlite_store(options, why);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error() == make_error_code(errc::locked));
  CHECK(why.find("process " + std::to_string(::getpid())) != std::string::npos);
}

TEST_CASE_METHOD(store_fixture,
                 "a file that is not ours, newer than us, or damaged is refused and left as it is") {
  held.reset();
  std::string why;
  SECTION("another program's database") {
    options.path = folder + "/other.db";
    sqlite3* other = nullptr;
    REQUIRE(::sqlite3_open(options.path.c_str(), &other) == SQLITE_OK);
    ::sqlite3_exec(other, "CREATE TABLE t(x)", nullptr, nullptr, nullptr);
    ::sqlite3_close(other);
    const auto opened = postponed::store::open_sqlite_store(options, why);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error() == make_error_code(errc::not_ours));
  }
  SECTION("a newer schema") {
    sqlite3* ours = nullptr;
    REQUIRE(::sqlite3_open(options.path.c_str(), &ours) == SQLITE_OK);
    ::sqlite3_exec(ours, "PRAGMA user_version=99", nullptr, nullptr, nullptr);
    ::sqlite3_close(ours);
    const auto opened = postponed::store::open_sqlite_store(options, why);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error() == make_error_code(errc::newer_schema));
  }
  SECTION("no database at all") {
    { std::ofstream{options.path, std::ios::trunc} << std::string(20000, 'x'); }
    const auto opened = postponed::store::open_sqlite_store(options, why);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error() == make_error_code(errc::corrupt));
    CHECK(std::filesystem::file_size(options.path) == 20000);
  }
  SECTION("no such folder") {
    options.path = folder + "/nowhere/held.db";
    const auto opened = postponed::store::open_sqlite_store(options, why);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error() == make_error_code(errc::no_directory));
  }
  INFO(why);
  CHECK(why.find(folder) != std::string::npos);
}

TEST_CASE_METHOD(store_fixture, "a body that changed on the disk is an error, never delivered") {
  const std::string marker = "a body that can be found in the file";
  const held_ref each = insert(now + 5s, marker);
  held.reset();
  {
    std::fstream file{options.path, std::ios::in | std::ios::out | std::ios::binary};
    std::string bytes{std::istreambuf_iterator<char>{file}, {}};
    const std::size_t at = bytes.find(marker);
    REQUIRE(at != std::string::npos);
    file.clear();
    file.seekp(static_cast<std::streamoff>(at));
    file.put('A');
  }
  open();
  const auto found = held->read({each.id});
  REQUIRE_FALSE(found.has_value());
  CHECK(found.error() == make_error_code(errc::corrupt));
  CHECK(held->last_error().find(to_string(each.id)) != std::string::npos);
  CHECK_FALSE(held->commit({}, now).has_value()); // sticky
}
