// A SQLite store in a folder of its own, with the steps that most tests take.
#pragma once

#include "store/sqlite/sqlite_store.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <stdlib.h>
#include <string>
#include <vector>

namespace postponed::test {

using namespace std::chrono_literals;
using postponed::store::batch;
using postponed::store::deferral;
using postponed::store::horizon_position;
using postponed::store::insert_outcome;

struct store_fixture {
  store_fixture() {
    std::string pattern = (std::filesystem::temp_directory_path() / "postponed-store-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder = pattern;
    options.path = folder + "/held.db";
    open();
  }
  ~store_fixture() {
    held.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  store_fixture(const store_fixture&) = delete;
  store_fixture& operator=(const store_fixture&) = delete;

  void open() {
    std::string why;
    auto opened = postponed::store::open_sqlite_store(options, why);
    INFO(why);
    REQUIRE(opened.has_value());
    held = std::move(*opened);
  }
  void reopen() {
    held.reset();
    open();
  }

  static held_record record(wall_time due, std::string body = "body", std::string route = "orders") {
    held_record result;
    result.due = due;
    result.relative = true;
    result.first_seen = due - 1s;
    result.route = std::move(route);
    result.attempt = 3;
    result.content = {"shop", "order.placed", std::string{"\x00\x00", 2}, std::move(body)};
    return result;
  }
  insert_outcome insert(held_record each, postponed::store::fingerprint content = {},
                        bool redelivered = false) {
    batch work;
    work.inserts.push_back({7, std::move(each), content, redelivered});
    auto outcome = held->commit(std::move(work), now);
    REQUIRE(outcome.has_value());
    REQUIRE(outcome->inserts.size() == 1);
    REQUIRE(outcome->inserts[0].token == 7);
    return std::move(outcome->inserts[0]);
  }
  held_ref insert(wall_time due, std::string body = "body") {
    return insert(record(due, std::move(body))).held;
  }
  void finish(const held_id& id) {
    batch work;
    work.done.push_back(id);
    REQUIRE(held->commit(std::move(work), now).has_value());
  }
  void defer(const held_id& id, wall_time due, std::uint32_t failures, reason why = reason::none,
             std::string error = {}) {
    batch work;
    work.deferrals.push_back({id, due, failures, why, std::move(error)});
    REQUIRE(held->commit(std::move(work), now).has_value());
  }
  std::vector<held_ref> load_all(wall_time until = wall_time::max(), std::size_t limit = 1000000) {
    std::vector<held_ref> all;
    horizon_position after;
    for (;;) {
      auto page = held->load(after, until, limit, {});
      REQUIRE(page.has_value());
      REQUIRE(page->rows.size() <= limit);
      all.insert(all.end(), page->rows.begin(), page->rows.end());
      if (page->complete) return all;
      REQUIRE(page->reached > after);
      after = page->reached;
    }
  }
  void maintain_all(bool idle = false) {
    for (int i = 0; i < 10000; ++i) {
      auto more = held->maintain(now, idle);
      INFO(held->last_error());
      REQUIRE(more.has_value());
      if (!*more) return;
    }
    FAIL("housekeeping does not end");
  }
  std::vector<held_record> read(const std::vector<held_id>& ids) {
    auto found = held->read(ids);
    INFO(held->last_error());
    REQUIRE(found.has_value());
    return std::move(*found);
  }

  std::string folder;
  postponed::store::sqlite_options options;
  std::unique_ptr<postponed::store::store> held;
  wall_time now{std::chrono::hours{24 * 365 * 56}};
};

} // namespace postponed::test
