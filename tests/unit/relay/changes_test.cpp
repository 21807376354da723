// What a person may do to a message, in every phase of its way: cancelled it is never published afterwards,
// published it is never told to be cancelled.
#include "unit/relay/relay_world.hpp"

#include <catch2/catch.hpp>

using namespace postponed;
using namespace postponed::test;
using standing = relay::engine::standing;
using answer = relay_world::answer;

namespace {

struct changing_world : relay_world {
  using relay_world::relay_world;

  held_id id_of(std::size_t index = 0) const { return std::next(held->rows().begin(), index)->second.id; }
  standing change(const held_id& id, std::optional<wall_time> due) {
    return engine.change({{++token, id, due}}).front();
  }
  standing cancel(const held_id& id) { return change(id, std::nullopt); }
  // Of the last one: whether the row was held; nothing where there is no answer yet.
  std::optional<bool> outcome() {
    for (store::change_outcome& each : engine.take_changed())
      changed.push_back(each);
    if (changed.empty() || changed.back().token != token) return std::nullopt;
    return changed.back().held;
  }

  std::uint64_t token = 0;
  std::vector<store::change_outcome> changed;
};

relay::parameters careful_route() {
  relay::parameters limits = relay_world::one_route();
  limits.routes[0].circuit = relay::circuit_policy{2, 10s};
  return limits;
}

} // namespace

