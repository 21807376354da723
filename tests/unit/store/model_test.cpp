// The store against a model that is as simple as can be: a map. Everything that the wheel does on the disk
// (splitting, dropping, rolling over, reopening) must be invisible through the interface.
#include "unit/store/store_fixture.hpp"

#include <map>
#include <random>
#include <set>

using namespace postponed;
using namespace postponed::test;

namespace {

struct expected {
  held_ref held;
  std::string body;
  std::uint32_t failures = 2;
};

struct model_fixture : store_fixture {
  std::map<std::int64_t, expected> model;
  std::vector<held_id> finished;
  std::mt19937 random{7};

  std::int64_t up_to(std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>{0, most}(random);
  }

  wall_time any_due() {
    static constexpr std::chrono::seconds spans[] = {30s, 600s, 5400s, 86400s, 86400s * 29, 86400s * 400};
    const auto span = std::chrono::duration_cast<microseconds>(spans[up_to(5)]);
    return now + microseconds{up_to(span.count())} -
           (up_to(9) == 0 ? microseconds{up_to(7'000'000'000)} : 0us);
  }
  held_id any_id() {
    auto at = model.lower_bound(up_to(held->stats().next_row));
    return (at == model.end() ? model.begin() : at)->second.held.id;
  }
  void commit_something() {
    batch work;
    std::vector<expected> added;
    const auto before = static_cast<std::int64_t>(finished.size());
    const bool burst = up_to(5) == 0;
    const wall_time together = any_due();
    for (std::int64_t i = up_to(burst ? 150 : 10); i > 0; --i) {
      const wall_time due = burst ? together + microseconds{up_to(20'000'000)} : any_due();
      added.push_back(
          {{}, std::to_string(random()) + std::string(static_cast<std::size_t>(up_to(400)), 'x'), 2});
      held_record each = record(due, added.back().body);
      each.publish_failures = 2;
      work.inserts.push_back({static_cast<std::uint64_t>(i), std::move(each), {}, false});
    }
    std::set<std::int64_t> touched;
    for (std::int64_t i = model.empty() ? 0 : up_to(8); i > 0; --i) {
      const held_id id = any_id();
      if (!touched.insert(id.row).second) continue;
      if (up_to(2) == 0) {
        expected& each = model.at(id.row);
        each.held.due = any_due();
        each.held.relative = false;
        work.deferrals.push_back({id, each.held.due, ++each.failures, reason::none, {}});
      } else {
        work.done.push_back(id);
        finished.push_back(id);
        model.erase(id.row);
      }
    }
    if (before > 0 && up_to(2) == 0) { // done is done: again does nothing
      const held_id again = finished[static_cast<std::size_t>(up_to(before - 1))];
      work.done.push_back(again);
      if (up_to(1) == 0) work.deferrals.push_back({again, any_due(), 1, reason::none, {}});
      CHECK(read({again}).empty());
    }
    auto outcome = held->commit(std::move(work), now);
    INFO(held->last_error());
    REQUIRE(outcome.has_value());
    REQUIRE(outcome->inserts.size() == added.size());
    for (std::size_t i = 0; i < added.size(); ++i) {
      added[i].held = outcome->inserts[i].held;
      REQUIRE(model.emplace(added[i].held.id.row, added[i]).second); // no row twice
    }
  }
  void compare(std::size_t limit) {
    std::map<std::pair<wall_time, std::int64_t>, const expected*> order;
    std::uint64_t bytes = 0;
    for (const auto& [row, each] : model) {
      order[{each.held.due, row}] = &each;
      bytes += each.held.bytes;
    }
    const auto all = load_all(wall_time::max(), limit);
    REQUIRE(all.size() == order.size());
    std::vector<held_id> ids;
    auto at = order.begin();
    for (const held_ref& each : all) {
      const held_ref& wanted = (at++)->second->held;
      REQUIRE(each.id == wanted.id);
      REQUIRE(each.due == wanted.due);
      REQUIRE(each.relative == wanted.relative);
      REQUIRE(each.bytes == wanted.bytes);
      ids.push_back(each.id);
    }
    const auto records = read(ids);
    REQUIRE(records.size() == ids.size());
    for (const held_record& each : records) {
      const expected& wanted = model.at(each.id.row);
      REQUIRE(each.due == wanted.held.due);
      REQUIRE(each.relative == wanted.held.relative);
      REQUIRE(each.publish_failures == wanted.failures);
      REQUIRE(each.content.body == wanted.body);
    }
    REQUIRE(held->stats().held_messages == model.size());
    REQUIRE(held->stats().held_bytes == bytes);
  }
};

} // namespace

TEST_CASE_METHOD(model_fixture,
                 "whatever is done in whatever order, the store holds what a plain map would") {
  options.split_rows = 40;
  options.split_minute_rows = 30;
  options.split_chunk = 9;
  options.segment_bytes = 20000;
  options.wal_soft = 200000;
  options.wal_idle = 50000;
  reopen();
  for (int step = 0; step < 400; ++step) {
    INFO("step " << step);
    commit_something();
    for (std::int64_t i = up_to(4); i > 0; --i) {
      const auto more = held->maintain(now, up_to(1) == 0);
      INFO(held->last_error());
      REQUIRE(more.has_value());
    }
    if (up_to(3) == 0) now += microseconds{up_to(90'000'000)};
    if (up_to(20) == 0) now += microseconds{up_to(7'200'000'000)};
    if (up_to(60) == 0) now += 24h * up_to(20);
    if (up_to(40) == 0) now -= microseconds{up_to(600'000'000)}; // the wall clock was set back
    if (up_to(15) == 0) reopen();
    if (step % 20 == 0) compare(static_cast<std::size_t>(up_to(300)) + 1);
  }
  compare(100000);
  maintain_all(true);
  compare(37);
  // All of it done: nothing is left but the file.
  batch rest;
  for (const auto& [row, each] : model)
    rest.done.push_back(each.held.id);
  model.clear();
  REQUIRE(held->commit(std::move(rest), now).has_value());
  now += 24h * 800;
  maintain_all(true);
  compare(10);
  CHECK(held->stats().buckets == 0);
}

TEST_CASE_METHOD(model_fixture,
                 "rows that come between two pages are seen once: in their commit or in a page") {
  std::multiset<std::int64_t> seen;
  std::set<std::int64_t> inserted;
  const auto add = [&](int count) {
    for (int i = 0; i < count; ++i)
      inserted.insert(insert(now + microseconds{up_to(3'000'000'000)}).id.row);
  };
  add(300);
  horizon_position after;
  for (bool complete = false; !complete;) {
    const auto page = held->load(after, wall_time::max(), 23, {});
    REQUIRE(page.has_value());
    for (const held_ref& each : page->rows)
      seen.insert(each.id.row);
    complete = page->complete;
    after = page->reached;
    for (int i = 0; i < 3; ++i) {
      const held_ref each = insert(now + microseconds{up_to(3'000'000'000)});
      inserted.insert(each.id.row);
      if (complete || horizon_position{each.due, each.id.row} <= after)
        seen.insert(each.id.row); // the caller knows
    }
  }
  CHECK(seen.size() == inserted.size());
  CHECK(std::set<std::int64_t>(seen.begin(), seen.end()) == inserted);
}

TEST_CASE_METHOD(store_fixture,
                 "a page that ends before the bucket of an overdue row does not pass it over") {
  for (int i = 0; i < 100; ++i)
    insert(now + std::chrono::seconds{i});
  const wall_time before = now;
  now += 10min;
  const held_ref overdue =
      insert(before + 3500ms); // it came late, and lies with what is due 10 minutes later
  const auto all = load_all(wall_time::max(), 10);
  REQUIRE(all.size() == 101);
  CHECK(all[4].id == overdue.id);
}
