// Where failures end: dead-letter exchanges that vanish, loops, collected letters.
#include "support/amqp_client.hpp"
#include "support/eventually.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/sidecar.hpp"

#include <catch2/catch.hpp>

#include <iostream>
#include <set>
#include <thread>

using namespace postponed::test;
using namespace std::chrono_literals;

TEST_CASE(
    "a dead-letter exchange is deleted under load: nothing is lost, an alarm is raised, and all are parked "
    "when it is back") {
  const std::string intake = fresh_name("later"), work = fresh_name("work"), dead = fresh_name("dead"),
                    exchange = fresh_name("dlx");
  rabbitmq_server& broker = rabbitmq_server::shared();
  amqp_client client{broker.port()};
  client.select_confirms();
  sidecar daemon{sidecar::sections() +
                     filled(R"(
topology:
  exchanges:
    - {name: {exchange}, type: topic}
  queues:
    - {name: {intake}}
    - {name: {work}}
    - {name: {dead}}
  bindings:
    - {exchange: {exchange}, queue: {dead}, routing_key: "dead.#"}
routes:
  - {name: r, queue: {intake}, release: {queue: {work}}, dead_letter: bin}
dead_letters:
  - {name: bin, exchange: {exchange}, routing_key: "dead.{route}.{reason}", queue: {dead}}
)",
                            {{"exchange", exchange}, {"intake", intake}, {"work", work}, {"dead", dead}}),
                 broker.uri()};
  daemon.start();
  constexpr int count = 5000;
  const auto publish = [&](int from, int to) {
    for (int i = from; i < to; ++i) // every second one is a dead letter
      client.publish_to_queue(intake, std::to_string(i),
                              {i % 2 == 0 ? text("x-delay", "soon") : text("x-delay", "0")});
    REQUIRE(client.wait_for_confirms());
  };
  publish(0, count / 4);
  client.delete_exchange(exchange);
  publish(count / 4, count);
  REQUIRE(
      eventually([&] { return daemon.metric("postponed_dead_letter_blocked{dead_letter=\"bin\"}") == 1.0; }));
  REQUIRE(eventually([&] { return client.depth(work) >= count / 2; }, 30s)); // the others go on
  // Nothing but dead letters is left: what comes twice below comes of the lost exchange, not of the kill.
  REQUIRE(eventually(
      [&] {
        return daemon.get("/api/v1/messages?state=waiting").body == "{\"messages\":[],\"next\":null}\n";
      },
      30s));
  daemon.kill9(); // in the midst of it
  daemon.start();
  // Its start declared the exchange again: once more, by hand, as an operator would.
  client.delete_exchange(exchange);
  client.publish_to_queue(intake, std::to_string(count), {text("x-delay", "soon")});
  client.declare_exchange(exchange, "topic");
  client.bind(dead, exchange, "dead.#");
  REQUIRE(eventually([&] { return client.depth(dead) >= count / 2 + 1; }, 60s));
  CHECK(
      eventually([&] { return daemon.metric("postponed_dead_letter_blocked{dead_letter=\"bin\"}") == 0.0; }));
  CHECK(eventually([&] { return daemon.metric("postponed_held_messages{route=\"r\"}") == 0.0; }));
  std::set<int> seen;
  amqp_client reader{broker.port()};
  reader.consume(dead);
  while (const auto got = reader.next(1s)) {
    reader.ack(got->tag);
    seen.insert(std::stoi(got->body));
  }
  std::cout << "dead-letter exchange deleted: " << seen.size() << " of " << count / 2 + 1 << " parked\n";
  CHECK(seen.size() == count / 2 + 1);
  // The first refusal cost the channel, and what was in flight on it came again; those after it did not.
  std::set<int> worked;
  std::size_t deliveries = 0;
  amqp_client worker{broker.port()};
  worker.consume(work);
  while (const auto got = worker.next(1s)) {
    worker.ack(got->tag);
    worked.insert(std::stoi(got->body));
    ++deliveries;
  }
  std::cout << "of the other route " << worked.size() << " arrived, " << deliveries - worked.size()
            << " of them twice\n";
  CHECK(worked.size() == count / 2);
  CHECK(deliveries - worked.size() <= 1000); // half of the confirm window at most, for one destination
}

