// What holds messages back: pace, pause, lateness, circuits; and a reload while all that is going on.
#include "unit/relay/relay_world.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace postponed;
using namespace postponed::test;
using answer = relay_world::answer;

namespace {

relay::parameters two_routes() {
  auto limits = relay_world::one_route();
  limits.routes.push_back(relay_world::route("payments"));
  return limits;
}

relay::parameters one_route_with_circuit() {
  auto limits = relay_world::one_route();
  limits.horizon_rows = 4000;
  limits.routes[0].circuit = relay::circuit_policy{5, 10s};
  return limits;
}

store::route_pause pausing(const std::string& route, bool paused) {
  return {route, paused, "a test", "to see", {}};
}

} // namespace

TEST_CASE("a rate smears a spike evenly, and delays no other route") {
  auto limits = two_routes();
  limits.routes[0].rate = 100;
  relay_world world{limits};
  world.open_lanes();
  for (int i = 0; i < 300; ++i)
    world.deliver(1000, "o", 0);
  for (int i = 0; i < 300; ++i)
    world.deliver(1000, "p", 1);
  const wall_time due = world.now.wall + 1s;
  world.pass(1s);
  CHECK(world.count("payments").confirmed == 300);
  CHECK(world.count().confirmed <= 3);
  CHECK(world.count().paced > 0);
  world.pass(1s);
  CHECK(world.count().confirmed >= 99);
  CHECK(world.count().confirmed <= 103);
  world.pass(2s + 10ms);
  CHECK(world.count().confirmed == 300);
  CHECK(world.count().paced == 0);
  for (const published& each : world.to("", "orders.work"))
    CHECK(each.at >= due);
}

TEST_CASE("a backlog behind a rate keeps neither memory nor another route waiting") {
  auto limits = two_routes();
  limits.routes[0].rate = 10;
  limits.horizon_rows = 2000; // at most 1,000 of one route
  limits.body_cache = 5000;
  relay_world world{limits};
  world.open_lanes();
  for (int i = 0; i < 4000; ++i)
    world.deliver(30000, std::string(100, 'o'), 0);
  world.pass(31s);
  world.deliver(1000, "p", 1);
  world.pass(1s + 10ms);
  CHECK(world.count("payments").confirmed == 1);
  CHECK(world.engine.count().horizon_rows <= 2500);
  CHECK(world.engine.count().staged_bytes <= 5200);
  world.pass(7min);
  CHECK(world.count().confirmed == 4000);
  CHECK(world.held->rows().empty());
}

TEST_CASE("a paused route releases nothing, takes on, and outlives a restart; resumed, all of it goes") {
  auto kept = std::make_shared<memory_store>();
  {
    relay_world world{two_routes(), kept};
    world.open_lanes();
    world.deliver(500, "soon", 0);
    world.deliver(60000, "later", 0);
    world.deliver(500, "other", 1);
    REQUIRE(world.engine.pause(pausing("orders", true)));
    CHECK_FALSE(world.engine.pause(pausing("nobody", true)));
    world.settle();
    world.deliver(500, "while paused", 0);
    world.pass(2min);
    CHECK(world.to("", "orders.work").empty());
    CHECK(world.count("payments").confirmed == 1);
    CHECK(world.count().paused);
    CHECK(world.count().held_messages == 3);
    CHECK(world.engine.count().staged_bytes == 0);
  }
  relay_world world{two_routes(), kept};
  world.open_lanes();
  world.pass(1min);
  CHECK(world.publishes.empty());
  REQUIRE(world.engine.pause(pausing("orders", false)));
  world.settle();
  CHECK(world.to("", "orders.work").size() == 3);
  CHECK(world.held->rows().empty());
  CHECK(world.held->stats().paused.empty());
}

TEST_CASE("a pause leaves what is in flight to its confirm, and an unknown outcome on disk") {
  relay_world world{relay_world::one_route()};
  world.on_publish = [](const published&) { return answer::silence; };
  world.open_lanes();
  world.deliver(0, "a");
  REQUIRE(world.publishes.size() == 1);
  world.engine.pause(pausing("orders", true));
  world.lose_connection();
  world.on_publish = [](const published&) { return answer::confirm; };
  world.open_lanes();
  world.pass(1min);
  CHECK(world.publishes.size() == 1);
  CHECK(world.held->rows().size() == 1);
  world.engine.pause(pausing("orders", false));
  world.pass(1s);
  CHECK(world.publishes.size() == 2);
  CHECK(world.held->rows().empty());
}

