// What holds a route's messages back, or keeps them from being held twice: dedup, rate, circuit, late; and
// the finer points of retries, as their users see them.
#include "support/amqp_client.hpp"
#include "support/eventually.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/sidecar.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <thread>

using namespace postponed::test;
using namespace std::chrono_literals;

namespace {

using wall = std::chrono::system_clock;

// One route with `more` keys, from an intake to a work queue.
struct flow_house {
  std::string intake = fresh_name("later"), work = fresh_name("work"), dead = fresh_name("dead"),
              intake2 = fresh_name("later2"), work2 = fresh_name("work2");
  rabbitmq_server& broker = rabbitmq_server::shared();
  amqp_client client{broker.port()};
  std::unique_ptr<sidecar> daemon;

  explicit flow_house(const std::string& more, bool work_exists = true) {
    client.select_confirms();
    if (work_exists) client.declare_queue(work);
    daemon = std::make_unique<sidecar>(sidecar::sections() + filled(R"(
topology:
  queues:
    - {name: {intake}}
    - {name: {intake2}}
    - {name: {work2}}
    - {name: {dead}}
routes:
  - {name: r, queue: {intake}, release: {queue: {work}}, dead_letter: bin, {more}}
  - {name: other, queue: {intake2}, release: {queue: {work2}}, dead_letter: bin}
dead_letters:
  - {name: bin, queue: {dead}}
)",
                                                                    {{"intake", intake},
                                                                     {"work", work},
                                                                     {"intake2", intake2},
                                                                     {"work2", work2},
                                                                     {"dead", dead},
                                                                     {"more", more}}),
                                       broker.uri());
    daemon->start();
  }
  double metric(const std::string& name, const std::string& labels = "route=\"r\"") const {
    return daemon->metric("postponed_" + name + "{" + labels + "}").value_or(-1);
  }
};

double seconds(wall::duration time) {
  return std::chrono::duration<double>{time}.count();
}

} // namespace

TEST_CASE("what is sent twice within the window is held once, over a kill -9 too") {
  const std::string key = GENERATE("message-id", "correlation-id", "header:x-order", "body");
  INFO(key);
  flow_house it{"dedup: {key: \"" + key + "\", window: 1h}"};
  const auto send = [&](const std::string& which) {
    message_properties properties;
    properties.headers = fields{integer("x-delay", 300)};
    if (key == "message-id") properties.message_id = which;
    if (key == "correlation-id") properties.correlation_id = which;
    if (key == "header:x-order") properties.headers->push_back(text("x-order", which));
    it.client.publish("", it.intake, key == "body" ? which : "the same", properties);
    REQUIRE(it.client.wait_for_confirms());
  };
  send("one");
  send("one");
  send("two");
  REQUIRE(eventually([&] { return it.metric("suppressed_messages_total") == 1; }));
  // Or the repeat would come again after the kill, and be counted again.
  REQUIRE(eventually([&] { return it.daemon->metric("postponed_unacked_messages") == 0; }));
  it.daemon->kill9();
  it.daemon->start();
  send("one"); // known from before
  send("two");
  REQUIRE(eventually([&] { return it.metric("suppressed_messages_total") == 2; }));
  send("three");
  CHECK(eventually([&] { return it.client.depth(it.work) == 3; }));
  CHECK(it.client.depth(it.intake) == 0);
  std::this_thread::sleep_for(300ms);
  CHECK(it.client.depth(it.work) == 3);
}

TEST_CASE("a rate smears a spike, and delays no other route") {
  flow_house it{"rate: 100"};
  constexpr int spike = 300, others = 50;
  for (int i = 0; i < spike; ++i)
    it.client.publish_to_queue(it.intake, std::to_string(i), {integer("x-delay", 1500)});
  for (int i = 0; i < others; ++i)
    it.client.publish_to_queue(it.intake2, std::to_string(i), {integer("x-delay", 1500)});
  REQUIRE(it.client.wait_for_confirms());
  amqp_client reader{it.broker.port()}, other{it.broker.port()};
  reader.consume(it.work);
  other.consume(it.work2);
  const auto unhindered = other.take(others, 10s);
  REQUIRE(unhindered.size() == others);
  const auto smeared = reader.take(spike, 10s);
  REQUIRE(smeared.size() == spike);
  const double span = seconds(smeared.back().arrived - smeared.front().arrived);
  const double other_span = seconds(unhindered.back().arrived - unhindered.front().arrived);
  std::cout << "rate 100/s: " << spike << " in " << span << " s, the other route's " << others << " in "
            << other_span << " s\n";
  CHECK(span > 2.8);
  CHECK(span < 4.5);
  CHECK(other_span < 1.0);
}