TEST_CASE("a loop that somebody made outside the file is cut, with a reason, and its last letter is kept") {
  const std::string intake = fresh_name("later"), dead = fresh_name("dead"), exchange = fresh_name("dlx");
  rabbitmq_server& broker = rabbitmq_server::shared();
  amqp_client client{broker.port()};
  sidecar daemon{sidecar::sections() + filled(R"(
topology:
  exchanges:
    - {name: {exchange}, type: topic}
  queues:
    - {name: {intake}}
    - {name: {dead}}
  bindings:
    - {exchange: {exchange}, queue: {dead}, routing_key: "#"}
routes:
  - {name: r, queue: {intake}, release: {queue: {dead}}, dead_letter: bin, max_hops: 5}
dead_letters:
  - {name: bin, exchange: {exchange}, routing_key: "dead.{reason}", queue: {dead}}
)",
                                              {{"exchange", exchange}, {"intake", intake}, {"dead", dead}}),
                 broker.uri()};
  daemon.start();
  client.bind(intake, exchange, "#"); // not by the file: `check` could not see it
  client.publish_to_queue(intake, "round and round", {text("x-delay", "soon")});
  REQUIRE(eventually([&] { return daemon.log().find("a loop") != std::string::npos; }, 20s));
  const std::uint32_t copies = client.depth(dead);
  CHECK(copies >= 5);
  CHECK(copies <= 8);
  std::this_thread::sleep_for(500ms);
  CHECK(client.depth(dead) == copies); // it has ended
  CHECK(client.depth(intake) == 0);
  CHECK(daemon.metric("postponed_held_messages{route=\"r\"}") == 0.0);
  amqp_client reader{broker.port()};
  reader.consume(dead);
  const auto all = reader.take(copies, 5s);
  REQUIRE(all.size() == copies);
  CHECK(text_of(all.back().headers(), "postponed-reason") == "loop");
  CHECK(text_of(all.back().headers(), "postponed-error").find(intake) != std::string::npos);
}

TEST_CASE("a loop that a policy made, which no file shows, is cut, with a reason, and its letter is kept") {
  const std::string intake = fresh_name("later"), dead = fresh_name("dead"), exchange = fresh_name("dlx");
  rabbitmq_server& broker = rabbitmq_server::shared();
  amqp_client client{broker.port()};
  sidecar daemon{sidecar::sections() + filled(R"(
topology:
  exchanges:
    - {name: {exchange}, type: topic}
  queues:
    - {name: {intake}}
    - {name: {dead}}
  bindings:
    - {exchange: {exchange}, queue: {dead}, routing_key: "#"}
routes:
  - {name: r, queue: {intake}, release: {queue: {intake}.done}, dead_letter: bin, max_hops: 5}
dead_letters:
  - {name: bin, exchange: {exchange}, routing_key: "dead.{reason}", queue: {dead}}
)",
                                              {{"exchange", exchange}, {"intake", intake}, {"dead", dead}}),
                 broker.uri()};
  daemon.start();
  broker.control(
      {"set_policy", fresh_name("again"), "^" + dead + "$",
       R"({"message-ttl":100,"dead-letter-exchange":"","dead-letter-routing-key":")" + intake + "\"}",
       "--apply-to", "queues"});
  client.publish_to_queue(intake, "round and round", {text("x-delay", "soon")});
  REQUIRE(eventually([&] { return daemon.log().find("a loop") != std::string::npos; }, 20s));
  const http_response kept = daemon.get("/api/v1/dead-letters/bin/messages?from=store");
  INFO(kept.body);
  CHECK(kept.body.find(R"("reason":"loop")") != std::string::npos);
  CHECK(kept.body.find("kept in the store, published nowhere") != std::string::npos);
  CHECK(kept.body.find(intake) != std::string::npos); // where it went round
  CHECK(daemon.metric("postponed_loops_cut_total{route=\"r\"}") ==
        2.0); // as a dead letter, and when it came back
  CHECK(client.depth(dead) == 0);
  CHECK(client.depth(intake) == 0);
  CHECK(daemon.metric("postponed_held_messages{route=\"r\"}") == 0.0);
}
