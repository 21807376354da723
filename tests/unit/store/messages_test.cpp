// What people ask of held messages: lists, one, how many when; and what they do to single ones.
#include "proto/properties.hpp"
#include "unit/store/store_fixture.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <set>

using namespace postponed;
using namespace postponed::test;
using store::calendar_query;
using store::message_filter;

namespace {

postponed::store::insert_request insert_of(held_record&& each) {
  postponed::store::insert_request request;
  request.record = std::move(each);
  return request;
}

struct messages_fixture : store_fixture {
  store::change_outcome change(const held_id& id, std::optional<wall_time> due) {
    batch work;
    work.changes.push_back({4, id, due});
    auto outcome = held->commit(std::move(work), now);
    REQUIRE(outcome.has_value());
    REQUIRE(outcome->changes.size() == 1);
    CHECK(outcome->changes[0].token == 4);
    return outcome->changes[0];
  }
  insert_outcome schedule(held_record each, store::fingerprint key, store::fingerprint content) {
    batch work;
    work.scheduled.push_back({8, std::move(each), content, false, key, now + 24h});
    auto outcome = held->commit(std::move(work), now);
    REQUIRE(outcome.has_value());
    REQUIRE(outcome->scheduled.size() == 1);
    return std::move(outcome->scheduled[0]);
  }
  // All pages; `between` is called after each.
  template <typename Between>
  std::vector<store::held_summary> pages(const message_filter& by, std::size_t limit, Between between) {
    std::vector<store::held_summary> all;
    horizon_position after;
    for (;;) {
      auto page = held->held().list(by, after, limit);
      REQUIRE(page.has_value());
      CHECK(page->messages.size() <= limit);
      all.insert(all.end(), page->messages.begin(), page->messages.end());
      if (!page->next) return all;
      CHECK(*page->next >= after);
      after = *page->next;
      between();
    }
  }
  std::vector<store::held_summary> pages(const message_filter& by = {}, std::size_t limit = 100) {
    return pages(by, limit, [] {});
  }
  std::uint64_t counted(const calendar_query& what) {
    std::uint64_t sum = 0;
    const auto spans = *held->held().calendar(what);
    for (const auto& span : spans)
      for (const auto& [route, share] : span.routes)
        sum += share.messages;
    return sum;
  }
  static held_record with_header(wall_time due, const std::string& name, std::int64_t value) {
    held_record each = record(due);
    proto::header_editor headers{{}};
    headers.set_integer(name, value);
    const std::string table = headers.encode();
    proto::properties_view view;
    view.headers = table;
    each.content.properties = proto::encode(view);
    return each;
  }
};

} // namespace

TEST_CASE_METHOD(messages_fixture, "an id that was given is known for ever, any other never") {
  const held_ref first = insert(now + 1h), second = insert(now + 2h);
  auto& messages = held->held();
  CHECK(messages.was_given(first.id));
  held_id other = first.id;
  ++other.nonce;
  CHECK_FALSE(messages.was_given(other));
  other = first.id;
  ++other.slot;
  CHECK_FALSE(messages.was_given(other));
  other = first.id;
  other.row = second.id.row + 1;
  CHECK_FALSE(messages.was_given(other));
  finish(first.id);
  reopen();
  CHECK(held->held().was_given(first.id));
  CHECK_FALSE(held->held().get(first.id)->has_value());
  CHECK(held->held().get(second.id)->has_value());
}

TEST_CASE_METHOD(messages_fixture, "a cancel tells whether the message was held, and it is gone") {
  const held_ref each = insert(now + 1h);
  const auto outcome = change(each.id, std::nullopt);
  CHECK(outcome.held);
  CHECK(outcome.after.bytes == each.bytes);
  CHECK(outcome.after.route == each.route);
  CHECK_FALSE(change(each.id, std::nullopt).held);
  CHECK_FALSE(change(each.id, now).held);
  CHECK(held->stats().held_messages == 0);
  reopen();
  CHECK(held->stats().held_messages == 0);
  CHECK(held->read({each.id})->empty());
}

TEST_CASE_METHOD(messages_fixture,
                 "a moved message keeps its id, its failures and its reason, across restarts") {
  held_record dying = record(now + 1h);
  dying.why = reason::bad_delay;
  dying.error = "no number";
  const held_id id = insert(std::move(dying)).held.id;
  const auto outcome = change(id, now + 3h);
  CHECK(outcome.held);
  CHECK(outcome.after.due == now + 3h);
  CHECK_FALSE(outcome.after.relative);
  const auto expect = [&](wall_time due, std::uint32_t failures) {
    const auto read = *held->read({id});
    REQUIRE(read.size() == 1);
    CHECK(read[0].due == due);
    CHECK(read[0].why == reason::bad_delay);
    CHECK(read[0].error == "no number");
    CHECK(read[0].publish_failures == failures);
  };
  expect(now + 3h, 0);
  defer(id, now + 4h, 2, reason::bad_delay);
  change(id, now + 30s);
  expect(now + 30s, 2);
  reopen();
  expect(now + 30s, 2);
  const auto page = *held->load({}, now + 1min, 10, {});
  REQUIRE(page.rows.size() == 1);
  CHECK(page.rows[0].id == id);
  CHECK(change(id, std::nullopt).held);
  CHECK(held->load({}, now + 10h, 10, {})->rows.empty());
}