TEST_CASE("what is late by more than it may be is released, buried or spread, as the route says") {
  using action = relay::late_policy::action;
  for (const action what : {action::release, action::dead_letter, action::spread}) {
    auto limits = relay_world::one_route();
    limits.routes[0].late = relay::late_policy{1h, what, 10min};
    relay_world world{limits};
    for (int i = 0; i < 3; ++i)
      world.deliver(1000);
    world.pass(1h + 2s); // no broker
    world.deliver(0, "in time");
    world.open_lanes();
    world.pass(1s);
    const auto released = world.to("", "orders.work").size();
    const auto buried = world.to("dlx", "dead.orders.late").size();
    if (what == action::release) CHECK(released == 4);
    if (what == action::dead_letter) {
      CHECK(released == 1);
      REQUIRE(buried == 3);
      CHECK(world.to("dlx", "dead.orders.late")[0].header("postponed-error").find("due at") == 0);
    }
    if (what != action::spread) continue;
    CHECK(released == 1);
    world.pass(5min); // the tests' chance is always one half
    CHECK(world.to("", "orders.work").size() == 4);
    CHECK(world.count().late_spread == 3);
  }
}

TEST_CASE("a destination that refuses everything is left alone, probed, and costs no attempts") {
  auto limits = two_routes();
  limits.routes[0].circuit = relay::circuit_policy{10, 10s};
  relay_world world{limits};
  bool well = false;
  world.on_publish = [&](const published& each) {
    return well || each.routing_key != "orders.work" ? answer::confirm : answer::give_back;
  };
  world.open_lanes();
  for (int i = 0; i < 100; ++i)
    world.deliver(100, "o" + std::to_string(i), 0);
  world.pass(30min);
  CHECK(world.count().circuits_open == 1);
  CHECK(world.count().parked >= 98);
  CHECK(world.to("dlx", "dead.orders.unroutable").empty());
  const auto tries = world.to("", "orders.work").size();
  CHECK(tries > 270); // the first of each, then one each 10 s for half an hour
  CHECK(tries < 290);
  for (const auto& [row, record] : world.held->rows())
    CHECK(record.publish_failures <= 1);
  world.deliver(0, "p", 1);
  CHECK(world.count("payments").confirmed == 1);
  well = true;
  world.pass(11s);
  CHECK(world.count().confirmed == 100);
  CHECK(world.count().circuits_open == 0);
  CHECK(world.count().parked == 0);
  CHECK(world.held->rows().empty());
}

TEST_CASE("a destination that recovers for one message, again and again, does not fill the memory") {
  relay_world world{one_route_with_circuit()};
  bool well = false;
  wall_time accepted = world.now.wall;
  world.on_publish = [&](const published& each) {
    if (!well && each.at < accepted + 9s) return answer::give_back;
    accepted = each.at;
    return answer::confirm;
  };
  world.open_lanes();
  for (int i = 0; i < 20000; ++i)
    world.deliver(1000 + i * 10, "o");
  std::size_t most = 0;
  for (int i = 0; i < 220; ++i) {
    world.pass(1s);
    most = std::max(most, world.engine.count().overdue);
  }
  CHECK(world.count().circuit_opened > 15);
  CHECK(most > 500); // what waited goes out as overdue
  CHECK(most <= 1500);
  CHECK(world.engine.count().horizon_rows + world.count().parked < 4000);
  well = true;
  world.pass(1min);
  CHECK(world.count().confirmed == 20000);
  CHECK(world.count().parked == 0);
  CHECK(world.count().circuits_open == 0);
  CHECK(world.held->rows().empty());
}

TEST_CASE("what waited for a destination is found again when the clock was set back meanwhile") {
  relay_world world{one_route_with_circuit()};
  bool well = false;
  world.on_publish = [&](const published&) { return well ? answer::confirm : answer::give_back; };
  world.open_lanes();
  world.pass(2h); // since when the horizon began
  for (int i = 0; i < 900; ++i)
    world.deliver(1000, "o");
  world.pass(1min);
  REQUIRE(world.count().parked > 800);
  world.set_clock_back(1h);
  world.pass(1s);
  well = true;
  world.pass(1min);
  CHECK(world.count().confirmed >= 890);
  world.pass(1h); // those that had been put off until a moment of the former clock
  CHECK(world.count().confirmed == 900);
  CHECK(world.held->rows().empty());
}

