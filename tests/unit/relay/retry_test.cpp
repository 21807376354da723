// Consumers that fail: attempts, pauses, and where they end.
#include "unit/relay/relay_world.hpp"

#include <catch2/catch.hpp>

using namespace postponed;
using namespace postponed::test;

namespace {

relay::parameters retrying(std::vector<microseconds> schedule, std::uint32_t attempts) {
  auto limits = relay_world::one_route();
  limits.routes[0].delays = false;
  relay::retry_parameters retry;
  retry.rule.attempts = attempts;
  retry.rule.pause.schedule = std::move(schedule);
  limits.routes[0].retry = retry;
  return limits;
}

} // namespace

TEST_CASE("a consumer that rejects everything gets the attempts it is to have, at their times, then a dead "
          "letter") {
  relay_world world{retrying({1s, 10s}, 4)};
  world.open_lanes();
  const wall_time start = world.now.wall;
  world.deliver_with({}, relay_world::death{"orders.work", "rejected"}); // the publisher's own was the first
  std::vector<microseconds> at;
  for (int i = 0; i < 3; ++i) {
    const auto before = world.publishes.size();
    world.pass(1min);
    REQUIRE(world.publishes.size() == before + 1);
    const published last = world.publishes.back();
    CHECK(last.routing_key == "orders.work");
    CHECK(last.header("postponed-attempt") == std::to_string(i + 2));
    world.reject(last, "orders.work");
    at.push_back(last.at - start);
  }
  CHECK(at[0] == 1s);
  CHECK(at[1] == 1min + 10s);
  CHECK(at[2] == 2min + 10s); // the last pause repeats
  const auto dead = world.to("dlx", "dead.orders.attempts_exhausted");
  REQUIRE(dead.size() == 1);
  CHECK(dead[0].header("postponed-attempt") == "4");
  CHECK(dead[0].header("postponed-error").find("orders.work") != std::string::npos);
  CHECK(dead[0].header("postponed-origin-queue") == "orders.work");
  CHECK(world.count().retries == 3);
  CHECK(world.held->rows().empty());
}

TEST_CASE("a failure that the broker calls redelivered is the next round, and only the same round is known") {
  relay_world world{retrying({1s}, 9)};
  world.open_lanes();
  world.deliver_with({}, relay_world::death{"orders.work", "rejected"}, 1, "body", "m-1");
  world.pass(5s);
  REQUIRE(world.publishes.size() == 1);
  const auto fail_again = [&](const published& last) { // as RabbitMQ 4.3 does out of a quorum queue
    proto::event::delivered each;
    each.tag = ++world.next_delivery_tag[0];
    each.redelivered = true;
    each.content =
        relay_world::message_with({{"postponed-id", "id " + last.header("postponed-id")}, // as text
                                   {"postponed-attempt", last.header("postponed-attempt")}},
                                  relay_world::death{"orders.work", "rejected"}, last.body, "m-1");
    world.engine.on_delivery(1, 1, std::move(each), world.now);
    world.settle();
  };
  for (std::size_t round = 1; round < 4; ++round) {
    const published last = world.publishes.back();
    fail_again(last);
    world.pass(5s);
    REQUIRE(world.publishes.size() == round + 1);
  }
  CHECK(world.count().duplicates == 0);
  const published last = world.publishes.back();
  fail_again(last);
  fail_again(last); // the ack of that one got lost
  CHECK(world.count().duplicates == 1);
  world.pass(5s);
  CHECK(world.publishes.size() == 5);
}

TEST_CASE(
    "attempts go on counting where x-death begins anew or is forged, and an absurd number is no number") {
  relay_world world{retrying({1s}, 3)};
  world.open_lanes();
  world.deliver_with({{"postponed-attempt", "2"}}, relay_world::death{"forged", "expired"});
  world.pass(5s);
  REQUIRE(world.publishes.size() == 1);
  CHECK(world.publishes[0].header("postponed-attempt") == "3");
  world.deliver_with({{"postponed-attempt", "-7"}}, relay_world::death{"orders.work", "rejected"});
  world.pass(5s);
  CHECK(world.publishes.back().header("postponed-attempt") == "2");
}

