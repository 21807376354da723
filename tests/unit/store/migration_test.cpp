// Files of earlier versions.
#include "unit/store/letters_fixture.hpp"
#include "unit/store/schema_1_file.hpp"

#include <sqlite3.h>

using namespace postponed;
using namespace postponed::test;

namespace {

std::int64_t version_of(const std::string& path) {
  sqlite3* file = nullptr;
  REQUIRE(::sqlite3_open(path.c_str(), &file) == SQLITE_OK);
  sqlite3_stmt* ask = nullptr;
  REQUIRE(::sqlite3_prepare_v2(file, "PRAGMA user_version", -1, &ask, nullptr) == SQLITE_OK);
  REQUIRE(::sqlite3_step(ask) == SQLITE_ROW);
  const std::int64_t version = ::sqlite3_column_int64(ask, 0);
  ::sqlite3_finalize(ask);
  ::sqlite3_close(file);
  return version;
}

struct old_file_fixture : letters_fixture {
  // The folder has a new store; an old one takes its place.
  void put_schema_1() {
    held.reset();
    options.path = folder + "/old.db";
    sqlite3* file = nullptr;
    REQUIRE(::sqlite3_open(options.path.c_str(), &file) == SQLITE_OK);
    REQUIRE(::sqlite3_exec(file, schema_1_file, nullptr, nullptr, nullptr) == SQLITE_OK);
    ::sqlite3_close(file);
    REQUIRE(version_of(options.path) == 1);
  }
};

} // namespace

TEST_CASE_METHOD(old_file_fixture, "a file of schema 1 keeps what it holds, and takes letters from then on") {
  put_schema_1();
  open();
  const held_id done = *held_id_from(schema_1_done), moved = *held_id_from(schema_1_moved),
                untouched = *held_id_from(schema_1_held);
  letter_id id = 0;
  for (int round = 0; round < 2; ++round) {
    const auto records = read({done, moved, untouched});
    REQUIRE(records.size() == 2);
    CHECK(records[0].id == moved);
    CHECK(records[0].due == now + 2h);
    CHECK(records[0].why == reason::nacked);
    CHECK(records[0].error == "refused");
    CHECK(records[0].content.body == "body 1");
    CHECK(records[1].route == "reminders");
    CHECK(records[1].due == now + 60h);
    CHECK(records[1].content.body == "body 2");
    CHECK(load_all().size() == 2);
    CHECK(held->stats().held_messages == 2);
    REQUIRE(held->stats().paused.size() == 1);
    CHECK(held->stats().paused[0].who == "ann");
    if (round == 0) {
      CHECK(count() == 0);
      id = collect(a_letter());
    }
    CHECK(get(id).content.body == "body");
    reopen();
  }
  held.reset();
  CHECK(version_of(options.path) == 2);
}

TEST_CASE_METHOD(old_file_fixture, "a file of schema 1 that cannot be brought to the next stays as it was") {
  put_schema_1();
  sqlite3* file = nullptr;
  REQUIRE(::sqlite3_open(options.path.c_str(), &file) == SQLITE_OK);
  REQUIRE(::sqlite3_exec(file, "CREATE TABLE jobs(x)", nullptr, nullptr, nullptr) == SQLITE_OK); // in its way
  ::sqlite3_close(file);
  std::string why;
  CHECK_FALSE(postponed::store::open_sqlite_store(options, why).has_value());
  CHECK(why.find(options.path) != std::string::npos);
  CHECK(version_of(options.path) == 1);
  REQUIRE(::sqlite3_open(options.path.c_str(), &file) == SQLITE_OK);
  REQUIRE(::sqlite3_exec(file, "DROP TABLE jobs", nullptr, nullptr, nullptr) == SQLITE_OK);
  ::sqlite3_close(file);
  open(); // nothing of the letters is there already
  CHECK(held->stats().held_messages == 2);
}