TEST_CASE(
    "a message that waits on disk or in the wheel is cancelled: answered when durable, never published") {
  for (const std::int64_t delay : {30'000, 7'200'000}) { // in the horizon; beyond it
    changing_world world{relay_world::one_route()};
    world.open_lanes();
    world.deliver(delay);
    const held_id id = world.id_of();
    world.store_works = false;
    REQUIRE(world.cancel(id) == standing::free);
    world.settle();
    CHECK_FALSE(world.outcome());
    CHECK(world.count().held_messages == 1);
    world.store_works = true;
    world.settle();
    CHECK(world.outcome() == true);
    CHECK(world.held->rows().empty());
    CHECK(world.count().held_messages == 0);
    CHECK(world.count().held_bytes == 0);
    CHECK(world.count().cancelled == 1);
    world.pass(3h);
    CHECK(world.publishes.empty());
    CHECK(world.engine.drained());
    // The second word comes too late, and is told so.
    REQUIRE(world.cancel(id) == standing::free);
    world.settle();
    CHECK(world.outcome() == false);
    CHECK(world.count().cancelled == 1);
  }
}

TEST_CASE("from the cancel until its commit nothing is published, though it becomes due meanwhile") {
  changing_world world{relay_world::one_route()};
  world.open_lanes();
  world.deliver(30'000, "read in time");
  world.deliver(5'000, "kept in memory since its intake");
  world.pass(4'500ms);
  world.store_works = false;
  REQUIRE(world.cancel(world.id_of(0)) == standing::free);
  REQUIRE(world.cancel(world.id_of(1)) == standing::free);
  world.pass(60s);
  CHECK(world.publishes.empty());
  world.store_works = true;
  world.settle();
  CHECK(world.held->rows().empty());
  world.pass(60s);
  CHECK(world.publishes.empty());
  CHECK(world.count().held_messages == 0);
  CHECK(world.engine.count().staged_bytes == 0);
}

TEST_CASE("what is due and waits for the broker, a token or a destination is cancelled too") {
  SECTION("no connection") {
    changing_world world{relay_world::one_route()};
    world.deliver(std::nullopt);
    world.pass(1s);
    REQUIRE(world.cancel(world.id_of()) == standing::free);
    world.settle();
    CHECK(world.outcome() == true);
    world.open_lanes();
    world.pass(1h);
    CHECK(world.publishes.empty());
    CHECK(world.engine.count().staged_bytes == 0);
  }
  SECTION("the route's pace") {
    relay::parameters limits = relay_world::one_route();
    limits.routes[0].rate = 1;
    changing_world world{limits};
    world.open_lanes();
    for (int i = 0; i < 5; ++i)
      world.deliver(std::nullopt, "paced " + std::to_string(i));
    world.settle();
    const std::size_t before = world.publishes.size();
    REQUIRE(world.count().paced == 5 - before);
    REQUIRE(world.cancel(world.id_of(1)) == standing::free); // the rows left are those not yet published
    CHECK(world.count().paced == 5 - before - 1);
    world.settle();
    CHECK(world.outcome() == true);
    world.pass(20s);
    CHECK(world.publishes.size() == 4);
    CHECK(world.count().paced == 0);
    CHECK(world.held->rows().empty());
  }
  SECTION("a destination that refuses everything") {
    changing_world world{careful_route()};
    world.open_lanes();
    world.on_publish = [](const published&) { return answer::give_back; };
    for (int i = 0; i < 5; ++i)
      world.deliver(std::nullopt, "parked " + std::to_string(i));
    world.pass(5s);
    REQUIRE(world.count().parked > 1);
    const auto parked = world.count().parked;
    const held_id id = world.id_of(4);
    REQUIRE(world.cancel(id) == standing::free);
    CHECK(world.count().parked == parked - 1);
    world.settle();
    REQUIRE(world.outcome() == true);
    world.on_publish = [](const published&) { return answer::confirm; };
    world.publishes.clear();
    world.pass(10min);
    CHECK(world.publishes.size() == 4);
    for (const published& each : world.publishes)
      CHECK(each.header("postponed-id") != to_string(id));
    CHECK(world.held->rows().empty());
    CHECK(world.count().parked == 0);
    CHECK(world.count().circuits_open == 0);
  }
}

TEST_CASE("the one that tries a broken destination is cancelled, and another tries it") {
  changing_world world{careful_route()};
  world.open_lanes();
  world.on_publish = [](const published&) { return answer::give_back; };
  for (int i = 0; i < 4; ++i)
    world.deliver(std::nullopt, "parked " + std::to_string(i));
  world.pass(3s);
  REQUIRE(world.count().parked == 4);
  world.on_publish = [](const published&) { return answer::confirm; };
  // The probe is chosen and its body asked for, but not yet read.
  world.now.wall += 20s;
  world.now.steady += 20s;
  relay::actions wanted;
  world.engine.run(world.now, wanted);
  REQUIRE(wanted.reads.size() == 1);
  REQUIRE(world.cancel(wanted.reads[0]) == standing::free);
  world.engine.on_read(wanted.reads, *world.held->read(wanted.reads));
  world.settle();
  CHECK(world.outcome() == true);
  world.pass(10min);
  CHECK(world.publishes.size() > 3);
  CHECK(world.held->rows().empty());
  CHECK(world.count().parked == 0);
}

TEST_CASE("what is published, or being marked, is not cancelled; nor what may have been delivered") {
  changing_world world{relay_world::one_route()};
  world.open_lanes();
  world.on_publish = [](const published&) { return answer::silence; };
  world.deliver(std::nullopt);
  const held_id id = world.id_of();
  REQUIRE(world.publishes.size() == 1);
  CHECK(world.cancel(id) == standing::in_flight);
  CHECK(world.change(id, world.now.wall + 1h) == standing::in_flight);
  CHECK_FALSE(world.engine.has_batch());
  SECTION("confirmed, not yet marked done") {
    world.store_works = false;
    world.engine.on_confirmed(relay::lane::main, 1, false, world.now);
    CHECK(world.cancel(id) == standing::in_flight);
    world.store_works = true;
    world.settle();
    REQUIRE(world.cancel(id) == standing::free);
    world.settle();
    CHECK(world.outcome() == false);
    CHECK(world.count().cancelled == 0);
  }
  SECTION("the connection was lost: the outcome is unknown until a confirm") {
    world.lose_connection();
    CHECK(world.cancel(id) == standing::uncertain);
    world.pass(1min);
    CHECK(world.cancel(id) == standing::uncertain);
    world.on_publish = [](const published&) { return answer::confirm; };
    world.open_lanes();
    world.settle();
    CHECK(world.publishes.size() == 2);
    CHECK(world.held->rows().empty());
    REQUIRE(world.cancel(id) == standing::free);
    world.settle();
    CHECK(world.outcome() == false);
  }
  SECTION("no confirm came in time") {
    world.pass(45s);
    CHECK(world.cancel(id) != standing::free);
    CHECK(world.held->rows().size() == 1);
  }
}

TEST_CASE("what was returned waits for its next try, and can be cancelled") {
  changing_world world{relay_world::one_route()};
  world.open_lanes();
  world.on_publish = [](const published&) { return answer::give_back; };
  world.deliver(std::nullopt);
  REQUIRE(world.publishes.size() == 1);
  REQUIRE(world.cancel(world.id_of()) == standing::free);
  world.settle();
  CHECK(world.outcome() == true);
  world.pass(1h);
  CHECK(world.publishes.size() == 1);
  CHECK(world.held->rows().empty());
}

TEST_CASE("a dead letter on its way is cancelled as well, and its destination's gauge is right") {
  relay::parameters limits = relay_world::one_route();
  limits.routes[0].dead_letter_name = "bin";
  limits.dead_letters = {{"bin", "bin.q", false, {}, {}}};
  changing_world world{limits};
  world.open_lanes();
  world.on_publish = [](const published&) { return answer::give_back; };
  for (int i = 0; i < 6; ++i)
    world.deliver_with({{"x-delay", "no number"}});
  world.pass(10s);
  const auto waiting = world.engine.count().dead_letters.at("bin").waiting;
  REQUIRE(waiting > 1);
  const held_id id = world.id_of(5);
  REQUIRE(world.cancel(id) == standing::free);
  CHECK(world.engine.count().dead_letters.at("bin").waiting == waiting - 1);
  world.settle();
  CHECK(world.outcome() == true);
  CHECK(world.held->rows().size() == 5);
}

TEST_CASE("a message is moved: later and earlier, near and far, and goes exactly once, at its new time") {
  struct move {
    std::int64_t delay_ms;
    microseconds to; // from now
  };
  const move each = GENERATE(move{30'000, 50s}, move{30'000, 10s}, move{30'000, 6h}, move{86'400'000, 20s},
                             move{86'400'000, 7h}, move{30'000, 30'500ms}, move{5'000, 5'400ms},
                             move{86'400'000, 0s}, move{30'000, 0s}, move{5'000, 0s});
  changing_world world{relay_world::one_route()};
  world.open_lanes();
  world.deliver(each.delay_ms);
  const held_id id = world.id_of();
  const wall_time due = world.now.wall + each.to;
  REQUIRE(world.change(id, due) == standing::free);
  world.settle();
  CHECK(world.outcome() == true);
  CHECK(world.count().rescheduled == 1);
  world.pass(48h);
  REQUIRE(world.publishes.size() == 1);
  CHECK(world.publishes[0].at >= due);
  CHECK(world.publishes[0].at <= due + 2ms);
  CHECK(world.publishes[0].header("postponed-id") == to_string(id));
  CHECK(world.held->rows().empty());
  CHECK(world.count().held_messages == 0);
}

TEST_CASE("a message that is moved again and again, staged or not, is never early and never twice") {
  changing_world world{relay_world::one_route()};
  world.open_lanes();
  world.deliver(3'000);
  const held_id id = world.id_of();
  wall_time due{};
  for (const int step : {2'000, 2'500, 900, 40'000, 1'200, 1'100, 3'000, 100'000, 700, 60'000, 1'500}) {
    due = world.now.wall + step * 1ms;
    REQUIRE(world.change(id, due) == standing::free);
    world.pass(600ms); // bodies are read a second ahead: some are staged when they are moved
    world.outcome();
  }
  REQUIRE(world.publishes.empty());
  world.pass(10min);
  REQUIRE(world.publishes.size() == 1);
  CHECK(world.publishes[0].at >= due);
  CHECK(world.publishes[0].at <= due + 2ms);
  CHECK(world.engine.count().staged_bytes == 0);
}

TEST_CASE("two words on one message are obeyed in turn") {
  changing_world world{relay_world::one_route()};
  world.open_lanes();
  world.deliver(5'000);
  const held_id id = world.id_of();
  REQUIRE(world.change(id, world.now.wall + 2s) == standing::free);
  SECTION("moved, then cancelled") {
    REQUIRE(world.cancel(id) == standing::free);
    world.settle();
    CHECK(world.outcome() == true);
    world.pass(1min);
    CHECK(world.publishes.empty());
    CHECK(world.count().held_messages == 0);
  }
  SECTION("moved, then moved in the next batch, which is gathered while the first is written") {
    const store::batch first = world.engine.take_batch();
    REQUIRE(world.change(id, world.now.wall + 4s) == standing::free);
    store::batch copy = first;
    world.engine.on_committed(*world.held->commit(std::move(copy), world.now.wall), 1);
    world.settle();
    world.pass(1min);
    REQUIRE(world.publishes.size() == 1);
    CHECK(world.held->rows().empty());
    CHECK(world.changed.size() + world.engine.take_changed().size() == 2);
  }
  SECTION("cancelled in the same batch, then moved: too late") {
    REQUIRE(world.cancel(id) == standing::free);
    REQUIRE(world.change(id, world.now.wall + 1s) == standing::free);
    world.settle();
    CHECK(world.outcome() == false);
    world.pass(1min);
    CHECK(world.publishes.empty());
  }
}

TEST_CASE("a pause, a resume and a reload between a word and its commit change nothing of it") {
  changing_world world{relay_world::one_route()};
  world.open_lanes();
  world.deliver(2'000, "cancelled");
  world.deliver(2'000, "moved");
  world.store_works = false;
  REQUIRE(world.cancel(world.id_of(0)) == standing::free);
  REQUIRE(world.change(world.id_of(1), world.now.wall + 30s) == standing::free);
  const wall_time due = world.now.wall + 30s;
  world.engine.pause({"orders", true, "a test", "", {}});
  world.settle();
  world.pass(5s);
  world.engine.pause({"orders", false, "a test", "", {}});
  world.engine.reload(relay_world::one_route());
  world.pass(5s);
  CHECK(world.publishes.empty());
  world.store_works = true;
  world.pass(10s);
  CHECK(world.publishes.empty());
  world.pass(1min);
  REQUIRE(world.publishes.size() == 1);
  CHECK(world.publishes[0].body == "moved");
  CHECK(world.publishes[0].at >= due);
}

TEST_CASE("many are cancelled at once while others wait for the same destination") {
  changing_world world{relay_world::one_route()};
  for (int i = 0; i < 200; ++i)
    world.deliver(std::nullopt, "body " + std::to_string(i));
  world.pass(1s);
  std::vector<store::held_change> all;
  for (std::size_t i = 0; i < 200; i += 2)
    all.push_back({i, world.id_of(i), std::nullopt});
  for (const standing each : world.engine.change(all))
    CHECK(each == standing::free);
  world.settle();
  CHECK(world.engine.take_changed().size() == 100);
  CHECK(world.count().held_messages == 100);
  world.open_lanes();
  world.pass(1s);
  CHECK(world.publishes.size() == 100);
  CHECK(world.held->rows().empty());
  CHECK(world.engine.count().staged_bytes == 0);
}

TEST_CASE("a message scheduled by HTTP is answered when durable, counted, and released") {
  changing_world world{relay_world::one_route()};
  world.open_lanes();
  const auto schedule = [&](std::string route, std::optional<direct_target> to, microseconds in,
                            std::uint64_t key = 0) {
    store::insert_request request;
    request.token = ++world.token;
    request.record.route = std::move(route);
    request.record.due = world.now.wall + in;
    request.record.first_seen = world.now.wall;
    request.record.content = relay_world::message(std::nullopt, "by hand");
    if (to)
      request.record.content.exchange = to->exchange, request.record.content.routing_key = to->routing_key;
    request.record.to = std::move(to);
    request.dedup = {key, key};
    request.content = {9, key};
    request.dedup_until = world.now.wall + 24h;
    world.engine.schedule(std::move(request));
  };
  SECTION("by a route") {
    world.store_works = false;
    schedule("orders", {}, 10s);
    world.settle();
    CHECK(world.engine.take_scheduled().empty());
    world.store_works = true;
    world.settle();
    const auto outcomes = world.engine.take_scheduled();
    REQUIRE(outcomes.size() == 1);
    CHECK(outcomes[0].token == 1);
    CHECK(outcomes[0].held.id == world.id_of());
    CHECK(world.count().held_messages == 1);
    CHECK(world.count().scheduled == 1);
    world.pass(1min);
    REQUIRE(world.to("", "orders.work").size() == 1);
    CHECK(world.count().held_messages == 0);
  }
  SECTION("straight to a queue, while no route knows of it; also after a reload and a restart") {
    schedule(relay::scheduled_route, direct_target{"", "somewhere"}, 10s);
    schedule(relay::scheduled_route, direct_target{"", "somewhere"}, 1h);
    world.settle();
    CHECK(world.engine.take_scheduled().size() == 2);
    world.engine.reload(relay_world::one_route());
    world.pass(1min);
    CHECK(world.to("", "somewhere").size() == 1);
    relay_world again{relay_world::one_route(), world.held};
    again.now = world.now;
    again.open_lanes();
    again.pass(2h);
    CHECK(again.to("", "somewhere").size() == 1);
    CHECK(again.count(relay::scheduled_route).configured);
  }
  SECTION("one that nobody takes is never lost: there is no dead letter, so it is tried for ever") {
    world.on_publish = [](const published&) { return answer::give_back; };
    schedule(relay::scheduled_route, direct_target{"", "nowhere"}, 0s);
    world.pass(24h);
    CHECK(world.held->rows().size() == 1);
    world.on_publish = [](const published&) { return answer::confirm; };
    world.pass(1h);
    CHECK(world.held->rows().empty());
  }
  SECTION("the same idempotency key holds one message, and answers with it") {
    schedule("orders", {}, 10s, 5);
    schedule("orders", {}, 10s, 5);
    world.settle();
    const auto outcomes = world.engine.take_scheduled();
    REQUIRE(outcomes.size() == 2);
    CHECK(outcomes[1].suppressed);
    CHECK(outcomes[1].duplicate);
    CHECK(outcomes[1].held.id == outcomes[0].held.id);
    CHECK(world.held->rows().size() == 1);
    CHECK(world.count().held_messages == 1);
  }
}

TEST_CASE("what happened to a message is remembered, step by step, with its times") {
  changing_world world{relay_world::one_route()};
  world.open_lanes();
  int times = 0;
  world.on_publish = [&](const published&) { return ++times == 1 ? answer::give_back : answer::confirm; };
  world.deliver(10'000);
  const held_id id = world.id_of();
  const wall_time begin = world.now.wall;
  world.pass(1s);
  world.change(id, begin + 5s);
  world.pass(1min);
  const auto past = world.engine.past().of(id.row);
  using relay::step;
  std::vector<step> steps;
  for (const relay::history_event& each : past)
    steps.push_back(each.what);
  CHECK(steps == std::vector<step>{step::received, step::stored, step::rescheduled, step::published,
                                   step::returned, step::deferred, step::published, step::confirmed});
  REQUIRE(past.size() == 8);
  CHECK(past[0].at == begin);
  CHECK(past[3].at >= begin + 5s);
  CHECK(past[6].at >= past[5].at + 1s);
}

TEST_CASE("the history forgets the oldest first, and tells those who watch what they missed") {
  relay::history past{24 * 100};
  for (int i = 1; i <= 250; ++i)
    past.add(i % 10, 1, relay::step::stored, wall_time{std::chrono::seconds{i}});
  CHECK(past.last() == 250);
  CHECK(past.of(3).size() == 10);
  CHECK(past.of(3).front().at == wall_time{153s});
  const auto next = past.after(0, 30);
  REQUIRE(next.size() == 30);
  CHECK(next.front().sequence == 151);
  CHECK(next.front().at == wall_time{151s});
  CHECK(past.after(248, 30).size() == 2);
  CHECK(past.after(250, 30).empty());
}
