// What the store knows beside messages: dedup keys, and which routes are paused.
#include "unit/store/store_fixture.hpp"

using namespace postponed;
using namespace postponed::test;

namespace {

struct dedup_fixture : store_fixture {
  insert_outcome offer(std::uint64_t key, std::string body = "body") {
    batch work;
    work.inserts.push_back({7, record(now + 1h, std::move(body)), {}, false, {1, key}, now + 10min});
    auto outcome = held->commit(std::move(work), now);
    REQUIRE(outcome.has_value());
    return std::move(outcome->inserts.at(0));
  }
};

} // namespace

TEST_CASE("a dedup key is held once in its window, across restarts, and anew after it") {
  dedup_fixture store;
  CHECK_FALSE(store.offer(1).suppressed);
  CHECK(store.offer(1).suppressed);
  CHECK_FALSE(store.offer(2).suppressed);
  store.reopen();
  CHECK(store.offer(1).suppressed);
  CHECK(store.load_all().size() == 2);
  store.now += 10min;
  CHECK_FALSE(store.offer(1).suppressed);
  CHECK(store.offer(1).suppressed);
  CHECK(store.load_all().size() == 3);
}

TEST_CASE("the same dedup key twice in a batch is held once") {
  dedup_fixture store;
  batch work;
  for (int i = 0; i < 2; ++i)
    work.inserts.push_back({7, store_fixture::record(store.now + 1h), {}, false, {1, 5}, store.now + 1min});
  const auto outcome = store.held->commit(std::move(work), store.now);
  REQUIRE(outcome.has_value());
  CHECK_FALSE(outcome->inserts[0].suppressed);
  CHECK(outcome->inserts[1].suppressed);
  CHECK(store.load_all().size() == 1);
}

TEST_CASE("a redelivery that is recognised is a duplicate, not suppressed") {
  dedup_fixture store;
  for (int i = 0; i < 2; ++i) {
    batch work;
    work.inserts.push_back(
        {7, store_fixture::record(store.now + 1h), {9, 9}, i == 1, {1, 5}, store.now + 1min});
    const auto outcome = store.held->commit(std::move(work), store.now);
    REQUIRE(outcome.has_value());
    CHECK(outcome->inserts[0].duplicate == (i == 1));
    CHECK_FALSE(outcome->inserts[0].suppressed);
  }
}

TEST_CASE("keys whose window is over are forgotten by housekeeping") {
  dedup_fixture store;
  for (std::uint64_t key = 0; key < 3000; ++key)
    store.offer(key);
  store.now += 11min;
  store.maintain_all(true);
  const auto size = [&] { return store.held->stats().file_bytes; };
  const auto before = size();
  for (std::uint64_t key = 3000; key < 6000; ++key) // into the room of those that went
    store.offer(key);
  store.maintain_all(true);
  CHECK(size() < before * 2);
}

TEST_CASE("a paused route is so after a restart, with who and why, until it is resumed") {
  store_fixture store;
  batch work;
  work.pauses.push_back({"orders", true, "ada", "the bank is down", store.now});
  work.pauses.push_back({"payments", true, "bob", "", store.now});
  REQUIRE(store.held->commit(std::move(work), store.now).has_value());
  store.reopen();
  const auto paused = store.held->stats().paused;
  REQUIRE(paused.size() == 2);
  CHECK(paused[0].route == "orders");
  CHECK(paused[0].who == "ada");
  CHECK(paused[0].why == "the bank is down");
  CHECK(paused[0].since == store.now);
  batch resume;
  resume.pauses.push_back({"orders", false, "ada", "", store.now});
  REQUIRE(store.held->commit(std::move(resume), store.now).has_value());
  store.reopen();
  REQUIRE(store.held->stats().paused.size() == 1);
  CHECK(store.held->stats().paused[0].route == "payments");
}

TEST_CASE("a load passes over routes, moved rows of them too, and still fills its page with the others") {
  store_fixture store;
  std::vector<held_id> moved;
  for (int i = 0; i < 50; ++i)
    moved.push_back(store.insert(store_fixture::record(store.now + 1s, "b", "paused")).held.id);
  for (const held_id& id : moved)
    store.defer(id, store.now + 2s, 1);
  const held_ref other = store.insert(store_fixture::record(store.now + 3s, "b", "orders")).held;
  store.defer(other.id, store.now + 4s, 1);
  std::uint32_t number = 0;
  for (const auto& each : store.held->stats().routes)
    if (each.route == "paused") number = each.number;
  REQUIRE(number != 0);
  const auto page = store.held->load({}, store.now + 1h, 10, {number});
  REQUIRE(page.has_value());
  REQUIRE(page->rows.size() == 1);
  CHECK(page->rows[0].id == other.id);
  CHECK(page->rows[0].route == other.route);
  CHECK(page->complete);
  const auto whole = store.held->load({}, store.now + 1h, 100, {});
  REQUIRE(whole->rows.size() == 51);
  CHECK(whole->rows[0].route == number);
}
