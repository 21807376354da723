// Another configuration while the daemon runs.
#include "support/amqp_client.hpp"
#include "support/eventually.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/sidecar.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <map>
#include <thread>

using namespace postponed::test;
using namespace std::chrono_literals;

namespace {

using wall = std::chrono::system_clock;

std::string route(const std::string& name, const std::string& intake, const std::string& to) {
  return filled(R"(
  - {name: {name}, queue: {intake}, release: {queue: {to}}, dead_letter: bin}
)",
                {{"name", name}, {"intake", intake}, {"to", to}});
}

struct reload_house {
  std::string kept = fresh_name("kept"), changed = fresh_name("changed"), removed = fresh_name("removed"),
              added = fresh_name("added"), dead = fresh_name("dead"), out = fresh_name("out"),
              out_before = fresh_name("out-before"), out_after = fresh_name("out-after");
  rabbitmq_server& broker = rabbitmq_server::shared();

  std::string yaml(const std::string& routes, const std::vector<std::string>& more_queues = {}) const {
    std::string text = sidecar::sections() + "topology:\n  queues:\n";
    for (const std::string& each : {kept, changed, removed, dead, out, out_before, out_after})
      text += "    - {name: " + each + "}\n";
    for (const std::string& each : more_queues)
      text += "    - {name: " + each + "}\n";
    return text + "routes:" + routes + "dead_letters:\n  - {name: bin, queue: " + dead + "}\n";
  }
  std::string before() const {
    return yaml(route("kept", kept, out) + route("changed", changed, out_before) +
                route("removed", removed, out));
  }
  std::string after() const {
    return yaml(route("kept", kept, out) + route("changed", changed, out_after) + route("added", added, out),
                {added});
  }
};

// Body: the index and the due time in us since 1970.
std::string body(int index, std::chrono::milliseconds delay) {
  const auto due =
      std::chrono::duration_cast<std::chrono::microseconds>((wall::now() + delay).time_since_epoch());
  return std::to_string(index) + " " + std::to_string(due.count());
}
double late_ms(const delivery& got) {
  const std::int64_t due = std::stoll(got.body.substr(got.body.find(' ') + 1));
  return static_cast<double>(
             std::chrono::duration_cast<std::chrono::microseconds>(got.arrived.time_since_epoch()).count() -
             due) /
         1000.0;
}

} // namespace

TEST_CASE(
    "a reload under load adds, changes and removes routes: nothing is lost, nothing is late by 100 ms") {
  reload_house it;
  sidecar daemon{it.before(), it.broker.uri()};
  daemon.start();
  amqp_client client{it.broker.port()};
  client.select_confirms();
  std::atomic<bool> stop{false};
  std::atomic<int> published{0};
  std::thread publisher{[&] {
    amqp_client own{it.broker.port()};
    own.select_confirms();
    int index = 0;
    while (!stop) {
      const std::chrono::milliseconds delay{200 + index % 2000};
      own.publish_to_queue(it.kept, body(index, delay),
                           {integer("x-delay", static_cast<int>(delay.count()))});
      ++index;
      if (index % 10 == 0) {
        own.wait_for_confirms();
        std::this_thread::sleep_for(10ms);
      }
    }
    own.wait_for_confirms();
    published = index;
  }};
  std::map<int, double> arrived;
  std::thread consumer{[&] {
    amqp_client own{it.broker.port()};
    own.consume(it.out, 200);
    while (const auto got = own.next(4s)) {
      own.ack(got->tag);
      if (got->body.front() < '0' || got->body.front() > '9') continue; // another route's
      arrived.emplace(std::stoi(got->body), late_ms(*got));
    }
  }};

  // Of the other routes: what is held is held across the reload.
  for (int i = 0; i < 50; ++i) {
    client.publish_to_queue(it.changed, std::to_string(i), {integer("x-delay", 4000)});
    client.publish_to_queue(it.removed, std::to_string(i), {integer("x-delay", 4000)});
  }
  REQUIRE(client.wait_for_confirms());
  std::this_thread::sleep_for(2s);
  for (int i = 0; i < 3; ++i) { // there and back and there
    daemon.configure(i % 2 == 0 ? it.after() : it.before());
    daemon.hang_up();
    std::this_thread::sleep_for(700ms);
  }
  REQUIRE(eventually([&] { return daemon.log().find("configuration reloaded") != std::string::npos; }));
  REQUIRE(eventually([&] { return daemon.metric("postponed_route_consuming{route=\"added\"}") == 1.0; }));
  client.publish_to_queue(it.added, "through the new route", {integer("x-delay", 100)});
  client.publish_to_queue(it.removed, "nobody consumes it");
  REQUIRE(client.wait_for_confirms());
  std::this_thread::sleep_for(2s);
  stop = true;
  publisher.join();
  consumer.join();

  double worst = 0;
  for (const auto& [index, late] : arrived)
    worst = std::max(worst, late);
  std::cout << "reload under load: " << arrived.size() << " of " << published << " arrived, the latest "
            << worst << " ms after its time\n";
  CHECK(arrived.size() == static_cast<std::size_t>(published));
  CHECK(worst < 100);
  CHECK(client.depth(it.out_after) == 50);
  CHECK(client.depth(it.out_before) == 0);
  CHECK(client.depth(it.removed) == 1);
  CHECK(client.depth(it.added) == 0);
  CHECK(daemon.metric("postponed_held_messages{route=\"removed\"}") == 50.0);
  CHECK(daemon.get("/api/v1/status").body.find("orphan") != std::string::npos);

  daemon.configure(it.before()); // the orphans' route comes back
  daemon.hang_up();
  CHECK(eventually([&] { return client.depth(it.out) == 51; }, 10s)); // and the one from the queue
}