TEST_CASE_METHOD(messages_fixture,
                 "an idempotency key answers with its first message for a day, across restarts") {
  const auto first = schedule(record(now + 1h), {1, 2}, {5, 5});
  CHECK_FALSE(first.suppressed);
  reopen();
  const auto again = schedule(record(now + 2h), {1, 2}, {5, 5});
  CHECK(again.suppressed);
  CHECK(again.duplicate);
  CHECK(again.held.id == first.held.id);
  CHECK(again.held.due == now + 1h);
  const auto other = schedule(record(now + 2h), {1, 2}, {6, 6});
  CHECK(other.suppressed);
  CHECK_FALSE(other.duplicate);
  CHECK(held->stats().held_messages == 1);
  CHECK_FALSE(schedule(record(now + 1h), {}, {}).suppressed);
  now += 25h;
  while (*held->maintain(now, true)) {
  }
  CHECK_FALSE(schedule(record(now + 2h), {1, 2}, {6, 6}).suppressed);
}

TEST_CASE_METHOD(messages_fixture, "lists are in the order of due times, whole, by any page and filter") {
  std::mt19937 random{7};
  std::map<std::pair<wall_time, std::int64_t>, std::string> expected; // id and route
  std::vector<std::pair<held_id, std::string>> all;
  batch work;
  for (int i = 0; i < 600; ++i) {
    const auto due = now + microseconds{random() % 3 == 0 ? random() % 600'000'000 : random() * 1000ULL};
    work.inserts.push_back(insert_of(record(due, "body", i % 7 == 0 ? "rare" : "orders")));
  }
  auto outcome = *held->commit(std::move(work), now);
  for (std::size_t i = 0; i < outcome.inserts.size(); ++i)
    all.emplace_back(outcome.inserts[i].held.id, i % 7 == 0 ? "rare" : "orders");
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i % 5 == 0) change(all[i].first, std::nullopt);
    wall_time due = outcome.inserts[i].held.due;
    if (i % 11 == 0) change(all[i].first, due = now + std::chrono::seconds{random() % 100'000});
    if (i % 5 != 0) expected[{due, all[i].first.row}] = all[i].second;
  }
  const std::size_t limit = GENERATE(1, 7, 100, 1000);
  message_filter by;
  SECTION("all") {}
  SECTION("of a route") {
    by.route = "rare";
  }
  SECTION("of a route that is not known") {
    by.route = "nobody";
  }
  SECTION("of a time") {
    by.due_from = now + 60s;
    by.due_until = now + 6h;
  }
  std::erase_if(expected, [&](const auto& each) {
    const auto& [due, row] = each.first;
    return (by.route && each.second != *by.route) || (by.due_from && due < *by.due_from) ||
           (by.due_until && due >= *by.due_until);
  });
  const auto found = pages(by, limit);
  REQUIRE(found.size() == expected.size());
  auto at = expected.begin();
  for (const store::held_summary& each : found) {
    CHECK(each.record.id.row == at->first.second);
    CHECK(each.record.due == at->first.first);
    CHECK(each.record.route == at->second);
    CHECK(each.record.attempt == 3);
    CHECK(each.bytes == 6);
    CHECK(each.record.content.routing_key == "order.placed");
    ++at;
  }
}

TEST_CASE_METHOD(messages_fixture, "what a message says is searched: headers, body, whether it is dying") {
  const held_id a = insert(with_header(now + 1h, "customer", 42)).held.id;
  insert(with_header(now + 2h, "customer", 43));
  insert(record(now + 3h, "find the needle here"));
  held_record dying = record(now + 4h);
  dying.why = reason::too_large;
  insert(std::move(dying));
  const auto found = [&](message_filter by) {
    std::vector<std::int64_t> rows;
    for (const auto& each : pages(by, 2))
      rows.push_back(each.record.id.row);
    return rows;
  };
  message_filter by;
  by.headers = {{"customer", "42"}};
  CHECK(found(by) == std::vector<std::int64_t>{a.row});
  by.headers = {{"customer", ""}};
  CHECK(found(by).size() == 2);
  by.headers = {{"nothing", ""}};
  CHECK(found(by).empty());
  by = {};
  by.text = "needle";
  CHECK(found(by) == std::vector<std::int64_t>{3});
  by.text = "order.pl";
  CHECK(found(by).size() == 4);
  by = {};
  by.dead_lettering = true;
  CHECK(found(by) == std::vector<std::int64_t>{4});
  by.dead_lettering = false;
  CHECK(found(by).size() == 3);
  by.route = "orders";
  by.due_until = now + 2h;
  const auto ids = held->held().ids(by, {}, 10);
  REQUIRE(ids.has_value());
  REQUIRE(ids->messages.size() == 1);
  CHECK(ids->messages[0] == a);
}