TEST_CASE("dead letters that nobody takes wait in memory without their bodies, with an alarm") {
  auto limits = relay_world::one_route();
  limits.routes[0].dead_letter_name = "parked";
  limits.routes[0].max_size = 10;
  limits.dead_letters = {{"parked", "", false, limits.routes[0].dead_letter, {}}};
  relay_world world{limits};
  bool there = false;
  world.on_publish = [&](const published&) { return there ? answer::confirm : answer::give_back; };
  world.open_lanes();
  for (int i = 0; i < 200; ++i)
    world.deliver(0, std::string(100, 'x'));
  world.pass(10min);
  const auto& letters = world.engine.count().dead_letters.at("parked");
  CHECK(letters.blocked);
  CHECK(letters.waiting >= 190);
  CHECK(world.held->rows().size() == 200);
  CHECK(world.engine.count().staged_bytes <= 200);
  there = true;
  world.pass(1min);
  CHECK_FALSE(letters.blocked);
  CHECK(letters.waiting == 0);
  CHECK(world.held->rows().empty());
  CHECK(world.count().dead_lettered.at(reason::too_large) == 200);
}

TEST_CASE("a reload adds, changes and removes routes without losing what they hold") {
  relay_world world{two_routes()};
  world.open_lanes();
  world.deliver(2000, "changed", 0);
  world.deliver(2000, "removed", 1);
  auto next = relay_world::one_route();
  next.routes[0].release.queue = "elsewhere";
  next.routes.push_back(relay_world::route("added"));
  world.engine.reload(next);
  world.settle();
  const auto sources = world.engine.sources();
  REQUIRE(sources.size() == 2);
  CHECK(sources[0].id == 1); // the same consumer as before
  CHECK(sources[1].name == "added");
  CHECK(sources[1].id > 2);
  proto::event::delivered stray;
  stray.tag = 99;
  CHECK_FALSE(world.engine.on_delivery(2, 1, std::move(stray), world.now));
  world.deliver(1000, "new", sources[1].id - 1);
  world.pass(3s);
  CHECK(world.to("", "elsewhere").size() == 1);
  CHECK(world.to("", "added.work").size() == 1);
  CHECK(world.to("", "payments.work").empty());
  CHECK_FALSE(world.count("payments").configured);
  CHECK(world.count("payments").held_messages == 1);
  world.engine.reload(two_routes());
  world.settle();
  REQUIRE(world.to("", "payments.work").size() == 1); // it came back, overdue
  CHECK(world.held->rows().empty());
}

TEST_CASE("after a restart what a route no longer in the file holds is an orphan, shown and kept") {
  auto kept = std::make_shared<memory_store>();
  {
    relay_world world{two_routes(), kept};
    world.deliver(0, "held", 1);
  }
  relay_world world{relay_world::one_route(), kept};
  world.open_lanes();
  world.pass(1h);
  CHECK(world.publishes.empty());
  CHECK_FALSE(world.count("payments").configured);
  CHECK(world.count("payments").held_messages == 1);
  CHECK(kept->rows().size() == 1);
}

TEST_CASE("dedup holds a key once in its window, counts the rest, and does not take a retry for a repeat") {
  auto limits = relay_world::one_route();
  limits.routes[0].dedup = relay::dedup_policy{relay::dedup_policy::key_type::message_id, "", 10min};
  limits.routes[0].retry = relay::retry_parameters{};
  relay_world world{limits};
  world.open_lanes();
  world.deliver_with({}, std::nullopt, 1, "a", "m-1");
  world.deliver_with({}, std::nullopt, 1, "a again", "m-1");
  world.deliver_with({}, std::nullopt, 1, "b", "m-2");
  CHECK(world.count().suppressed == 1);
  CHECK(world.to("", "orders.work").size() == 2);
  CHECK(world.acks.back().tag == 3);
  world.deliver_with({{"postponed-attempt", "1"}}, relay_world::death{"orders.work", "rejected"}, 1, "a",
                     "m-1");
  world.pass(5s);
  CHECK(world.to("", "orders.work").size() == 3);
  world.pass(11min);
  world.deliver_with({}, std::nullopt, 1, "a much later", "m-1");
  CHECK(world.to("", "orders.work").size() == 4);
  CHECK(world.count().suppressed == 1);
}

