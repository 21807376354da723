#include "relay/topology.hpp"

#include <catch2/catch.hpp>

using namespace postponed;

namespace {

std::vector<relay::topology_step> three() {
  proto::exchange_declaration exchange;
  exchange.name = "orders";
  proto::queue_declaration queue;
  queue.name = "orders.dead";
  return {exchange, queue, proto::binding_declaration{"orders.dead", "orders", "#", {}}};
}

} // namespace

TEST_CASE("objects are declared one after the other") {
  relay::topology_run run{three()};
  run.restart();
  REQUIRE(run.begin_next() != nullptr);
  CHECK(run.begin_next() == nullptr); // one under way
  run.on_done();
  CHECK(relay::describe(*run.begin_next()) == "queue orders.dead");
  run.on_done();
  CHECK_FALSE(run.ready());
  run.begin_next();
  run.on_done();
  CHECK(run.finished());
  CHECK(run.ready());
  CHECK(run.differences().empty());
}

TEST_CASE("a refused object is a difference, and the others are still declared") {
  relay::topology_run run{three()};
  run.restart();
  run.begin_next();
  run.on_refused(406,
                 "PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'orders' in vhost '/': received "
                 "'direct' but current is 'topic'");
  run.begin_next();
  run.on_done();
  run.begin_next();
  run.on_done();
  REQUIRE(run.differences().size() == 1);
  CHECK(run.differences()[0] == "exchange orders: have type: topic, want type: direct");
  CHECK(run.found()[0].have == "type: topic");
}

TEST_CASE("a new connection declares all again, and keeps showing the last whole result meanwhile") {
  relay::topology_run run{three()};
  run.restart();
  for (int i = 0; i < 3; ++i) {
    run.begin_next();
    run.on_refused(403, "no");
  }
  run.restart();
  CHECK_FALSE(run.finished());
  CHECK(run.ready());
  CHECK(run.differences().size() == 3);
}

TEST_CASE("nothing to declare is ready at once") {
  relay::topology_run run{{}};
  run.restart();
  CHECK(run.ready());
}

TEST_CASE(
    "a verified topology shows what was found; one that could not be verified says why and is not ready") {
  relay::topology_run run{{}};
  run.on_not_verified("no broker");
  CHECK_FALSE(run.ready());
  CHECK(run.differences().size() == 1);
  run.on_verified({{"queue", "orders.dead", "missing", "", "durable"}});
  CHECK(run.ready());
  CHECK(run.differences() == std::vector<std::string>{"queue orders.dead: missing; want durable"});
}