TEST_CASE_METHOD(messages_fixture,
                 "a large bucket is listed without reading it for each page, while it changes") {
  constexpr int count = 40'000;
  std::vector<held_id> all;
  std::mt19937 random{9};
  for (int piece = 0; piece < 8; ++piece) {
    batch work;
    for (int i = 0; i < count / 8; ++i)
      work.inserts.push_back(insert_of(record(now + 20h + microseconds{random() % 3'000'000'000}, "b",
                                              i % 1000 == 0 ? "rare" : "orders")));
    const auto outcome = *held->commit(std::move(work), now);
    for (const auto& each : outcome.inserts)
      all.push_back(each.held.id);
  }
  std::set<std::int64_t> seen, gone, moved;
  std::size_t next = 0;
  wall_time last = wall_time::min();
  const auto found = pages({}, 500, [&] { // meanwhile some go, some come, some are moved out of the way
    if (next + 2 > all.size()) return;
    change(all[next], std::nullopt);
    gone.insert(all[next].row);
    change(all[next + 1], now + 40h);
    moved.insert(all[next + 1].row); // seen before, it comes again: it is due later now
    next += 2;
    insert(now + 30h);
  });
  for (const auto& each : found) {
    CHECK(each.record.due >= last);
    last = each.record.due;
    CHECK((seen.insert(each.record.id.row).second || moved.contains(each.record.id.row)));
  }
  for (const held_id& each : all)
    if (!gone.contains(each.row)) CHECK(seen.contains(each.row));
  CHECK(found.size() > count - 200);
  message_filter rare;
  rare.route = "rare";
  CHECK(pages(rare, 7).size() + 5 > 40);
  for (const auto& each : pages(rare, 1000))
    CHECK(each.record.route == "rare");
}

TEST_CASE_METHOD(messages_fixture, "the calendar counts everything once, moved ones where they are now") {
  std::mt19937 random{3};
  std::map<std::int64_t, std::uint64_t> by_hour;
  std::vector<held_ref> all;
  batch work;
  for (int i = 0; i < 500; ++i)
    work.inserts.push_back(insert_of(
        record(now + std::chrono::seconds{random() % 80'000}, "body", i % 3 == 0 ? "payments" : "orders")));
  const auto outcome = *held->commit(std::move(work), now);
  for (const auto& each : outcome.inserts)
    all.push_back(each.held);
  for (std::size_t i = 0; i < all.size(); i += 4)
    change(all[i].id, all[i].due = now + std::chrono::seconds{random() % 80'000});
  for (std::size_t i = 0; i < all.size(); i += 9)
    change(all[i].id, std::nullopt), all[i].bytes = 0;
  for (const held_ref& each : all)
    if (each.bytes > 0) ++by_hour[each.due.time_since_epoch() / std::chrono::hours{1}];
  const std::uint64_t held_now = held->stats().held_messages;
  const auto check = [&] {
    calendar_query what;
    what.from = now - 1h;
    what.until = now + 48h;
    for (const auto per : {calendar_query::unit::minute, calendar_query::unit::hour,
                           calendar_query::unit::day, calendar_query::unit::month}) {
      what.per = per;
      CHECK(counted(what) == held_now);
    }
    what.per = calendar_query::unit::hour;
    std::map<std::int64_t, std::uint64_t> found;
    const auto spans = *held->held().calendar(what);
    for (const auto& span : spans) {
      CHECK(span.end - span.start == 1h);
      for (const auto& [route, share] : span.routes)
        found[span.start.time_since_epoch() / std::chrono::hours{1}] += share.messages;
    }
    CHECK(found == by_hour);
    what.route = "payments";
    CHECK(counted(what) < held_now);
    CHECK(counted(what) > 0);
    what.route = "nobody";
    CHECK(counted(what) == 0);
  };
  check();
  reopen();
  check();
  for (std::size_t i = 1; i < all.size(); i += 9)
    change(all[i].id, std::nullopt);
  for (const held_ref& each : all)
    change(each.id, std::nullopt);
  calendar_query what;
  what.until = now + 1000h;
  CHECK(held->held().calendar(what)->empty());
}

TEST_CASE_METHOD(messages_fixture,
                 "what lies far off is counted by the spans that there are, and they say so") {
  options.split_rows = 1'000'000;
  reopen();
  for (int piece = 0; piece < 4; ++piece) {
    batch work;
    for (int i = 0; i < 10'000; ++i)
      work.inserts.push_back(insert_of(record(now + 40 * 24h + std::chrono::seconds{i})));
    REQUIRE(held->commit(std::move(work), now).has_value());
  }
  calendar_query what;
  what.from = now;
  what.until = now + 365 * 24h;
  what.per = calendar_query::unit::hour;
  const auto spans = *held->held().calendar(what);
  std::uint64_t sum = 0;
  for (const auto& span : spans) {
    CHECK(span.end - span.start == 30 * 24h);
    sum += span.routes.at("orders").messages;
  }
  CHECK(sum == 40'000);
}