TEST_CASE("a backlog goes out at its rate after a downtime, and what comes due meanwhile is on time") {
  const auto kept = std::make_shared<memory_store>();
  {
    relay_world before{relay_world::one_route(), kept};
    for (int i = 0; i < 5000; ++i)
      before.deliver(1000, "overdue");
  }
  auto limits = relay_world::one_route();
  limits.horizon_rows = 2000;
  limits.catch_up.rate = 500;
  relay_world world{limits, kept};
  world.now.wall += 1h;
  world.open_lanes();
  std::size_t fresh = 0;
  for (int i = 0; i < 40; ++i) {
    const wall_time due = world.now.wall + 150ms;
    world.deliver(150, "new");
    world.pass(200ms);
    for (; fresh < world.publishes.size(); ++fresh)
      if (world.publishes[fresh].body == "new") REQUIRE(world.publishes[fresh].at <= due + 1ms);
  }
  const auto sent = [&](const std::string& body) {
    return std::count_if(world.publishes.begin(), world.publishes.end(),
                         [&](const published& each) { return each.body == body; });
  };
  CHECK(sent("new") == 40);
  CHECK(sent("overdue") >= 3900); // 8 s
  CHECK(sent("overdue") <= 4100);
  CHECK(world.engine.count().overdue > 0);
  CHECK(world.engine.count().horizon_rows + world.engine.count().overdue <= 2500);
  world.pass(3s);
  CHECK(sent("overdue") == 5000);
  CHECK(world.engine.count().overdue == 0);
  CHECK(kept->rows().empty());
}

TEST_CASE("the backlog of a route with a pace does not keep another route's waiting") {
  auto limits = two_routes();
  limits.routes[0].rate = 1;
  limits.catch_up.rate = 50;
  const auto kept = std::make_shared<memory_store>();
  {
    relay_world before{limits, kept};
    for (int i = 0; i < 1000; ++i)
      before.deliver(1000, "overdue", i % 2);
  }
  relay_world world{limits, kept};
  world.now.wall += 1h;
  world.open_lanes();
  world.pass(10s);
  CHECK(world.count("orders").confirmed <= 12);
  CHECK(world.count("payments").confirmed >= 300);
}

TEST_CASE("of a backlog no page is loaded before all of the last one is counted") {
  auto limits = two_routes();
  limits.routes[0].rate = 1;
  // Pages of 2,000, more than are handed out at once; 2,500 of one route, 10,000 in all.
  limits.horizon_rows = 40000;
  const auto kept = std::make_shared<memory_store>();
  {
    relay_world before{limits, kept};
    for (int i = 0; i < 12000; ++i)
      before.deliver(1000, "overdue", 0);
    before.pass(1ms);
    for (int i = 0; i < 100; ++i)
      before.deliver(1000, "overdue", 1);
  }
  relay_world world{limits, kept};
  world.now.wall += 1h;
  world.open_lanes();
  world.pass(3s);
  CHECK(world.count("payments").confirmed == 100);
  CHECK(world.engine.count().overdue <= 4500);
}

TEST_CASE("a backlog that the broker cannot take as fast does not stand in the way of what comes due") {
  const auto kept = std::make_shared<memory_store>();
  {
    relay_world before{relay_world::one_route(), kept};
    for (int i = 0; i < 5000; ++i)
      before.deliver(1000, "overdue");
  }
  relay_world world{relay_world::one_route(), kept};      // 5,000 a second
  std::deque<std::pair<std::uint64_t, bool>> unconfirmed; // tag, and whether it is new
  world.on_publish = [&](const published& each) {
    unconfirmed.emplace_back(each.tag, each.body == "new");
    return answer::silence;
  };
  world.now.wall += 1h;
  world.open_lanes();
  std::size_t overdue = 0, soon = 0;
  std::deque<wall_time> due;
  for (int ms = 0; ms < 4000; ++ms) { // it takes 1,000 a second
    if (ms % 10 == 0) {
      world.deliver(100, "new");
      due.push_back(world.now.wall + 100ms);
    }
    world.pass(1ms);
    if (unconfirmed.empty()) continue;
    const auto [tag, is_new] = unconfirmed.front();
    unconfirmed.pop_front();
    world.engine.on_confirmed(relay::lane::main, tag, false, world.now);
    world.settle();
    if (!is_new) {
      ++overdue;
      continue;
    }
    if (world.now.wall - due.front() <= 25ms) ++soon;
    due.pop_front();
  }
  CHECK(overdue > 3400);
  CHECK(soon >= 370); // of 390
}
