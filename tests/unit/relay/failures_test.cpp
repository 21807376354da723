// What the relay does when the broker says no, says nothing, or goes away.
#include "unit/relay/relay_world.hpp"

#include <catch2/catch.hpp>

using namespace postponed;
using namespace postponed::test;
using answer = relay_world::answer;

namespace {

relay::parameters two_routes() {
  auto limits = relay_world::one_route();
  limits.routes.push_back(relay_world::route("payments"));
  return limits;
}

} // namespace

TEST_CASE(
    "a returned message is tried again with growing pauses, then goes to its dead letter with its history") {
  relay_world world{relay_world::one_route()};
  world.on_publish = [](const published& each) {
    return each.exchange == "dlx" ? answer::confirm : answer::give_back;
  };
  world.open_lanes();
  world.deliver(0, "poor thing");
  world.pass(1min);
  const auto tries = world.to("", "orders.work");
  REQUIRE(tries.size() == 3);
  CHECK(tries[1].at - tries[0].at >= 1s);
  CHECK(tries[2].at - tries[1].at >= 2s);
  CHECK(tries[2].header("postponed-id") == tries[0].header("postponed-id"));
  const auto dead = world.to("dlx", "dead.orders.unroutable");
  REQUIRE(dead.size() == 1);
  CHECK(dead[0].body == "poor thing");
  CHECK(dead[0].header("postponed-reason") == "unroutable");
  CHECK(dead[0].header("postponed-error").find("NO_ROUTE") != std::string::npos);
  CHECK(dead[0].header("postponed-from-queue") == "orders.later");
  CHECK(dead[0].header("postponed-from-exchange") == "shop");
  CHECK(dead[0].header("postponed-id") == tries[0].header("postponed-id"));
  CHECK(world.held->rows().empty());
  CHECK(world.count().returned == 3);
  CHECK(world.count().dead_lettered.at(reason::unroutable) == 1);
}

TEST_CASE("a nacked message ends as nacked") {
  relay_world world{relay_world::one_route()};
  world.on_publish = [](const published& each) {
    return each.exchange == "dlx" ? answer::confirm : answer::refuse;
  };
  world.open_lanes();
  world.deliver(0);
  world.pass(1min);
  CHECK(world.count().nacked == 3);
  CHECK(world.to("dlx", "dead.orders.nacked").size() == 1);
}

TEST_CASE("a dead letter that is not accepted stays held and is tried until it is") {
  relay_world world{relay_world::one_route()};
  bool exchange_exists = false;
  world.on_publish = [&](const published&) { return exchange_exists ? answer::confirm : answer::give_back; };
  world.open_lanes();
  proto::event::delivered bad;
  bad.tag = 1;
  proto::header_editor headers{{}};
  headers.set_text("x-delay", "soon");
  const std::string table = headers.encode();
  proto::properties_view view;
  view.headers = table;
  bad.content = {"shop", "k", proto::encode(view), "bad"};
  world.engine.on_delivery(1, 1, std::move(bad), world.now);
  world.pass(3h);
  CHECK(world.held->rows().size() == 1);
  CHECK(world.count().dead_letter_failures > 1000); // one message tries every five seconds
  CHECK(world.held->rows().begin()->second.publish_failures < 3);
  CHECK(world.count().dead_lettered.empty());
  exchange_exists = true;
  world.pass(15min);
  CHECK(world.held->rows().empty());
  CHECK(world.count().dead_lettered.at(reason::bad_delay) == 1);
  CHECK(world.publishes.back().header("postponed-error").find("x-delay") != std::string::npos);
}

TEST_CASE("too large a body goes to the dead letter at once") {
  auto limits = relay_world::one_route();
  limits.routes[0].max_size = 10;
  relay_world world{limits};
  world.open_lanes();
  world.deliver(60000, std::string(11, 'x'));
  world.settle();
  REQUIRE(world.to("dlx", "dead.orders.too_large").size() == 1);
  CHECK(world.to("dlx", "dead.orders.too_large")[0].body.size() == 11);
}

TEST_CASE("after a lost connection what was unconfirmed is published again with the same id, at no attempt's "
          "cost") {
  relay_world world{relay_world::one_route()};
  world.on_publish = [](const published&) { return answer::silence; };
  world.open_lanes();
  world.deliver(10, "a");
  world.deliver(10, "b");
  world.pass(20ms);
  REQUIRE(world.publishes.size() == 2);
  world.lose_connection();
  CHECK(world.publishes.size() == 2);
  world.on_publish = [](const published&) { return answer::confirm; };
  world.open_lanes();
  REQUIRE(world.publishes.size() == 4);
  CHECK(world.publishes[2].header("postponed-id") == world.publishes[0].header("postponed-id"));
  CHECK(world.publishes[2].body == "a");
  CHECK(world.publishes[3].body == "b");
  CHECK(world.count().repeated == 2);
  CHECK(world.held->rows().empty());
}

