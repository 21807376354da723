// What the daemon does when the store is slower than the intake, and when a backlog stands behind it:
// messages wait in RabbitMQ or on disk, never in memory, and what comes due now does not wait behind them.
#include "support/amqp_client.hpp"
#include "support/eventually.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/sidecar.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <iostream>
#include <string>
#include <thread>

using namespace postponed::test;
using namespace std::chrono_literals;

namespace {

using wall = std::chrono::system_clock;

struct house {
  std::string intake = fresh_name("later"), work = fresh_name("work"), dead = fresh_name("dead");
  rabbitmq_server& broker = rabbitmq_server::shared();
  amqp_client client{broker.port()};
  sidecar daemon;

  explicit house(const std::string& broker_keys, const std::string& more = "")
      : daemon{filled("broker:\n  uris: [\"{uri}\"]\n{broker_keys}"
                      "store:\n  path: {folder}/store/postponed.db\n"
                      "admin:\n  listen: 127.0.0.1:{port}\n{more}"
                      "topology: {queues: [{name: {intake}}, {name: {work}}, {name: {dead}}]}\n"
                      "routes: [{name: r, queue: {intake}, release: {queue: {work}}, dead_letter: bin}]\n"
                      "dead_letters: [{name: bin, queue: {dead}}]\n",
                      {{"broker_keys", broker_keys},
                       {"more", more},
                       {"intake", intake},
                       {"work", work},
                       {"dead", dead}}),
               broker.uri()} {
    client.select_confirms();
    client.declare_queue(intake);
    client.declare_queue(work);
  }
  double metric(const std::string& name) const { return daemon.metric("postponed_" + name).value_or(-1); }
};

} // namespace

TEST_CASE(
    "messages wait in RabbitMQ while the store is slower than the intake, and all are held in the end") {
  house of{"  prefetch: 100\n"};
  constexpr std::size_t count = 3000;
  for (std::size_t i = 0; i < count; ++i)
    of.client.publish_to_queue(of.intake, std::to_string(i), {integer("x-delay", 1000)});
  of.client.wait_for_confirms();

  of.daemon.slow_down_syncs(50ms);
  of.daemon.start();
  const auto begin = wall::now();
  double most_unacked = 0;
  bool waited = false; // in RabbitMQ, with prefetch used up
  while (of.metric("store_committed_rows_total") < static_cast<double>(count)) {
    REQUIRE(wall::now() - begin < 60s);
    const double unacked = of.metric("unacked_messages");
    most_unacked = std::max(most_unacked, unacked);
    waited = waited || (unacked > 0 && of.client.depth(of.intake) > 500);
    std::this_thread::sleep_for(5ms);
  }
  // 100 a commit at most, 50 ms each; far less where nothing was slowed down.
  CHECK(wall::now() - begin > 1s);
  CHECK(waited);
  CHECK(most_unacked > 0);
  CHECK(most_unacked <= 100);

  of.client.consume(of.work);
  CHECK(of.client.take(count, 60s).size() == count);
  CHECK_FALSE(of.client.next(200ms));
}

TEST_CASE("what is overdue after a downtime goes out at its rate, and new messages overtake it") {
  house of{"", "catch_up: {rate: 300, share: 0.5}\n"};
  constexpr std::size_t backlog = 3000, fresh = 50;
  of.daemon.start();
  for (std::size_t i = 0; i < backlog; ++i)
    of.client.publish_to_queue(of.intake, "overdue", {integer("x-delay", 3000)});
  of.client.wait_for_confirms();
  REQUIRE(
      eventually([&] { return of.metric("unacked_messages") == 0 && of.client.depth(of.intake) == 0; }, 20s));
  of.daemon.kill9();
  std::this_thread::sleep_for(9s); // so late that all of it is overdue
  of.client.consume(of.work);
  while (of.client.next(100ms)) { // what was released before the kill, where the machine was slow
  }
  of.daemon.start();

  std::size_t overdue = 0, arrived = 0, sent = 0;
  double latest_ms = 0;
  const auto begin = wall::now();
  while (arrived < fresh) {
    REQUIRE(wall::now() - begin < 60s);
    if (sent < fresh && wall::now() >= begin + 100ms * sent) {
      of.client.publish_to_queue(of.intake, "new", {integer("x-delay", 500)});
      of.client.wait_for_confirms();
      ++sent;
    }
    const auto got = of.client.next(20ms);
    if (!got) continue;
    if (got->body == "overdue") {
      ++overdue;
      continue;
    }
    // Sent 100 ms apart, they come in their order: the n-th is due 500 ms after its turn.
    const std::chrono::duration<double, std::milli> late = wall::now() - (begin + 100ms * arrived + 500ms);
    latest_ms = std::max(latest_ms, late.count());
    ++arrived;
  }
  const double seconds = std::chrono::duration<double>(wall::now() - begin).count();
  std::cout << overdue << " overdue in " << seconds << " s beside " << fresh << " new, the latest of which "
            << latest_ms << " ms late\n";
  CHECK(overdue > 0);
  CHECK(static_cast<double>(overdue) <= 300 * (seconds + 2)); // a second's tokens and what is under way
  CHECK(latest_ms < 2000);                                    // the whole backlog takes 10 s
  CHECK(of.metric("overdue_messages") > 0);
}
