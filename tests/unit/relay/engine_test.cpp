// A message's life through the relay, seen from outside.
#include "unit/relay/relay_world.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace postponed;
using namespace postponed::test;

TEST_CASE("a delivery is acked only after its commit") {
  relay_world world{relay_world::one_route()};
  world.open_lanes();
  world.store_works = false;
  world.deliver(1000);
  CHECK(world.acks.empty());
  CHECK(world.engine.has_batch());

  world.store_works = true;
  world.settle();
  REQUIRE(world.acks.size() == 1);
  CHECK(world.acks[0].tag == 1);
  CHECK(world.held->rows().size() == 1);
}

TEST_CASE("one ack covers all deliveries of a commit, for each route") {
  auto limits = relay_world::one_route();
  limits.routes.push_back(relay_world::route("payments"));
  relay_world world{limits};
  world.store_works = false;
  world.deliver(1000, "a", 0);
  world.deliver(1000, "b", 1);
  world.deliver(1000, "c", 0);
  world.store_works = true;
  world.settle();
  REQUIRE(world.acks.size() == 2);
  CHECK(world.acks[0].from == 1);
  CHECK(world.acks[0].tag == 2);
  CHECK(world.acks[1].from == 2);
  CHECK(world.acks[1].tag == 1);
}

TEST_CASE("a message is published when due, not a microsecond before, and leaves the store when confirmed") {
  relay_world world{relay_world::one_route()};
  world.open_lanes();
  world.deliver(1500);
  const wall_time due = world.now.wall + 1500ms;
  world.pass(1500ms - 1us);
  CHECK(world.publishes.empty());
  world.pass(1us);
  REQUIRE(world.publishes.size() == 1);
  CHECK(world.publishes[0].at == due);
  CHECK(world.publishes[0].exchange.empty());
  CHECK(world.publishes[0].routing_key == "orders.work");
  CHECK(world.publishes[0].body == "body");
  CHECK(world.publishes[0].header("postponed-route") == "orders");
  CHECK(world.publishes[0].header("postponed-attempt") == "1");
  CHECK(held_id_from(world.publishes[0].header("postponed-id")));
  CHECK(world.publishes[0].header("x-delay").empty());
  CHECK(world.held->rows().empty());
  CHECK(world.count().confirmed == 1);
  CHECK(world.count().held_messages == 0);
  CHECK(world.engine.drained());
}

TEST_CASE("a message far in the future is only in the store, and comes back from there") {
  relay_world world{relay_world::one_route()};
  world.open_lanes();
  world.deliver(std::chrono::milliseconds{48h}.count(), std::string(1000, 'x'));
  CHECK(world.engine.count().horizon_rows == 0);
  CHECK(world.engine.count().staged_bytes == 0);
  const wall_time due = world.now.wall + 48h;
  world.pass(48h - 1ms);
  CHECK(world.publishes.empty());
  world.pass(1ms);
  REQUIRE(world.publishes.size() == 1);
  CHECK(world.publishes[0].at == due);
  CHECK(world.held->loads < 10000); // looks ahead now and then, not at every millisecond
}

TEST_CASE("what an earlier run held is released by the next, overdue at once") {
  const auto kept = std::make_shared<memory_store>();
  wall_time later;
  {
    relay_world first{relay_world::one_route(), kept};
    first.deliver(1000, "overdue");
    first.deliver(60000, "still waiting");
    later = first.now.wall + 30s;
  }
  relay_world second{relay_world::one_route(), kept};
  second.now.wall = later;
  CHECK(second.count().held_messages == 2);
  second.open_lanes();
  REQUIRE(second.publishes.size() == 1);
  CHECK(second.publishes[0].body == "overdue");
  second.pass(30s);
  CHECK(second.publishes.size() == 2);
}

TEST_CASE("with a small horizon every one of many messages still goes once, in time") {
  auto limits = relay_world::one_route();
  limits.horizon_rows = 400;
  limits.body_cache = 4000;
  relay_world world{limits};
  world.open_lanes();
  std::multiset<std::string> expected;
  for (int i = 0; i < 3000; ++i) {
    const int delay = (i * 7919) % 60000 + 1;
    world.deliver(delay, std::to_string(i));
    expected.insert(std::to_string(i));
    world.pass(10ms);
    REQUIRE(world.engine.count().horizon_rows <= 600);
  }
  world.pass(70s);
  std::multiset<std::string> got;
  for (const published& each : world.publishes)
    got.insert(each.body);
  CHECK(got == expected);
  const relay::lateness_histogram& late = world.count().lateness;
  CHECK(late.total == 3000);
  CHECK(late.counts[0] + late.counts[1] == 3000); // all within 2 ms of this world's exact clock
}

