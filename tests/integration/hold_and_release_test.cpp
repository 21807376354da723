// One message through the whole house: published to an intake, held on disk, released when due.
#include "support/amqp_client.hpp"
#include "support/eventually.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/sidecar.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace postponed::test;
using namespace std::chrono_literals;

namespace {

// An intake and a destination of fresh names, and a daemon between them.
struct house {
  std::string intake = fresh_name("later"), destination = fresh_name("work"), dead = fresh_name("dead");
  amqp_client client{rabbitmq_server::shared().port()};
  sidecar daemon{yaml(), rabbitmq_server::shared().uri()};

  house() {
    client.declare_queue(destination);
    client.select_confirms();
    client.consume(destination);
    daemon.start();
  }

  std::string yaml() const {
    return sidecar::sections() + filled(R"(
topology:
  queues:
    - {name: {intake}}
    - {name: {dead}}
routes:
  - name: held
    queue: {intake}
    delay: {default: 700ms}
    release: {queue: {destination}}
    dead_letter: bin
dead_letters:
  - {name: bin, queue: {dead}}
)",
                                        {{"intake", intake}, {"destination", destination}, {"dead", dead}});
  }
};

std::chrono::milliseconds since(std::chrono::system_clock::time_point from, const delivery& got) {
  return std::chrono::floor<std::chrono::milliseconds>(got.arrived - from);
}

} // namespace

TEST_CASE("a message with x-delay arrives when it is due, not before, and says where it has been") {
  house it;
  message_properties properties;
  properties.content_type = "application/json";
  properties.message_id = "m-1";
  properties.headers = fields{integer("x-delay", 1500), text("kept", "as it was")};
  const auto published = std::chrono::system_clock::now();
  it.client.publish("", it.intake, R"({"order": 1})", properties);
  REQUIRE(it.client.wait_for_confirms());

  const auto got = it.client.next(10s);
  REQUIRE(got);
  INFO(show(got->headers()));
  CHECK(since(published, *got) >= 1500ms);
  CHECK(since(published, *got) < 2500ms);
  CHECK(got->body == R"({"order": 1})");
  CHECK(got->properties.content_type == "application/json");
  CHECK(got->properties.message_id == "m-1");
  CHECK(got->properties.delivery_mode == std::uint8_t{2});
  CHECK(text_of(got->headers(), "kept") == "as it was");
  CHECK(find(got->headers(), "x-delay") == nullptr);
  CHECK_FALSE(text_of(got->headers(), "postponed-id").empty());
  CHECK(text_of(got->headers(), "postponed-route") == "held");
  CHECK(find(got->headers(), "postponed-attempt") != nullptr);
  CHECK(find(got->headers(), "postponed-due") != nullptr);
  it.client.ack(got->tag);

  CHECK(eventually([&] { return it.daemon.metric("postponed_held_messages{route=\"held\"}") == 0.0; }, 5s));
  CHECK(it.client.depth(it.intake) == 0);
  CHECK(it.client.depth(it.dead) == 0);
  CHECK(it.daemon.terminate() == 0);
}

TEST_CASE("a message without a delay header waits for the default of its route") {
  house it;
  const auto published = std::chrono::system_clock::now();
  it.client.publish_to_queue(it.intake, "plain");
  const auto got = it.client.next(10s);
  REQUIRE(got);
  CHECK(since(published, *got) >= 700ms);
  CHECK(since(published, *got) < 1700ms);
  CHECK(got->body == "plain");
}

TEST_CASE("a message that is held when the daemon is killed arrives after its restart") {
  house it;
  const auto published = std::chrono::system_clock::now();
  it.client.publish_to_queue(it.intake, "survivor", {integer("x-delay", 2000)});
  REQUIRE(it.client.wait_for_confirms());
  REQUIRE(eventually([&] { return it.daemon.metric("postponed_held_messages{route=\"held\"}") == 1.0; }, 5s));
  it.daemon.kill9();
  CHECK_FALSE(it.daemon.running());
  it.daemon.start();
  const auto got = it.client.next(10s);
  REQUIRE(got);
  CHECK(got->body == "survivor");
  CHECK(since(published, *got) >= 2000ms);
  CHECK_FALSE(it.client.next(300ms)); // once
}

TEST_CASE("an unreadable delay goes to the dead letter with its reason, at once") {
  house it;
  it.client.publish_to_queue(it.intake, "confused", {text("x-delay", "soon")});
  REQUIRE(eventually([&] { return it.client.depth(it.dead) == 1; }, 5s));
  amqp_client reader{rabbitmq_server::shared().port()};
  reader.consume(it.dead);
  const std::vector<delivery> got = reader.take(1, 5s);
  REQUIRE(got.size() == 1);
  CHECK(got[0].body == "confused");
  CHECK(text_of(got[0].headers(), "postponed-reason") == "bad_delay");
}
