#include "schedule/backoff.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace postponed;
using namespace postponed::schedule;
using namespace std::chrono_literals;

TEST_CASE("pauses grow by the multiplier up to the maximum") {
  const backoff_policy policy{1s, 10s, 2.0, 0.0};
  CHECK(delay_for(policy, 1, 0.5) == 1s);
  CHECK(delay_for(policy, 2, 0.5) == 2s);
  CHECK(delay_for(policy, 4, 0.5) == 8s);
  CHECK(delay_for(policy, 5, 0.5) == 10s);
  CHECK(delay_for(policy, 4000000000u, 0.5) == 10s);
}

TEST_CASE("jitter spreads a pause on both sides, and never over the maximum") {
  const backoff_policy policy{500ms, 60s, 1.5, 0.5};
  CHECK(delay_for(policy, 1, 0.0) == 250ms);
  CHECK(delay_for(policy, 1, 0.5) == 500ms);
  CHECK(delay_for(policy, 1, 0.999999) > 749ms);
  CHECK(delay_for(policy, 100, 0.999999) == 60s);
  CHECK(delay_for(policy, 100, 0.0) == 30s);
}

TEST_CASE("no failure yet pauses as for the first") {
  CHECK(delay_for({1s, 10s, 2.0, 0.0}, 0, 0.5) == 1s);
}

TEST_CASE("no count of failures and no maximum overflows") {
  constexpr auto most = std::numeric_limits<unsigned>::max();
  CHECK(delay_for({1s, microseconds::max(), 2.0, 0.5}, most, 0.999999) == microseconds::max());
  CHECK(delay_for({1s, microseconds::max(), 1e300, 0.0}, 3, 0.5) == microseconds::max());
  CHECK(delay_for({0s, 10s, 2.0, 0.5}, most, 0.5) == 0s); // nothing times infinity
  CHECK(delay_for({1s, 0s, 2.0, 0.5}, 1, 0.5) == 0s);
  CHECK(delay_for({1s, 10s, 1.0, 0.0}, most, 0.5) == 1s);
  CHECK(delay_for({1s, 10s, 2.0, 3.0}, 1, 0.0) == 0s); // more jitter than there is to take away
}
