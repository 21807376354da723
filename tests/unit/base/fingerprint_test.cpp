#include "base/fingerprint.hpp"

#include <catch2/catch.hpp>

using namespace postponed;

TEST_CASE("equal parts have equal fingerprints") {
  CHECK(fingerprint_of({"queue", "id", "body"}) == fingerprint_of({"queue", "id", "body"}));
}

TEST_CASE("parts that only look alike when joined have different fingerprints") {
  CHECK(fingerprint_of({"ab", "c"}) != fingerprint_of({"a", "bc"}));
  CHECK(fingerprint_of({"abc"}) != fingerprint_of({"abc", ""}));
  CHECK(fingerprint_of({"abc"}) != fingerprint_of({"abd"}));
}
