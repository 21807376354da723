// Consumers that fail: they only reject, the queue's dead-letter policy and postponed do the rest.
#include "support/amqp_client.hpp"
#include "support/eventually.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/sidecar.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <thread>

using namespace postponed::test;
using namespace std::chrono_literals;

namespace {

using wall = std::chrono::system_clock;

double ms(wall::duration time) {
  return std::chrono::duration<double, std::milli>{time}.count();
}

// A work queue whose rejected messages come to an intake, which sends them back.
struct retry_house {
  std::string work = fresh_name("work"), intake = fresh_name("failed"), dead = fresh_name("dead");
  rabbitmq_server& broker = rabbitmq_server::shared();
  amqp_client client{broker.port()};
  std::unique_ptr<sidecar> daemon;

  retry_house(const std::string& type, const std::string& retry) {
    fields arguments{text("x-dead-letter-exchange", ""), text("x-dead-letter-routing-key", intake)};
    if (type == "quorum") arguments.push_back(text("x-queue-type", "quorum"));
    client.declare_queue(work, arguments);
    client.select_confirms();
    daemon = std::make_unique<sidecar>(
        sidecar::sections() +
            filled(R"(
topology:
  queues:
    - {name: {intake}, type: {type}}
    - {name: {dead}}
routes:
  - name: failed
    queue: {intake}
    retry: {retry}
    release: {queue: {work}}
    dead_letter: bin
dead_letters:
  - {name: bin, queue: {dead}}
)",
                   {{"intake", intake}, {"work", work}, {"dead", dead}, {"type", type}, {"retry", retry}}),
        broker.uri());
    daemon->start();
  }
};

} // namespace

TEST_CASE("a consumer that rejects everything gets its attempts on schedule, then there is one dead letter") {
  const std::string type = GENERATE("classic", "quorum");
  INFO(type);
  constexpr int messages = 20, attempts = 4;
  const std::vector<std::chrono::milliseconds> pauses{300ms, 1000ms, 1000ms};
  retry_house it{type, "{attempts: 4, schedule: [300ms, 1s]}"};
  amqp_client consumer{it.broker.port()};
  consumer.consume(it.work, 10);
  for (int i = 0; i < messages; ++i) {
    message_properties properties;
    properties.message_id = "m-" + std::to_string(i);
    properties.headers = fields{text("tenant", "acme")};
    it.client.publish("", it.work, std::to_string(i), properties);
  }
  REQUIRE(it.client.wait_for_confirms());

  std::map<std::string, std::vector<wall::time_point>> arrivals, rejects;
  double worst = 0;
  for (int i = 0; i < messages * attempts; ++i) {
    const auto got = consumer.next(10s);
    REQUIRE(got);
    auto& before = arrivals[got->body];
    if (!before.empty()) {
      const auto* const attempt = find(got->headers(), "postponed-attempt");
      REQUIRE(attempt != nullptr);
      CHECK(attempt->show() == "l:" + std::to_string(before.size() + 1));
      CHECK(find(got->headers(), "x-death") == nullptr);
      const double waited = ms(got->arrived - rejects[got->body].back());
      const double pause = ms(pauses.at(before.size() - 1));
      CHECK(waited >= pause);
      CHECK(waited < pause + 50);
      worst = std::max(worst, waited - pause);
    }
    before.push_back(got->arrived);
    rejects[got->body].push_back(wall::now());
    consumer.reject(got->tag, false);
  }
  std::cout << type << ": " << messages << " x " << attempts << " attempts, at most " << worst
            << " ms after their time\n";
  CHECK_FALSE(consumer.next(1500ms)); // no fifth

  amqp_client reader{it.broker.port()};
  reader.consume(it.dead);
  const std::vector<delivery> dead = reader.take(messages + 1, 3s);
  REQUIRE(dead.size() == messages);
  for (const delivery& each : dead) {
    const fields& headers = each.headers();
    INFO(show(headers));
    CHECK(text_of(headers, "postponed-reason") == "attempts_exhausted");
    CHECK(text_of(headers, "postponed-error").find(it.work) != std::string::npos);
    CHECK(find(headers, "postponed-attempt")->show() == "l:4");
    CHECK(text_of(headers, "postponed-route") == "failed");
    CHECK(text_of(headers, "postponed-from-queue") == it.intake);
    CHECK(text_of(headers, "postponed-origin-queue") == it.work);
    CHECK_FALSE(text_of(headers, "postponed-id").empty());
    CHECK_FALSE(text_of(headers, "postponed-due").empty());
    CHECK_FALSE(text_of(headers, "postponed-first-seen").empty());
    CHECK_FALSE(text_of(headers, "postponed-buried").empty());
    CHECK(find(headers, "x-death") != nullptr); // for the person who looks into it
    CHECK(text_of(headers, "tenant") == "acme");
    CHECK(each.properties.message_id == "m-" + each.body);
  }
}