TEST_CASE("a destination that takes nothing is left alone, tried, and costs no attempts") {
  flow_house it{"circuit: {failures: 3, probe: 300ms}, publish_attempts: 3", false};
  constexpr int count = 50;
  for (int i = 0; i < count; ++i)
    it.client.publish_to_queue(it.intake, std::to_string(i), {integer("x-delay", 100)});
  it.client.publish_to_queue(it.intake2, "another", {integer("x-delay", 100)});
  REQUIRE(it.client.wait_for_confirms());
  REQUIRE(eventually([&] { return it.metric("circuits_open") == 1; }));
  CHECK(eventually([&] { return it.client.depth(it.work2) == 1; })); // its fault is not theirs
  // Long enough for many more attempts than a message has.
  const double before = it.metric("returned_messages_total");
  REQUIRE(eventually([&] { return it.metric("returned_messages_total") >= before + 5; }, 20s));
  CHECK(it.client.depth(it.dead) == 0);
  CHECK(it.metric("held_messages") == count);
  it.client.declare_queue(it.work);
  REQUIRE(eventually([&] { return it.client.depth(it.work) == count; }, 20s));
  CHECK(eventually([&] { return it.metric("circuits_open") == 0; }));
  CHECK(it.metric("circuits_opened_total") >= 1);
  amqp_client reader{it.broker.port()};
  reader.consume(it.work);
  std::set<std::string> bodies;
  for (const delivery& each : reader.take(count, 5s)) {
    bodies.insert(each.body);
    CHECK(find(each.headers(), "postponed-attempt")->show() == "l:1");
  }
  CHECK(bodies.size() == count);
}

TEST_CASE("after a downtime what is long overdue is released, parked or spread, as its route says") {
  const std::string what = GENERATE("release", "dead_letter", "spread, over: 3s");
  INFO(what);
  flow_house it{"late: {after: 500ms, do: " + what + "}"};
  constexpr int count = 40;
  for (int i = 0; i < count; ++i)
    it.client.publish_to_queue(it.intake, std::to_string(i), {integer("x-delay", 1000)});
  REQUIRE(it.client.wait_for_confirms());
  REQUIRE(eventually([&] { return it.metric("held_messages") == count; }));
  it.daemon->terminate();
  std::this_thread::sleep_for(2500ms); // the downtime
  it.daemon->start();
  amqp_client reader{it.broker.port()};
  const bool buried = what == "dead_letter";
  reader.consume(buried ? it.dead : it.work);
  const auto got = reader.take(count, 10s);
  REQUIRE(got.size() == count);
  const double span = seconds(got.back().arrived - got.front().arrived);
  if (buried)
    for (const delivery& each : got)
      CHECK(text_of(each.headers(), "postponed-reason") == "late");
  if (what == "release") CHECK(span < 1.5);
  if (what.starts_with("spread")) CHECK(span > 1.5);
  const std::string action = buried ? "dead_lettered" : what == "release" ? "released" : "spread";
  CHECK(eventually(
      [&] { return it.metric("late_messages_total", "route=\"r\",outcome=\"" + action + "\"") == count; }));
}

TEST_CASE("priority and every other property arrive as they were sent") {
  flow_house it{"delay: {default: 100ms}"};
  message_properties properties;
  properties.priority = 7;
  properties.type = "order";
  properties.expiration = "60000";
  it.client.publish("", it.intake, "urgent", properties);
  amqp_client reader{it.broker.port()};
  reader.consume(it.work);
  const auto got = reader.next(5s);
  REQUIRE(got);
  CHECK(got->properties.priority == 7);
  CHECK(got->properties.type == "order");
  CHECK(got->properties.expiration == "60000");
}

namespace {

// A work queue whose dead go to the intake of a retry route.
struct failing_house {
  std::string work = fresh_name("work"), intake = fresh_name("failed"), dead = fresh_name("dead");
  rabbitmq_server& broker = rabbitmq_server::shared();
  amqp_client client{broker.port()};
  std::unique_ptr<sidecar> daemon;

  failing_house(const std::string& retry, fields arguments = {}) {
    arguments.push_back(text("x-dead-letter-exchange", ""));
    arguments.push_back(text("x-dead-letter-routing-key", intake));
    client.declare_queue(work, arguments);
    daemon = std::make_unique<sidecar>(
        sidecar::sections() + filled(R"(
topology:
  queues:
    - {name: {intake}}
    - {name: {dead}}
routes:
  - {name: r, queue: {intake}, retry: {retry}, release: {queue: {work}}, dead_letter: bin}
dead_letters:
  - {name: bin, queue: {dead}}
)",
                                     {{"intake", intake}, {"work", work}, {"dead", dead}, {"retry", retry}}),
        broker.uri());
    daemon->start();
  }
  delivery one_dead_letter() {
    amqp_client reader{broker.port()};
    reader.consume(dead);
    const auto got = reader.next(15s);
    REQUIRE(got);
    return *got;
  }
};

} // namespace

