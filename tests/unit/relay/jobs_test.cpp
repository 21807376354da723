#include "relay/jobs.hpp"

#include <catch2/catch.hpp>

using namespace postponed;

TEST_CASE("what a replay is to do is read back as it was written") {
  relay::replay_spec spec;
  spec.by.state = store::letter_state::trash;
  spec.by.dead_letter = "parked";
  spec.by.reason = "rejected";
  spec.by.group = 0xFFFFFFFFFFFFFFFF;
  spec.by.died_after = wall_time{microseconds{1764000000000001}};
  spec.by.headers = {{"tenant", "a\"c\nme"}, {"x", ""}};
  spec.by.ids = {1, 9007199254740993};
  spec.to = direct_target{"shop", "order.placed"};
  spec.rate = 0.5;
  spec.canary = 10;
  spec.limit = 20000;
  const auto back = relay::replay_spec_from_json(to_json(spec));
  REQUIRE(back.has_value());
  CHECK(back->by.state == spec.by.state);
  CHECK(back->by.dead_letter == spec.by.dead_letter);
  CHECK(back->by.reason == spec.by.reason);
  CHECK_FALSE(back->by.route.has_value());
  CHECK(back->by.group == spec.by.group);
  CHECK(back->by.died_after == spec.by.died_after);
  CHECK_FALSE(back->by.died_before.has_value());
  CHECK(back->by.headers == spec.by.headers);
  CHECK(back->by.ids == spec.by.ids);
  CHECK(back->to == spec.to);
  CHECK(back->rate == spec.rate);
  CHECK(back->canary == spec.canary);
  CHECK(back->limit == spec.limit);
}

TEST_CASE("what is no replay is refused") {
  for (const char* const text : {"", "{", "[]", "{}", "{\"filter\":{}}", "{\"filter\":{\"state\":7}}"})
    CHECK_FALSE(relay::replay_spec_from_json(text).has_value());
}
