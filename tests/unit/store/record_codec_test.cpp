#include "store/sqlite/record_codec.hpp"

#include <catch2/catch.hpp>

using namespace postponed;
using namespace postponed::store::sqlite;

namespace {

held_record sample() {
  held_record each;
  each.id.nonce = 0xFEDCBA98;
  each.due = wall_time{microseconds{-5}};
  each.first_seen = wall_time{microseconds{1'800'000'000'123'456}};
  each.relative = true;
  each.attempt = 7;
  each.hops = 3;
  each.replays = 0xFFFFFFFE;
  each.to = direct_target{"", "a queue"};
  each.publish_failures = 0xFFFFFFFF;
  each.why = reason::unroutable;
  each.error = "312 NO_ROUTE";
  each.content.exchange = "";
  each.content.routing_key = std::string("a\0b", 3);
  each.content.properties = std::string(70000, '\xFE');
  return each;
}

} // namespace

TEST_CASE("a head is decoded as it was encoded") {
  const held_record sent = sample();
  const auto got = decode_head(encode_head(sent, 42));
  REQUIRE(got.has_value());
  CHECK(got->route == 42);
  CHECK(got->record.id.nonce == sent.id.nonce);
  CHECK(got->record.due == sent.due);
  CHECK(got->record.first_seen == sent.first_seen);
  CHECK(got->record.relative);
  CHECK(got->record.attempt == 7);
  CHECK(got->record.hops == 3);
  CHECK(got->record.replays == 0xFFFFFFFE);
  CHECK(got->record.to == sent.to);
  CHECK(got->record.publish_failures == 0xFFFFFFFF);
  CHECK(got->record.why == reason::unroutable);
  CHECK(got->record.error == sent.error);
  CHECK(got->record.content.exchange.empty());
  CHECK(got->record.content.routing_key == sent.content.routing_key);
  CHECK(got->record.content.properties == sent.content.properties);
}

TEST_CASE("a head that is cut, longer or of another version is refused") {
  held_record small = sample();
  small.content.properties = "\x01\x02";
  const std::string whole = encode_head(small, 1);
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(decode_head(std::string_view{whole}.substr(0, size)).has_value());
  CHECK_FALSE(decode_head(whole + "x").has_value());
  std::string newer = whole;
  newer[0] = 3;
  CHECK_FALSE(decode_head(newer).has_value());
}

TEST_CASE("the checksum covers row, head and body, and where one ends and the other begins") {
  const std::int64_t sum = checksum(1, "head", "body");
  CHECK(sum == checksum(1, "head", "body"));
  CHECK(sum != checksum(2, "head", "body"));
  CHECK(sum != checksum(1, "heaD", "body"));
  CHECK(sum != checksum(1, "head", "bodY"));
  CHECK(sum != checksum(1, "headb", "ody"));
}
