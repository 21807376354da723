#include "schedule/token_bucket.hpp"

#include <catch2/catch.hpp>

using namespace postponed;
using namespace std::chrono_literals;

TEST_CASE("a rate is kept by who comes late for each token") {
  for (const double rate : {10.0, 50.0, 1000.0}) {
    schedule::token_bucket tokens;
    tokens.set_rate(rate);
    steady_time now{1h};
    const steady_time begin = now;
    int taken = 0;
    while (now < begin + 10s) {
      now += tokens.until_next(now) + 3ms;
      while (tokens.take(now))
        ++taken;
    }
    CHECK(taken >= 10 * rate - 1);
    CHECK(taken <= 10 * rate + 2 + rate / 50);
  }
}

TEST_CASE("after a quiet time a spike is smeared instead of let through") {
  schedule::token_bucket tokens;
  tokens.set_rate(1000);
  CHECK(tokens.take_up_to(1000, steady_time{1h}) == 21); // 20 ms worth, and one
  CHECK(tokens.take_up_to(1000, steady_time{1h}) == 0);
  CHECK(tokens.until_next(steady_time{1h}) > 0us);
  CHECK(tokens.take_up_to(1000, steady_time{1h} + 10ms) == 10);
  tokens.set_rate(0);
  CHECK(tokens.take(steady_time{1h}));
  CHECK_FALSE(tokens.limited());
}
