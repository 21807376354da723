#include "relay/letters.hpp"
#include "unit/relay/relay_world.hpp"

#include <catch2/catch.hpp>

using namespace postponed;
using namespace postponed::test;
using relay::group_of;

TEST_CASE("errors that differ in numbers and ids alone are of one group, others are not") {
  const auto group = group_of("rejected", "order 42 of customer 7f3a9c1e: timeout after 30 s");
  CHECK(group_of("rejected", "order 1043 of customer 00ff12ab: timeout after 5 s") == group);
  CHECK(group_of("rejected",
                 "order 42 of customer 7f3a9c1e-11aa-4bcd-8e21-0123456789ab: timeout after 30 s") == group);
  CHECK(group_of("expired", "order 42 of customer 7f3a9c1e: timeout after 30 s") != group);
  CHECK(group_of("rejected", "order 42 of customer 7f3a9c1e: refused after 30 s") != group);
  CHECK(group_of("rejected", "cafe is closed") != group_of("rejected", "bar is closed"));
  CHECK(group_of("rejected", "shard12 down") == group_of("rejected", "shard7 down"));
}

TEST_CASE("a dead letter of ours becomes a letter with its history, and is acked when it is durable") {
  auto limits = relay_world::one_route();
  limits.dead_letters = {{"parked", "orders.dead", true, limits.routes[0].dead_letter, {}}};
  limits.routes[0].dead_letter_name = "parked";
  relay_world world{limits};
  world.open_lanes();
  const auto sources = world.engine.sources();
  REQUIRE(sources.size() == 2);
  CHECK(sources[1].queue == "orders.dead");
  world.deliver_with({{"x-delay", "soon"}, {"tenant", "acme"}});
  REQUIRE(world.publishes.size() == 1);
  world.pass(1min);
  world.bring_back(world.publishes[0], sources[1].id);
  REQUIRE(world.held->letters().size() == 1);
  const store::letter& kept = world.held->letters()[0];
  CHECK(kept.dead_letter == "parked");
  CHECK(kept.queue == "orders.dead");
  CHECK(kept.route == "orders");
  CHECK(kept.reason == "bad_delay");
  CHECK(kept.error.find("x-delay") != std::string::npos);
  CHECK(kept.exchange == "shop");
  CHECK(kept.routing_key == "order.placed");
  CHECK(kept.died <= world.now.wall - 59s);
  CHECK(kept.collected == world.now.wall);
  CHECK(kept.content.body == "body");
  CHECK(kept.group == group_of(kept.reason, kept.error));
  CHECK(world.acks.back().from == sources[1].id);
  CHECK(world.engine.count().dead_letters.at("parked").collected == 1);
}

TEST_CASE("a letter that postponed never saw tells what x-death tells") {
  const relay::dead_letter_parameters from{"parked", "orders.dead", true, {}, {}};
  const auto kept = relay::letter_of(
      from, relay_world::message_with({}, relay_world::death{"orders.work", "rejected"}, "b"),
      wall_time{100h});
  CHECK(kept.reason == "rejected");
  CHECK(kept.origin_queue == "orders.work");
  CHECK(kept.route.empty());
  CHECK(kept.died == wall_time{100h});
  CHECK(kept.attempt == 1);
}