TEST_CASE("no attempt begins later than max_age after the message was first seen") {
  failing_house it{"{attempts: 100, schedule: [300ms], max_age: 1s}"};
  it.client.publish_to_queue(it.work, "old");
  amqp_client consumer{it.broker.port()};
  consumer.consume(it.work);
  int attempts = 0;
  while (const auto got = consumer.next(1500ms)) {
    ++attempts;
    consumer.reject(got->tag, false);
  }
  CHECK(attempts >= 3);
  CHECK(attempts <= 5);
  const delivery got = it.one_dead_letter();
  CHECK(text_of(got.headers(), "postponed-reason") == "max_age");
  CHECK(find(got.headers(), "postponed-attempt")->show() == "l:" + std::to_string(attempts));
}

TEST_CASE("a full jitter stays between nothing and the interval") {
  failing_house it{"{attempts: 2, backoff: {initial: 400ms, multiplier: 1, max: 400ms, jitter: full}}"};
  constexpr int count = 20;
  amqp_client consumer{it.broker.port()};
  consumer.consume(it.work);
  std::map<std::string, wall::time_point> rejected;
  for (int i = 0; i < count; ++i)
    it.client.publish_to_queue(it.work, std::to_string(i));
  double least = 1e9, most = 0;
  for (int i = 0; i < 2 * count; ++i) {
    const auto got = consumer.next(5s);
    REQUIRE(got);
    if (const auto before = rejected.find(got->body); before != rejected.end()) {
      const double waited = seconds(got->arrived - before->second) * 1000;
      least = std::min(least, waited);
      most = std::max(most, waited);
      consumer.ack(got->tag);
      continue;
    }
    rejected[got->body] = wall::now();
    consumer.reject(got->tag, false);
  }
  std::cout << "full jitter of 400 ms: from " << least << " to " << most << " ms\n";
  CHECK(most < 450);
  CHECK(most - least > 100); // of 20, the chance of less is one in many millions
}

TEST_CASE("deaths that somebody forged or that are of no kind change nothing but what they say") {
  failing_house it{"{attempts: 3, schedule: [50ms]}"};
  const std::vector<fields> forged{
      {},
      {text("x-death", "forged")},
      {integer("x-death", 5)},
      {array("x-death", {})},
      {array("x-death", {field_value{AMQP_FIELD_KIND_I32, std::int64_t{7}}})},
      {array("x-death", {field_value{AMQP_FIELD_KIND_TABLE,
                                     fields{long_integer("count", 1000000), text("queue", "elsewhere"),
                                            text("reason", "nonsense")}}})},
      {text("x-first-death-queue", "elsewhere"), integer("x-last-death-reason", 3)}};
  amqp_client consumer{it.broker.port()};
  consumer.consume(it.work);
  for (const fields& each : forged) {
    INFO(show(each));
    it.client.publish_to_queue(it.intake, "failed, it says", each);
    const auto got = consumer.next(5s);
    REQUIRE(got);
    consumer.ack(got->tag);
    // A broker of 4.x does not take x-death from clients; whatever came, it counts one failure.
    CHECK(find(got->headers(), "postponed-attempt")->show() == "l:2");
    CHECK(find(got->headers(), "x-death") == nullptr);
  }
  CHECK(it.client.depth(it.dead) == 0);
}

TEST_CASE(
    "what a queue pushed out for want of room, and what killed its consumers, have rules of their own") {
  SECTION("maxlen") {
    failing_house it{"{attempts: 9, schedule: [60s], maxlen: {attempts: 1}}", {integer("x-max-length", 1)}};
    it.client.publish_to_queue(it.work, "pushed out");
    it.client.publish_to_queue(it.work, "stays");
    const delivery got = it.one_dead_letter();
    CHECK(got.body == "pushed out");
    CHECK(text_of(got.headers(), "postponed-reason") == "attempts_exhausted");
    CHECK(text_of(got.headers(), "postponed-error").find("maxlen in " + it.work) != std::string::npos);
  }
  SECTION("delivery_limit") {
    failing_house it{"{attempts: 9, schedule: [60s], delivery_limit: {attempts: 2, schedule: [100ms]}}",
                     {text("x-queue-type", "quorum"), integer("x-delivery-limit", 2)}};
    it.client.publish_to_queue(it.work, "poison");
    amqp_client consumer{it.broker.port()};
    consumer.consume(it.work, 1);
    int deliveries = 0;
    bool clean = true;
    while (const auto got = consumer.next(3s)) {
      ++deliveries;
      // What a release carries is free of the marks of the deaths behind it; the queue's own are its own.
      for (const field& each : got->headers())
        if (each.name == "x-death" || each.name.starts_with("x-first-death") ||
            each.name.starts_with("x-last-death"))
          clean = false;
      consumer.reject(got->tag, true); // as a crash of the consumer would count
    }
    CHECK(clean);
    CHECK(deliveries >= 4); // two rounds of as many as the queue allows
    const delivery got = it.one_dead_letter();
    CHECK(text_of(got.headers(), "postponed-reason") == "attempts_exhausted");
    CHECK(text_of(got.headers(), "postponed-error").find("delivery_limit in " + it.work) !=
          std::string::npos);
    CHECK(find(got.headers(), "postponed-attempt")->show() == "l:2");
  }
}
