#include "base/held.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <string>

using namespace postponed;

TEST_CASE("a held id is written as slot-row-nonce in lower-case hex") {
  CHECK(to_string(held_id{0x1C8A3F2, 0xAB, 0xDEADBEEF}) == "1c8a3f2-ab-deadbeef");
  CHECK(to_string(held_id{0, 1, 0}) == "0-1-00000000");
  CHECK(to_string(held_id{0, 1, 0xA}) == "0-1-0000000a");
}

TEST_CASE("a held id is read back as it was written") {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  for (const held_id id : {held_id{0, 1, 0}, held_id{29924456, 77, 1}, held_id{most, most, 0xFFFFFFFF},
                           held_id{16, 256, 0x80000000}}) {
    CAPTURE(to_string(id));
    CHECK(held_id_from(to_string(id)) == id);
  }
}

TEST_CASE("what is not an id of ours is none") {
  for (const char* text : {"",
                           "-",
                           "--",
                           "1",
                           "1-1",
                           "1-1-",
                           "1-1-0000000",
                           "1-1-000000000",
                           "-1-00000000",
                           "1--00000000",
                           "1-0-00000000",
                           "01-1-00000000",
                           "1-01-00000000",
                           "1-1-0000000G",
                           "1-1-0000000A",
                           "A-1-00000000",
                           "1-1-00000000-",
                           "1-1-00000000 ",
                           " 1-1-00000000",
                           "0x1-1-00000000",
                           "+1-1-00000000",
                           "1-1-+0000000",
                           "-1-1-00000000",
                           "8000000000000000-1-00000000",
                           "1-ffffffffffffffff-00000000",
                           "10000000000000000-1-00000000",
                           "1-1-1-00000000",
                           "1_1_00000000"}) {
    CAPTURE(text);
    CHECK_FALSE(held_id_from(text));
  }
  CHECK_FALSE(held_id_from(std::string("1-1-0000000\0", 12)));
}

TEST_CASE("an id truncated anywhere is none") {
  const std::string text = to_string(held_id{29924456, 77, 0x12345678});
  for (std::size_t size = 0; size < text.size(); ++size)
    CHECK_FALSE(held_id_from(text.substr(0, size)));
}

TEST_CASE("a negative slot, which no store gives out, is written but not read back") {
  const std::string text = to_string(held_id{-1, std::numeric_limits<std::int64_t>::min(), 0});
  CHECK(text == "ffffffffffffffff-8000000000000000-00000000");
  CHECK_FALSE(held_id_from(text));
}
