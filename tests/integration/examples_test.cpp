// The files under config/examples, used as their readers would: each is loaded as it stands, and does what
// its comments say.
#include "support/amqp_client.hpp"
#include "support/eventually.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/sidecar.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>

using namespace postponed::test;
using namespace std::chrono_literals;

namespace {

// Throws where `from` is not in the text: the example says something else by now.
void replace(std::string& in, const std::string& from, const std::string& to) {
  const std::size_t at = in.find(from);
  if (at == std::string::npos) throw std::runtime_error("the example does not say: " + from);
  in.replace(at, from.size(), to);
}

// Only where the broker is, the store and the admin endpoint are changed.
std::string example(const std::string& name) {
  std::string yaml = read_file(std::string{POSTPONED_SOURCE_DIR "/config/examples/"} + name + ".yaml");
  replace(yaml, "amqp://guest:guest@127.0.0.1:5672/", "{uri}");
  replace(yaml, "/var/lib/postponed/postponed.db", "{folder}/store/postponed.db");
  replace(yaml, "127.0.0.1:9470", "127.0.0.1:{port}");
  return yaml;
}

struct example_house {
  rabbitmq_server& broker = rabbitmq_server::shared();
  sidecar daemon;
  amqp_client client{broker.port()};

  explicit example_house(const std::string& yaml) : daemon{yaml, broker.uri()} {
    daemon.start();
    client.select_confirms();
  }
  void publish(const std::string& exchange, const std::string& key, const std::string& body,
               const fields& headers = {}, const std::string& id = {}) {
    message_properties properties;
    if (!headers.empty()) properties.headers = headers;
    if (!id.empty()) properties.message_id = id;
    client.publish(exchange, key, body, properties);
    REQUIRE(client.wait_for_confirms());
  }
};

} // namespace

TEST_CASE("plugin-migration: x-delay delays, and comes back negative with the message's own key") {
  example_house it{example("plugin-migration")};
  const auto sent = std::chrono::system_clock::now();
  it.publish("jobs.delayed", "mail.welcome", "later", {integer("x-delay", 700)});
  it.publish("jobs.delayed", "export.csv", "now");
  amqp_client mail{it.broker.port()}, exports{it.broker.port()};
  mail.consume("jobs.mail");
  exports.consume("jobs.export");
  const auto now = exports.next(5s), later = mail.next(5s);
  REQUIRE(now);
  REQUIRE(later);
  CHECK(now->body == "now");
  CHECK(later->arrived - sent >= 700ms);
  CHECK(later->routing_key == "mail.welcome");
  const auto* const delay = find(later->headers(), "x-delay");
  REQUIRE(delay != nullptr);
  CHECK(std::get<std::int64_t>(delay->data) == -700);
  it.publish("jobs.delayed", "mail.welcome", "unreadable", {text("x-delay", "soon")});
  CHECK(eventually([&] { return it.client.depth("jobs.dead") == 1; }));
}

TEST_CASE("watermill-requeue: what failed goes to its handler's queue, counted, with nothing but strings") {
  example_house it{example("watermill-requeue")};
  it.publish("", "requeue", "event",
             {text("_watermill_message_uuid", "u-1"), text("reason_poisoned", "no connection"),
              text("topic_poisoned", "events"), text("handler_poisoned", "billing"), integer("foreign", 7)});
  amqp_client billing{it.broker.port()};
  billing.consume("events_billing");
  const auto got = billing.next(10s);
  REQUIRE(got);
  INFO(show(got->headers()));
  CHECK(text_of(got->headers(), "_watermill_message_uuid") == "u-1");
  CHECK(text_of(got->headers(), "_watermill_requeuer_retries") == "1");
  for (const field& each : got->headers()) {
    INFO(each.name);
    CHECK(each.value.kind == AMQP_FIELD_KIND_UTF8);
  }
  CHECK(it.client.depth("events_mail") == 0); // no second copy for the other group
}

TEST_CASE("dlx-retry: a rejected task comes back after a second, clean, as the second attempt") {
  example_house it{example("dlx-retry")};
  it.publish("", "tasks", "task");
  amqp_client worker{it.broker.port()};
  worker.consume("tasks", 1);
  const auto first = worker.next(5s);
  REQUIRE(first);
  const auto rejected = std::chrono::system_clock::now();
  worker.reject(first->tag, false);
  const auto second = worker.next(10s);
  REQUIRE(second);
  INFO(show(second->headers()));
  CHECK(second->arrived - rejected >= 1s);
  REQUIRE(find(second->headers(), "postponed-attempt") != nullptr);
  CHECK(find(second->headers(), "postponed-attempt")->show() == "l:2");
  for (const field& each : second->headers())
    CHECK(each.name.rfind("x-", 0) != 0);
}

