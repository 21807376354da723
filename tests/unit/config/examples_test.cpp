// The worked examples load without a word, and do what their titles say.
#include "findings.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace postponed::config;
using namespace postponed::config::test;
using namespace std::chrono_literals;

namespace {

const std::filesystem::path folder{POSTPONED_SOURCE_DIR "/config/examples"};

settings example(const std::string& name) {
  const auto outcome = load_file(folder / (name + ".yaml"), no_environment);
  for (const finding& each : outcome.findings)
    UNSCOPED_INFO(to_string(each));
  REQUIRE(outcome.value);
  return *outcome.value;
}

const queue_settings& queue_of(const settings& all, const std::string& name) {
  const auto found = std::find_if(all.topology.queues.begin(), all.topology.queues.end(),
                                  [&](const queue_settings& each) { return each.name == name; });
  REQUIRE(found != all.topology.queues.end());
  return *found;
}

} // namespace

TEST_CASE("every example is free of mistakes and warnings, and whole") {
  std::vector<std::string> names;
  for (const auto& each : std::filesystem::directory_iterator{folder}) {
    INFO(each.path());
    REQUIRE(each.path().extension() == ".yaml");
    names.push_back(each.path().stem());
    std::ifstream file{each.path()};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    const auto outcome = load_file(each.path(), no_environment);
    for (const finding& one : outcome.findings)
      UNSCOPED_INFO(to_string(one));
    REQUIRE(outcome.value);
    CHECK(outcome.findings.empty());
    // The lines that tests against a broker replace by their own.
    for (const char* const line : {"  uris: [\"amqp://guest:guest@127.0.0.1:5672/\"]\n",
                                   "  path: /var/lib/postponed/postponed.db\n", "  listen: 127.0.0.1:9470\n"})
      CHECK(text.find(std::string{"\n"} + line) != std::string::npos);
    // What is named is in the file, so that it runs on an empty broker.
    for (const route_settings& route : outcome.value->routes) {
      queue_of(*outcome.value, route.queue);
      if (route.release.queue) queue_of(*outcome.value, *route.release.queue);
    }
    for (const dead_letter_settings& letter : outcome.value->dead_letters)
      queue_of(*outcome.value, letter.queue);
  }
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"dlx-retry", "order-timeout", "payment-callbacks",
                                          "plugin-migration", "reminders", "watermill-requeue"});
}

TEST_CASE("orders time out after 15 minutes, under another key") {
  const route_settings route = example("order-timeout").routes.at(0);
  CHECK(route.delay.by_default == 15min);
  CHECK(route.release.routing_key == "order.timeout");
}

TEST_CASE("reminders go up to seven days, and are held once") {
  const route_settings route = example("reminders").routes.at(0);
  CHECK(route.delay.max == 7 * 24h);
  CHECK(route.delay.headers.front() == "postponed-until");
  CHECK(route.dedup->window == 7 * 24h);
}

TEST_CASE("payment callbacks are retried exponentially") {
  const settings all = example("payment-callbacks");
  const route_settings& route = all.routes.at(0);
  CHECK_FALSE(route.delays);
  CHECK(route.retry->rule.pause.schedule.empty());
  CHECK(route.retry->rule.pause.multiplier == 3);
  CHECK(all.dead_letters.at(0).collect);
}

TEST_CASE("tasks that die come back to their queue") {
  const settings all = example("dlx-retry");
  const route_settings& route = all.routes.at(0);
  CHECK(route.release.queue == "tasks");
  CHECK(route.retry->rule.attempts == route.retry->rule.pause.schedule.size() + 1);
  CHECK(queue_of(all, "tasks").args.front().name == "x-dead-letter-exchange");
}

TEST_CASE("Watermill's poisoned messages go back by topic, and by handler") {
  const route_settings route = example("watermill-requeue").routes.at(0);
  CHECK(route.speaks == dialect::watermill);
  CHECK(route.watermill.topics.at("orders") == "orders");
  CHECK(route.watermill.topics.at("events/billing") == "events_billing");
}

TEST_CASE("users of the plugin keep their header and their keys") {
  const route_settings route = example("plugin-migration").routes.at(0);
  CHECK(route.speaks == dialect::plugin);
  CHECK(route.delay.headers == std::vector<std::string>{"x-delay"});
  CHECK_FALSE(route.release.routing_key);
}