TEST_CASE(
    "a destination that never confirms does not hold up another, and gets its messages when it answers") {
  auto limits = two_routes();
  limits.confirm_window = 10;
  relay_world world{limits};
  bool silent = true;
  world.on_publish = [&](const published& each) {
    return silent && each.routing_key == "orders.work" ? answer::silence : answer::confirm;
  };
  world.open_lanes();
  for (int i = 0; i < 100; ++i)
    world.deliver(100, std::string(50, 'o'), 0);
  for (int i = 0; i < 100; ++i)
    world.deliver(100 + i * 100, std::string(50, 'p'), 1);
  world.pass(11s);
  CHECK(world.count("payments").confirmed == 100);
  CHECK(world.count("payments").lateness.counts[0] == 100);
  silent = false;
  world.pass(5min);
  CHECK(world.count("orders").confirmed == 100);
  CHECK(world.held->rows().empty());
}

TEST_CASE("a missing exchange closes the channel once, and costs only its own messages an attempt") {
  auto limits = two_routes();
  limits.routes[0].release = {"gone", "k", std::nullopt, false};
  relay_world world{limits};
  std::vector<published> in_flight;
  world.on_publish = [&](const published& each) {
    if (each.exchange == "dlx") return answer::confirm;
    in_flight.push_back(each);
    return answer::silence;
  };
  world.open_lanes();
  for (int i = 0; i < 5; ++i) {
    world.deliver(10, "to gone", 0);
    world.deliver(10, "to payments", 1);
  }
  world.pass(20ms);
  REQUIRE(in_flight.size() == 10);
  world.engine.on_lane_lost(relay::lane::main, 404, "NOT_FOUND - no exchange 'gone' in vhost '/'", world.now);
  world.settle();
  world.on_publish = [](const published&) { return answer::confirm; };
  world.engine.on_lane_open(relay::lane::main, world.now);
  world.settle();
  CHECK(world.count("payments").confirmed == 5);
  CHECK(world.count("orders").confirmed == 0);
  world.pass(10ms);
  // While the exchange is avoided nothing more is published to it, so that the channel stays.
  world.deliver(0, "late comer", 0);
  CHECK(world.to("gone", "k").size() == 5);
  world.pass(10s);
  CHECK(world.count("orders").confirmed == 6); // it exists by then
}

TEST_CASE("an exchange that was refused is tried apart from the others until it accepts something") {
  auto limits = two_routes();
  limits.routes[0].release = {"gone", "k", std::nullopt, false};
  limits.routes[0].publish_attempts = 10;
  relay_world world{limits};
  const std::string text = "NOT_FOUND - no exchange 'gone' in vhost '/'";
  std::vector<published> tried;
  const auto silent_about_it = [&](const published& each) {
    if (each.exchange != "gone") return answer::confirm;
    tried.push_back(each);
    return answer::silence;
  };
  world.on_publish = silent_about_it;
  world.open_lanes();
  for (int i = 0; i < 5; ++i)
    world.deliver(0, "to gone", 0);
  REQUIRE(tried.size() == 5);
  CHECK(tried.front().on == relay::lane::main);
  world.engine.on_lane_lost(relay::lane::main, 404, text, world.now);
  world.engine.on_lane_open(relay::lane::main, world.now);
  world.settle();
  tried.clear();
  for (int round = 0; round < 3; ++round) {
    for (int seconds = 0; tried.empty() && seconds < 30; ++seconds) // its back-off grows
      world.pass(1s);
    REQUIRE(tried.size() == 1); // one alone, whatever waits
    CHECK(tried.front().on == relay::lane::probe);
    world.deliver(0, "to payments", 1);
    CHECK(world.count("payments").confirmed == static_cast<std::uint64_t>(round + 1)); // not held up
    tried.clear();
    world.engine.on_lane_lost(relay::lane::probe, 404, text, world.now);
    world.engine.on_lane_open(relay::lane::probe, world.now);
    world.settle();
  }
  CHECK(world.count("payments").unknown == 0); // nothing else paid for it
  world.on_publish = [](const published&) { return answer::confirm; };
  world.pass(60s);
  CHECK(world.count("orders").held_messages == 0);
  world.publishes.clear();
  world.deliver(0, "it exists again", 0);
  REQUIRE(world.publishes.size() == 1);
  CHECK(world.publishes.front().on == relay::lane::main);
}