TEST_CASE(
    "messages that expire in their queue follow the rule for expired ones, and go back to their origin") {
  const std::string origin = fresh_name("short"), intake = fresh_name("failed"), dead = fresh_name("dead");
  amqp_client client{rabbitmq_server::shared().port()};
  client.declare_queue(origin, {text("x-dead-letter-exchange", ""), text("x-dead-letter-routing-key", intake),
                                integer("x-message-ttl", 100)});
  sidecar daemon{sidecar::sections() + filled(R"(
topology:
  queues:
    - {name: {intake}}
    - {name: {dead}}
routes:
  - name: failed
    queue: {intake}
    retry: {attempts: 9, schedule: [60s], expired: {attempts: 3, schedule: [200ms]}}
    release: {origin: true}
    dead_letter: bin
dead_letters:
  - {name: bin, queue: {dead}}
)",
                                              {{"intake", intake}, {"dead", dead}}),
                 rabbitmq_server::shared().uri()};
  daemon.start();
  client.publish_to_queue(origin, "nobody reads it");
  REQUIRE(eventually([&] { return client.depth(dead) == 1; }, 10s)); // three times 100 ms there, two pauses
  amqp_client reader{rabbitmq_server::shared().port()};
  reader.consume(dead);
  const auto got = reader.next(5s);
  REQUIRE(got);
  CHECK(text_of(got->headers(), "postponed-reason") == "attempts_exhausted");
  CHECK(text_of(got->headers(), "postponed-error").find("expired in " + origin) != std::string::npos);
  CHECK(find(got->headers(), "postponed-attempt")->show() == "l:3");
}

TEST_CASE(
    "10,000 messages, 30% rejected, consumer and daemon killed: each is consumed or a dead letter, and the "
    "sums agree with the metrics") {
  retry_house it{"classic", "{attempts: 3, schedule: [100ms, 300ms]}"};
  constexpr int with_kills = 6000, in_all = 10000;
  std::set<int> consumed;
  std::atomic<int> settled{0};
  std::atomic<std::uint64_t> rejected{0};
  std::atomic<bool> kill_consumer{false}, finished{false};
  std::atomic<int> published{0};
  std::thread publisher{[&] {
    amqp_client client{it.broker.port()};
    client.select_confirms();
    for (int i = 0; i < with_kills; ++i) {
      client.publish_to_queue(it.work, std::to_string(i));
      if (i % 100 == 99) {
        client.wait_for_confirms();
        std::this_thread::sleep_for(60ms);
      }
    }
    client.wait_for_confirms();
    published = with_kills;
  }};
  std::thread consumer{[&] {
    std::mt19937 random{7};
    while (!finished) {
      amqp_client client{it.broker.port()}; // a new one after each kill; what it had unacked comes again
      client.consume(it.work, 50);
      while (!finished && !kill_consumer.exchange(false)) {
        const auto got = client.next(100ms);
        if (!got) continue;
        if (random() % 10 < 3) {
          client.reject(got->tag, false);
          ++rejected;
        } else {
          client.ack(got->tag);
          consumed.insert(std::stoi(got->body));
          ++settled;
        }
      }
    }
  }};
  std::mt19937 random{std::random_device{}()};
  for (int i = 0; i < 6; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{200 + random() % 600});
    if (i % 2 == 0) {
      it.daemon->kill9();
      it.daemon->start();
    } else {
      kill_consumer = true;
    }
  }
  publisher.join();
  const auto held = [&] {
    return it.daemon->metric("postponed_held_messages{route=\"failed\"}").value_or(-1);
  };
  const auto quiet = [&] {
    return held() == 0 && it.client.depth(it.work) == 0 && it.client.depth(it.intake) == 0;
  };
  // Nothing is left anywhere for a while: no message is on its way.
  const auto settled_down = [&] {
    return eventually(
        [&] {
          if (!quiet()) return false;
          std::this_thread::sleep_for(700ms);
          return quiet();
        },
        60s);
  };
  REQUIRE(settled_down());

  // From here on nobody is killed, and the daemon's counters count all of it.
  it.daemon->terminate();
  it.daemon->start();
  const std::uint64_t rejected_before = rejected;
  const std::uint32_t dead_before = it.client.depth(it.dead);
  for (int i = with_kills; i < in_all; ++i)
    it.client.publish_to_queue(it.work, std::to_string(i));
  REQUIRE(it.client.wait_for_confirms());
  REQUIRE(settled_down());
  finished = true;
  consumer.join();

  const auto metric = [&](const std::string& name, const std::string& more = {}) {
    return static_cast<std::uint64_t>(
        it.daemon->metric("postponed_" + name + "{route=\"failed\"" + more + "}").value_or(0));
  };
  const std::uint64_t failures = rejected - rejected_before;
  CHECK(metric("intake_messages_total") == failures);
  const std::uint64_t buried = it.client.depth(it.dead) - dead_before;
  CHECK(metric("dead_lettered_messages_total", ",reason=\"attempts_exhausted\"") == buried);
  CHECK(metric("confirmed_messages_total") + buried == failures);

  amqp_client reader{it.broker.port()};
  reader.consume(it.dead);
  std::set<int> dead;
  std::size_t dead_deliveries = 0;
  while (const auto got = reader.next(1s)) {
    reader.ack(got->tag);
    dead.insert(std::stoi(got->body));
    ++dead_deliveries;
  }
  int neither = 0, both = 0;
  for (int i = 0; i < in_all; ++i) {
    if (!consumed.contains(i) && !dead.contains(i)) ++neither;
    if (consumed.contains(i) && dead.contains(i)) ++both;
  }
  std::cout << in_all << " messages: " << consumed.size() << " consumed, " << dead.size() << " dead letters, "
            << neither << " in neither, " << both << " in both (repeats of what was in flight at a kill), "
            << rejected << " rejections\n";
  CHECK(neither == 0);
  CHECK(both <= 200);
  CHECK(dead_deliveries - dead.size() <= 200);
}