TEST_CASE("an override by the reason of the death is a rule of its own") {
  auto limits = retrying({1s}, 5);
  schedule::retry_policy expired;
  expired.attempts = 2;
  expired.pause.schedule = {30s};
  limits.routes[0].retry->reasons["expired"] = expired;
  relay_world world{limits};
  world.open_lanes();
  world.deliver_with({}, relay_world::death{"orders.work", "expired"});
  world.pass(29s);
  CHECK(world.publishes.empty());
  world.pass(2s);
  REQUIRE(world.publishes.size() == 1);
  world.deliver_with({{"postponed-attempt", "2"}}, relay_world::death{"orders.work", "expired"});
  world.pass(1s);
  CHECK(world.to("dlx", "dead.orders.attempts_exhausted").size() == 1);
}

TEST_CASE("no attempt begins later than max_age after the message was first seen") {
  auto limits = retrying({20s}, 100);
  limits.routes[0].retry->rule.max_age = 50s;
  relay_world world{limits};
  world.open_lanes();
  world.deliver_with({}, relay_world::death{"orders.work", "rejected"});
  for (int i = 0; i < 5 && world.to("dlx", "dead.orders.max_age").empty(); ++i) {
    world.pass(21s);
    if (world.publishes.back().exchange.empty()) world.reject(world.publishes.back(), "orders.work");
  }
  CHECK(world.to("", "orders.work").size() == 2); // at 20 s and at 41 s; the next would be at 62 s
  CHECK(world.to("dlx", "dead.orders.max_age").size() == 1);
}

TEST_CASE("a route with delay and retry keeps the two apart") {
  auto limits = retrying({10s}, 3);
  limits.routes[0].delays = true;
  relay_world world{limits};
  world.open_lanes();
  world.deliver(2000);
  world.pass(3s);
  REQUIRE(world.publishes.size() == 1);
  CHECK(world.publishes[0].header("postponed-attempt") == "1");
  world.reject(world.publishes[0], "orders.work");
  world.pass(9s);
  CHECK(world.publishes.size() == 1);
  world.pass(1s);
  REQUIRE(world.publishes.size() == 2);
  CHECK(world.publishes[1].header("postponed-attempt") == "2");
  CHECK(world.count().retries == 1);
}

TEST_CASE("release to the origin goes to the queue where it died, and without one to the dead letter") {
  auto limits = retrying({1s}, 3);
  limits.routes[0].release = {};
  limits.routes[0].release.origin = true;
  relay_world world{limits};
  world.open_lanes();
  world.deliver_with({}, relay_world::death{"billing", "rejected"});
  world.deliver_with({});
  world.pass(2s);
  CHECK(world.to("", "billing").size() == 1);
  REQUIRE(world.to("dlx", "dead.orders.no_origin").size() == 1);
}

TEST_CASE("what comes round without anybody's failure is cut, and its dead letter does not go round either") {
  auto limits = relay_world::one_route();
  limits.routes[0].max_hops = 3;
  limits.routes[0].dead_letter_name = "parked";
  relay_world world{limits};
  world.open_lanes();
  world.deliver(std::nullopt);
  for (int i = 0; i < 10 && world.publishes.back().exchange.empty(); ++i)
    world.bring_back(world.publishes.back());
  CHECK(world.to("", "orders.work").size() == 4);
  REQUIRE(world.to("dlx", "dead.orders.loop").size() == 1);
  CHECK(world.to("dlx", "dead.orders.loop")[0].header("postponed-error").find("orders.later") !=
        std::string::npos);
  CHECK(world.count().hops_cut == 1);
  // Somebody bound the dead-letter exchange to the intake: it is kept in the store.
  const auto published_so_far = world.publishes.size();
  world.bring_back(world.publishes.back());
  world.pass(1h);
  CHECK(world.publishes.size() == published_so_far);
  REQUIRE(world.held->letters().size() == 1);
  CHECK(world.held->letters()[0].reason == "loop");
  CHECK(world.held->letters()[0].dead_letter == "parked");
  CHECK(world.acks.back().tag == world.next_delivery_tag[0]);
}

TEST_CASE("an application that asks for a delay anew each time is no loop") {
  auto limits = relay_world::one_route();
  limits.routes[0].max_hops = 3;
  relay_world world{limits};
  world.open_lanes();
  world.deliver(1000);
  for (int i = 0; i < 10; ++i) {
    world.pass(2s);
    std::vector<std::pair<std::string, std::string>> headers{{"x-delay", "1000"}};
    for (const char* const name : {"postponed-id", "postponed-route", "postponed-hops", "postponed-attempt"})
      if (const auto value = world.publishes.back().header(name); !value.empty())
        headers.emplace_back(name, value);
    world.deliver_with(headers);
  }
  world.pass(2s);
  CHECK(world.to("", "orders.work").size() == 11);
}