TEST_CASE("a broken file changes nothing: the old configuration stays, and the log says where") {
  reload_house it;
  sidecar daemon{it.before(), it.broker.uri()};
  daemon.start();
  daemon.configure(it.before() + "colour: green\n");
  daemon.hang_up();
  REQUIRE(eventually([&] { return daemon.log().find("the old one stays") != std::string::npos; }));
  const std::string log = daemon.log();
  CHECK(log.find("postponed.yaml:") != std::string::npos);
  CHECK(log.find("colour") != std::string::npos);
  amqp_client client{it.broker.port()};
  client.publish_to_queue(it.kept, "still served");
  CHECK(eventually([&] { return client.depth(it.out) == 1; }));
  CHECK(daemon.running());
}

TEST_CASE("the store's path cannot change while the daemon runs, and the answer says what to do") {
  reload_house it;
  sidecar daemon{it.before(), it.broker.uri()};
  daemon.start();
  std::string moved = it.before();
  const std::string path = "store/postponed.db";
  moved.replace(moved.find(path), path.size(), "store/other.db");
  daemon.configure(moved);
  daemon.hang_up();
  REQUIRE(eventually([&] { return daemon.log().find("store.path would change") != std::string::npos; }));
  CHECK(daemon.log().find("move the file") != std::string::npos);
}

TEST_CASE("another broker address makes new connections, and the admin endpoint moves with its address") {
  reload_house it;
  sidecar daemon{it.before(), it.broker.uri()};
  daemon.start();
  amqp_client client{it.broker.port()};
  client.publish_to_queue(it.kept, "held", {integer("x-delay", 1500)});
  // Held and acked: a connection that is given up between the two gets it again, and without a message-id it
  // is then held twice.
  REQUIRE(eventually([&] { return daemon.metric("postponed_held_messages{route=\"kept\"}") == 1.0; }));
  const std::string uri = "uris: [\"{uri}\"]";
  std::string other = it.before();
  other.replace(other.find(uri), uri.size(), "uris: [\"{uri}\"]\n  heartbeat: 7s");
  const std::uint16_t port = free_port();
  const std::string listen = "127.0.0.1:{port}";
  other.replace(other.find(listen), listen.size(), "127.0.0.1:" + std::to_string(port));
  daemon.configure(other);
  daemon.hang_up();
  REQUIRE(eventually([&] { return http_get(port, "/readyz").status == 200; }));
  CHECK(eventually([&] {
    return http_get(port, "/metrics").body.find("postponed_reconnects_total{role=\"publish\"} 1") !=
           std::string::npos;
  }));
  CHECK(daemon.get("/healthz").status == 0); // nobody listens there any more
  CHECK(eventually([&] { return client.depth(it.out) == 1; }));
}