TEST_CASE("order-timeout: an order's copy comes back as the question whether it is paid") {
  example_house it{example("order-timeout")};
  it.publish("orders", "order.created", "{\"order\": 42}", {integer("x-delay", 500)});
  amqp_client shop{it.broker.port()};
  shop.consume("orders.timeout");
  const auto got = shop.next(5s);
  REQUIRE(got);
  CHECK(got->body == "{\"order\": 42}");
  CHECK(got->routing_key == "order.timeout");
  CHECK(find(got->headers(), "postponed-id") != nullptr);
  CHECK(find(got->headers(), "postponed-due") != nullptr);
}

TEST_CASE("reminders: the same message-id is held once") {
  example_house it{example("reminders")};
  it.publish("", "reminders.later", "remind", {integer("x-delay", 600)}, "r-1");
  it.publish("", "reminders.later", "remind", {integer("x-delay", 600)}, "r-1");
  amqp_client mailer{it.broker.port()};
  mailer.consume("reminders");
  CHECK(mailer.next(5s));
  CHECK_FALSE(mailer.next(1s));
}

TEST_CASE("order-timeout: without a header it is the default's time, and too long a one is a dead letter") {
  std::string yaml = example("order-timeout");
  replace(yaml, "default: 15m", "default: 900ms"); // what the test has no time for
  example_house it{yaml};
  it.client.purge("orders.timeout"); // of the case before
  const auto sent = std::chrono::system_clock::now();
  it.publish("orders", "order.created", "{\"order\": 43}");
  it.publish("orders", "order.created", "a mistake", {long_integer("x-delay", 31LL * 24 * 3600 * 1000)});
  amqp_client shop{it.broker.port()};
  shop.consume("orders.timeout");
  const auto got = shop.next(5s);
  REQUIRE(got);
  CHECK(got->body == "{\"order\": 43}");
  CHECK(got->arrived - sent >= 900ms);
  amqp_client reader{it.broker.port()};
  reader.consume("orders.dead");
  const auto dead = reader.next(5s);
  REQUIRE(dead);
  CHECK(dead->routing_key == "dead.order-timeouts.delay_too_long");
}

TEST_CASE("dlx-retry: after the last attempt it is a dead letter that says why") {
  std::string yaml = example("dlx-retry");
  replace(yaml, "attempts: 5", "attempts: 2");
  example_house it{yaml};
  it.publish("", "tasks", "hopeless");
  amqp_client worker{it.broker.port()};
  worker.consume("tasks", 1);
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto got = worker.next(10s);
    REQUIRE(got);
    worker.reject(got->tag, false);
  }
  amqp_client reader{it.broker.port()};
  reader.consume("tasks.dead");
  const auto dead = reader.next(5s);
  REQUIRE(dead);
  CHECK(dead->routing_key == "dead.tasks.attempts_exhausted");
  CHECK(text_of(dead->headers(), "postponed-error").find("rejected in tasks") != std::string::npos);
  CHECK(text_of(dead->headers(), "postponed-origin-queue") == "tasks");
}

TEST_CASE("payment-callbacks: pauses grow, what is given up is collected, and sent again when it is mended") {
  std::string yaml = example("payment-callbacks");
  replace(yaml, "attempts: 12", "attempts: 3");
  example_house it{yaml};
  it.publish("", "callbacks", "{\"merchant\": 7}");
  amqp_client worker{it.broker.port()};
  worker.consume("callbacks", 1);
  std::vector<double> pauses; // in seconds
  auto rejected = std::chrono::system_clock::now();
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const auto got = worker.next(10s);
    REQUIRE(got);
    if (attempt > 1) pauses.push_back(std::chrono::duration<double>{got->arrived - rejected}.count());
    rejected = std::chrono::system_clock::now();
    worker.reject(got->tag, false);
  }
  CHECK(pauses[0] >= 0.8);
  CHECK(pauses[0] < 1.4);
  CHECK(pauses[1] >= 2.4);
  CHECK(pauses[1] < 3.9);
  REQUIRE(eventually(
      [&] {
        return it.daemon.metric("postponed_dead_letter_collected_messages{dead_letter=\"callbacks\"}") == 1.0;
      },
      30s));
  CHECK(it.client.depth("callbacks.dead") == 0);
  const http_response groups = it.daemon.get("/api/v1/dead-letters/callbacks/groups");
  CHECK(groups.body.find("attempts_exhausted") != std::string::npos);
  CHECK(it.daemon.post("/api/v1/dead-letters/callbacks/replay", "{}").status == 202);
  const auto again = worker.next(10s);
  REQUIRE(again);
  CHECK(again->body == "{\"merchant\": 7}");
  CHECK(find(again->headers(), "postponed-attempt")->show() == "l:1"); // it begins anew
  CHECK(find(again->headers(), "postponed-replays")->show() == "l:1");
}