TEST_CASE("a backlog of overdue messages is released with bounded memory") {
  const auto kept = std::make_shared<memory_store>();
  {
    relay_world first{relay_world::one_route(), kept};
    for (int i = 0; i < 5000; ++i)
      first.deliver(1000, std::string(100, 'x'));
  }
  auto limits = relay_world::one_route();
  limits.horizon_rows = 500;
  limits.body_cache = 10000;
  limits.confirm_window = 50;
  relay_world second{limits, kept};
  second.now.wall += 1h;
  second.on_publish = [&](const published&) {
    REQUIRE(second.engine.count().staged_bytes <= 10000 + 1000);
    return relay_world::answer::confirm;
  };
  second.open_lanes();
  second.pass(1s);
  CHECK(second.publishes.size() == 5000);
  CHECK(kept->rows().empty());
}

TEST_CASE("nothing is published while the broker blocks publishers, everything after") {
  relay_world world{relay_world::one_route()};
  world.open_lanes();
  world.engine.on_blocked(true, world.now);
  world.deliver(10);
  world.pass(10min);
  CHECK(world.publishes.empty());
  world.engine.on_blocked(false, world.now);
  world.settle();
  CHECK(world.publishes.size() == 1);
}

TEST_CASE("a redelivery whose message-id and content were committed is acked and not held twice") {
  relay_world world{relay_world::one_route()};
  world.deliver(60000, "body", 0, false, "m-1");
  world.deliver(60000, "body", 0, true, "m-1");
  CHECK(world.held->rows().size() == 1);
  CHECK(world.acks.size() == 2);
  CHECK(world.count().duplicates == 1);
  CHECK(world.count().held_messages == 1);
}

TEST_CASE("a redelivery without message-id is held and counted; equal content proves nothing") {
  relay_world world{relay_world::one_route()};
  world.deliver(60000, "body");
  world.deliver(60000, "body", 0, true);
  CHECK(world.held->rows().size() == 2);
  CHECK(world.count().unrecognised == 1);
}

TEST_CASE("the same message-id with other content is another message") {
  relay_world world{relay_world::one_route()};
  world.deliver(60000, "one", 0, false, "m-1");
  world.deliver(60000, "two", 0, true, "m-1");
  CHECK(world.held->rows().size() == 2);
}

TEST_CASE("a step back of the wall clock releases no deadline early and makes no delay longer") {
  relay_world world{relay_world::one_route()};
  world.open_lanes();
  proto::event::delivered absolute;
  absolute.tag = 1;
  const wall_time deadline = world.now.wall + 60s;
  proto::header_editor headers{{}};
  headers.set_text("postponed-until", proto::format_rfc3339(deadline));
  const std::string table = headers.encode();
  proto::properties_view view;
  view.headers = table;
  absolute.content = {"shop", "k", proto::encode(view), "absolute"};
  world.engine.on_delivery(1, 1, std::move(absolute), world.now);
  world.deliver(60000, "relative");
  world.deliver(600000, "relative, not loaded yet");
  world.pass(10s);

  world.set_clock_back(30s);
  const wall_time stepped = world.now.wall;
  world.pass(50s - 1ms);
  CHECK(world.publishes.empty());
  world.pass(1ms); // 60 s have really passed
  REQUIRE(world.publishes.size() == 1);
  CHECK(world.publishes[0].body == "relative");
  CHECK(world.publishes[0].at == stepped + 50s);

  world.pass(30s); // now the wall clock shows the deadline
  REQUIRE(world.publishes.size() == 2);
  CHECK(world.publishes[1].body == "absolute");
  CHECK(world.publishes[1].at == deadline);

  world.pass(600s - 90s);
  REQUIRE(world.publishes.size() == 3);
  CHECK(world.publishes[2].at <= stepped + 590s);

  world.deliver(1000, "after the step");
  const wall_time due = world.now.wall + 1s;
  world.pass(1s);
  REQUIRE(world.publishes.size() == 4);
  CHECK(world.publishes[3].at == due);
}

TEST_CASE("a message of a route that is no longer in the file stays held") {
  const auto kept = std::make_shared<memory_store>();
  {
    relay_world first{relay_world::one_route(), kept};
    first.deliver(1000);
  }
  auto limits = relay_world::one_route();
  limits.routes[0] = relay_world::route("other");
  relay_world second{limits, kept};
  second.open_lanes();
  second.pass(1h);
  CHECK(second.publishes.empty());
  CHECK(kept->rows().size() == 1);
  CHECK(second.count("orders").held_messages == 1); // shown as an orphan
}

TEST_CASE("after stop nothing new is published, and what is in flight is awaited") {
  relay_world world{relay_world::one_route()};
  world.on_publish = [](const published&) { return relay_world::answer::silence; };
  world.open_lanes();
  world.deliver(10, "first");
  world.deliver(50, "second");
  world.pass(20ms);
  REQUIRE(world.publishes.size() == 1);
  world.engine.stop();
  world.pass(1s);
  CHECK(world.publishes.size() == 1);
  CHECK_FALSE(world.engine.drained());
  world.engine.on_confirmed(relay::lane::main, 1, false, world.now);
  world.settle();
  CHECK(world.engine.drained());
  CHECK(world.held->rows().size() == 1);
}