TEST_CASE("a message that closes the channel for a reason of its own is found out and dead-lettered alone") {
  relay_world world{relay_world::one_route()};
  std::vector<published> on_main;
  world.on_publish = [&](const published& each) {
    if (each.exchange == "dlx") return answer::confirm;
    if (each.on == relay::lane::main) {
      on_main.push_back(each);
      return answer::silence;
    }
    return each.body == "culprit" ? answer::silence : answer::confirm;
  };
  world.open_lanes();
  for (const char* body : {"a", "culprit", "b"})
    world.deliver(10, body);
  world.pass(20ms);
  REQUIRE(on_main.size() == 3);
  world.engine.on_lane_lost(relay::lane::main, 406, "PRECONDITION_FAILED - invalid expiration 'x'",
                            world.now);
  world.engine.on_lane_open(relay::lane::main, world.now);
  world.settle();
  for (int attempt = 0; attempt < 3; ++attempt) {
    world.engine.on_lane_lost(relay::lane::probe, 406, "PRECONDITION_FAILED - invalid expiration 'x'",
                              world.now);
    world.engine.on_lane_open(relay::lane::probe, world.now);
    world.pass(10s);
  }
  CHECK(on_main.size() == 3); // never on the main lane again
  CHECK(world.count().confirmed == 2);
  REQUIRE(world.to("dlx", "dead.orders.nacked").size() == 1);
  CHECK(world.to("dlx", "dead.orders.nacked")[0].body == "culprit");
  CHECK(world.to("dlx", "dead.orders.nacked")[0].header("postponed-error").find("expiration") !=
        std::string::npos);
  CHECK(world.held->rows().empty());
}

TEST_CASE("a message that takes the whole connection down is found out too") {
  relay_world world{relay_world::one_route()};
  bool down = false;
  world.on_publish = [&](const published& each) {
    if (each.exchange == "dlx") return answer::confirm;
    if (each.body == "poison") down = true;
    return down ? answer::silence : answer::confirm;
  };
  world.open_lanes();
  world.deliver(10, "poison");
  world.deliver(10, "fine");
  world.pass(20ms);
  for (int round = 0; round < 20 && !world.held->rows().empty(); ++round) {
    if (down) {
      down = false;
      world.lose_connection(505, "UNEXPECTED_FRAME");
      world.open_lanes();
    }
    world.pass(2s);
  }
  CHECK(world.held->rows().empty());
  CHECK(world.count().confirmed == 1);
  CHECK(world.to("dlx", "dead.orders.nacked").size() == 1);
}

TEST_CASE("a suspect that is given back, and whose destination is then left alone, holds up nobody") {
  auto limits = relay_world::one_route();
  limits.routes[0].circuit = relay::circuit_policy{1, 10s};
  limits.routes.push_back(relay_world::route("payments"));
  relay_world world{limits};
  bool down = false;
  world.on_publish = [&](const published& each) {
    if (each.body == "poison") down = true;
    if (down) return answer::silence;
    return each.routing_key == "orders.work" ? answer::give_back : answer::confirm;
  };
  world.open_lanes();
  world.deliver(10, "poison", 1);
  world.deliver(10, "returned", 0);
  world.pass(20ms);
  for (int round = 0; round < 20; ++round) {
    if (down) {
      down = false;
      world.lose_connection(505, "UNEXPECTED_FRAME");
      world.open_lanes();
    }
    world.pass(2s);
  }
  REQUIRE(world.count().parked == 1);
  world.deliver(10, "fine", 1);
  world.pass(1s);
  CHECK(world.count("payments").confirmed == 1);
}

TEST_CASE("a release key longer than AMQP allows is unroutable, not cut") {
  auto limits = relay_world::one_route();
  limits.routes[0].release = {"shop", std::string(200, 'k') + ".{route}.{routing_key}" + std::string(60, 'k'),
                              std::nullopt, false};
  relay_world world{limits};
  world.open_lanes();
  world.deliver(0);
  world.pass(1min);
  REQUIRE(world.publishes.size() == 1);
  CHECK(world.publishes[0].exchange == "dlx");
  CHECK(world.publishes[0].header("postponed-error").find("255") != std::string::npos);
}

TEST_CASE(
    "headers that fit no frame with ours added are too large, and the body still reaches the dead letter") {
  relay_world world{relay_world::one_route()};
  world.engine.set_properties_max(400);
  world.open_lanes();
  proto::event::delivered big;
  big.tag = 1;
  proto::header_editor headers{{}};
  headers.set_text("long", std::string(380, 'h'));
  const std::string table = headers.encode();
  proto::properties_view view;
  view.headers = table;
  big.content = {"shop", "k", proto::encode(view), "body"};
  world.engine.on_delivery(1, 1, std::move(big), world.now);
  world.pass(1s);
  REQUIRE(world.publishes.size() == 1);
  CHECK(world.publishes[0].exchange == "dlx");
  CHECK(world.publishes[0].header("postponed-reason") == "too_large");
  CHECK(world.publishes[0].body == "body");
}
