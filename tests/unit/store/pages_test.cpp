#include "store_fixture.hpp"

#include <map>
#include <random>
#include <utility>

using namespace postponed;
using namespace postponed::test;

// What a load should answer, kept beside the store.
struct pages_fixture : store_fixture {
  std::map<std::pair<wall_time, std::int64_t>, held_id> expected;

  void add(wall_time due) {
    const held_ref added = insert(due);
    expected[{added.due, added.id.row}] = added.id;
  }
  void expect_page(horizon_position& after, wall_time until, std::size_t limit) {
    const auto page = held->load(after, until, limit, {});
    REQUIRE(page.has_value());
    auto at = expected.upper_bound({after.due, after.row});
    for (const held_ref& each : page->rows) {
      REQUIRE(at != expected.end());
      REQUIRE(each.id == at->second);
      REQUIRE(each.due == at->first.first);
      ++at;
    }
    const bool more = at != expected.end() && at->first.first <= until;
    REQUIRE(page->complete != more);
    if (more) REQUIRE(page->rows.size() == limit);
    after = page->reached;
  }
};

TEST_CASE_METHOD(pages_fixture,
                 "pages of a bucket many times their size miss nothing that comes, goes or moves meanwhile") {
  std::mt19937 random{3};
  // 8,000 in one minute that is past, as after a downtime.
  std::uniform_int_distribution<int> ms{0, 59000};
  const wall_time minute{std::chrono::floor<std::chrono::minutes>(now)};
  batch work;
  for (int i = 0; i < 8000; ++i)
    work.inserts.push_back({1, record(minute + 1min + std::chrono::milliseconds{ms(random)}), {}, false});
  const auto outcome = held->commit(std::move(work), now);
  REQUIRE(outcome.has_value());
  for (const insert_outcome& each : outcome->inserts)
    expected[{each.held.due, each.held.id.row}] = each.held.id;
  now = minute + 5min;

  horizon_position after;
  for (std::size_t limit = 100; after.due < now; limit = limit == 100 ? 130 : 100) {
    const auto page_begin = expected.upper_bound({after.due, after.row});
    if (page_begin != expected.end() && random() % 3 == 0) {
      // One that a later page would have: done, put off to elsewhere among them, or beyond.
      auto one = page_begin;
      std::advance(one,
                   std::min<std::ptrdiff_t>(random() % 300, std::distance(page_begin, expected.end()) - 1));
      const held_id id = one->second;
      const wall_time due = one->first.first;
      expected.erase(one);
      switch (random() % 3) {
      case 0:
        finish(id);
        break;
      case 1:
        defer(id, due + 3s, 1);
        expected[{due + 3s, id.row}] = id;
        break;
      default:
        defer(id, now + 1h, 1);
      }
    }
    // One that is overdue on arrival lies between those.
    if (random() % 3 == 0) add(minute + 1min + std::chrono::milliseconds{ms(random)});
    expect_page(after, now, limit);
  }
}

TEST_CASE_METHOD(pages_fixture, "a page asked from elsewhere does not disturb the next of a large bucket") {
  batch work;
  for (int i = 0; i < 2000; ++i)
    work.inserts.push_back({1, record(now + std::chrono::milliseconds{i}), {}, false});
  const auto outcome = held->commit(std::move(work), now);
  for (const insert_outcome& each : outcome->inserts)
    expected[{each.held.due, each.held.id.row}] = each.held.id;
  horizon_position after;
  expect_page(after, now + 2s, 100);
  horizon_position elsewhere{now + 1s, 0};
  expect_page(elsewhere, now + 3s, 50);
  expect_page(after, now + 2s, 100);
  expect_page(elsewhere, now + 3s, 2000);
  while (after.due < now + 2s)
    expect_page(after, now + 2s, 100);
  // Another `skip` is another question.
  const auto skipped = held->load({}, now + 2s, 100, {outcome->inserts[0].held.route});
  REQUIRE(skipped.has_value());
  CHECK(skipped->rows.empty());
  CHECK(skipped->complete);
}

TEST_CASE_METHOD(pages_fixture, "rows that are all due at the end of what is asked for come out, each once") {
  batch work;
  for (int i = 0; i < 130000; ++i) // more than one pass keeps
    work.inserts.push_back({1, record(now + 1s, ""), {}, false});
  const auto outcome = held->commit(std::move(work), now);
  for (const insert_outcome& each : outcome->inserts)
    expected[{each.held.due, each.held.id.row}] = each.held.id;
  horizon_position after;
  for (int pages = 0; pages < 13; ++pages)
    expect_page(after, now + 1s, 10000);
  CHECK(after > horizon_position{now + 1s, 130000});
}
