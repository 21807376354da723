// Routing keys that are known in part, against bindings.
#include "config/patterns.hpp"

#include <catch2/catch.hpp>

using namespace postponed::config;

namespace {

const std::string word{any_word}, text{any_text};

} // namespace

TEST_CASE("a key that is known in part may be what fits around the rest") {
  CHECK(may_be("abc", "abc"));
  CHECK_FALSE(may_be("abc", "ab"));
  CHECK_FALSE(may_be("ab", "abc"));
  CHECK(may_be("", text));
  CHECK(may_be("a.b.c", "a." + text));
  CHECK(may_be("a.", "a." + text));
  CHECK_FALSE(may_be("b.c", "a." + text));
  CHECK(may_be("a.b.c", text + "c"));
  CHECK(may_be("dead.nacked", "dead." + word));
  CHECK_FALSE(may_be("dead.a.b", "dead." + word)); // one word has no dot
  CHECK(may_be("dead.a.b", "dead." + word + "." + word));
}

TEST_CASE("a known key matches topics as the broker says") {
  CHECK(topic_may_match("a.b", "a.b"));
  CHECK_FALSE(topic_may_match("a.b", "a.c"));
  CHECK(topic_may_match("a.*", "a.c"));
  CHECK_FALSE(topic_may_match("a.*", "a"));
  CHECK(topic_may_match("a.*", "a.")); // an empty word is one
  CHECK(topic_may_match("a.#", "a"));
  CHECK(topic_may_match("#.c", "a.b.c"));
  CHECK_FALSE(topic_may_match("#.c", "a.b"));
  CHECK(topic_may_match("a.#.c", "a.c"));
  CHECK(topic_may_match("#", ""));
  CHECK_FALSE(topic_may_match("*", ""));
  CHECK(topic_may_match("", ""));
  CHECK_FALSE(topic_may_match("", "a"));
}

TEST_CASE("a key known in part matches a topic when it may turn out so") {
  CHECK(topic_may_match("dead.*", "dead." + word));
  CHECK_FALSE(topic_may_match("dead.*.*", "dead." + word));
  CHECK(topic_may_match("dead.nacked", "dead." + word));
  CHECK_FALSE(topic_may_match("alive.#", "dead." + word));
  for (const char* const any : {"", "#", "*", "a.b.c", "*.*", "a.#.b"})
    CHECK(topic_may_match(any, text));
  CHECK(topic_may_match("dead.#", "dead." + text));
  CHECK(topic_may_match("dead.*.*.x", "dead." + text));
  CHECK(topic_may_match("deadly", "dead" + text));
  CHECK(topic_may_match("deadly.x", "dead" + text));
  CHECK_FALSE(topic_may_match("later.#", "x." + text));
  CHECK_FALSE(topic_may_match("dead", "dead." + text)); // "dead." is two words at least
  CHECK(topic_may_match("x.*.later", text + ".later"));
  CHECK_FALSE(topic_may_match("x.*.soon", text + ".later"));
  CHECK(topic_may_match("a.x.b", "a" + text + "b"));
  CHECK_FALSE(topic_may_match("a.x.c", "a" + text + "b"));
  CHECK(topic_may_match("a.x.y.c", "a." + text + "." + text + ".c"));
}
