#include "config/load.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

using namespace postponed::config;
using namespace std::chrono_literals;

namespace {

std::optional<std::string> no_environment(const std::string&) {
  return std::nullopt;
}

const std::string good = R"(broker: {uris: ["amqp://127.0.0.1/"]}
store: {path: /tmp/held.db}
topology: {exchanges: [{name: shop, type: topic}], bindings: [{exchange: shop, queue: later, routing_key: "later.#"}]}
dead_letters: [{name: bin, queue: dead}]
routes:
)";

load_outcome load(const std::string& text) {
  return load_text(text, "f.yaml", no_environment);
}

// The findings of the good file with `route` added, one a line.
std::string found(const std::string& route) {
  std::string all;
  for (const finding& each : load(good + route).findings)
    all += to_string(each) + "\n";
  return all;
}

} // namespace

TEST_CASE("the example loads, and says what its comments say") {
  const auto outcome = load_file(POSTPONED_SOURCE_DIR "/config/postponed.yaml", [](const std::string& name) {
    return name == "RABBITMQ_PASSWORD" ? std::optional<std::string>{"s3cret"} : std::nullopt;
  });
  for (const finding& each : outcome.findings)
    UNSCOPED_INFO(to_string(each));
  REQUIRE(outcome.value);
  CHECK(outcome.findings.empty());
  const settings& value = *outcome.value;
  CHECK(value.broker.uris.at(0).password == "s3cret");
  CHECK(value.broker.uris.at(0).display() == "amqp://app@127.0.0.1:5672/");
  CHECK(value.broker.confirm_window == broker_settings{}.confirm_window);
  CHECK(value.broker.prefetch == broker_settings{}.prefetch);
  CHECK(value.store.body_cache == store_settings{}.body_cache);
  CHECK(value.store.horizon_rows == store_settings{}.horizon_rows);
  CHECK(value.admin.port == 9470);
  REQUIRE(value.routes.size() == 2);
  CHECK(value.routes[0].delay.by_default == 15min);
  CHECK(value.routes[0].delay.max == 365 * 24h);
  CHECK(value.routes[0].max_size == route_settings{}.max_size);
  CHECK(value.routes[1].release.queue == "reminders");
  CHECK(value.topology.queues.at(0).args.at(0).name == "x-queue-type");
  CHECK(std::get<std::string>(value.topology.queues.at(0).args.at(0).value) == "quorum");
  CHECK(std::get<std::int64_t>(value.topology.queues.at(1).args.at(0).value) == 100000);
}

TEST_CASE("ten mistakes are ten findings, each at its place with what to do") {
  const auto outcome = load_file(POSTPONED_SOURCE_DIR "/tests/unit/config/ten-mistakes.yaml", no_environment);
  CHECK_FALSE(outcome.value);
  for (const finding& each : outcome.findings) {
    INFO(to_string(each));
    CHECK(each.level == finding::severity::error);
    CHECK(each.at.line > 0);
    CHECK(each.at.column > 0);
    CHECK_FALSE(each.fix.empty());
  }
  CHECK(outcome.findings.size() == 10);
  CHECK(std::is_sorted(outcome.findings.begin(), outcome.findings.end(),
                       [](const finding& a, const finding& b) { return a.at.line < b.at.line; }));
}

TEST_CASE("a good file has no findings") {
  CHECK(found("  - {name: r, queue: later, release: {queue: work}, dead_letter: bin}\n").empty());
}

TEST_CASE("each mistake is named at its place, with the fix") {
  CHECK(found("  - {name: r, queue: later, release: {queue: work}, dead_letter: bun}\n") ==
        "f.yaml:6:5: route r names the dead letter bun, which is not there; did you mean bin?\n");
  CHECK(found("  - {name: r, qeue: later, queue: later, release: {queue: work}, dead_letter: bin}\n") ==
        "f.yaml:6:15: unknown key qeue in a route; did you mean queue?\n");
  CHECK(found("  - {name: r, queue: later, release: {queue: work}}\n") ==
        "f.yaml:6:5: a route has no dead_letter; add dead_letter: orders\n");
  CHECK(
      found(
          "  - {name: r, queue: later, release: {queue: work}, dead_letter: bin, delay: {default: 15}}\n") ==
      "f.yaml:6:88: default is not a duration; say the unit: 15s or 15ms\n");
  CHECK(found("  - {name: r, queue: later, release: {queue: work}, dead_letter: bin, delay: {default: 2d, "
              "max: 1d}}\n")
            .find("the default delay is beyond max; raise max") != std::string::npos);
  CHECK(found("  - {name: r, queue: later, release: {queue: work, exchange: shop}, dead_letter: bin}\n")
            .find("release names a queue and an exchange") != std::string::npos);
  CHECK(found("  - {name: r, queue: later, release: {exchange: shop, routing_key: \"x.{rout}\"}, "
              "dead_letter: bin}\n")
            .find("unknown template {rout}") != std::string::npos);
  CHECK(found("  - {name: r, queue: later, release: {queue: work}, dead_letter: bin, retry: {attempts: 2}}\n")
            .find("retry is not supported by this version; remove it") != std::string::npos);
  CHECK(found("  - {name: r, queue: later, release: {queue: work}, dead_letter: bin, max_size: big}\n")
            .find("max_size is not a size") != std::string::npos);
  CHECK(found("  - {name: r, name: s, queue: later, release: {queue: work}, dead_letter: bin}\n")
            .find("the key name stands twice") != std::string::npos);
  CHECK(found("  - {name: r, queue: later, release: {queue: work}, dead_letter: bin}\n"
              "  - {name: r, queue: other, release: {queue: work}, dead_letter: bin}\n") ==
        "f.yaml:7:5: there are two routes named r, the first at line 6; give one of them another name\n");
  CHECK(found("  - {name: r, queue: later, release: {queue: work}, dead_letter: bin}\n"
              "  - {name: s, queue: later, release: {queue: work}, dead_letter: bin}\n")
            .find("both consume later") != std::string::npos);
}

TEST_CASE("a release that leads back to its own intake with no delay is a loop, however it leads there") {
  const std::string loop = "leads back to its own intake";
  CHECK(found("  - {name: r, queue: later, release: {queue: later}, dead_letter: bin}\n").find(loop) !=
        std::string::npos);
  CHECK(
      found("  - {name: r, queue: later, release: {exchange: \"\", routing_key: later}, dead_letter: bin}\n")
          .find(loop) != std::string::npos);
  CHECK(found("  - {name: r, queue: later, release: {exchange: shop, routing_key: later.x.y}, dead_letter: "
              "bin}\n")
            .find(loop) != std::string::npos);
  CHECK(found("  - {name: r, queue: later, dead_letter: bin}\n").find(loop) != std::string::npos);
  CHECK(
      found("  - {name: r, queue: later, release: {exchange: shop, routing_key: other}, dead_letter: bin}\n")
          .empty());
  CHECK(
      found("  - {name: r, queue: later, release: {queue: later}, dead_letter: bin, delay: {default: 1s}}\n")
          .empty());
}

TEST_CASE("what is no YAML is said with its place") {
  const auto outcome = load("broker: [\n");
  REQUIRE(outcome.findings.size() == 1);
  CHECK(to_string(outcome.findings[0]).starts_with("f.yaml:2:1: not YAML"));
  for (const char* text :
       {"", "- a\n", "just words\n", "broker: 1\nstore: []\nroutes: {}\n", "broker:\n\turis: x\n"})
    CHECK_FALSE(load(text).value);
}

TEST_CASE("secrets come from the environment and from files, and never stand in a finding") {
  const std::string folder = std::filesystem::temp_directory_path() / "postponed-config-test";
  std::filesystem::create_directories(folder);
  std::ofstream{folder + "/secret"} << "from file\n";
  const environment env = [](const std::string& name) {
    return name == "PASSWORD" ? std::optional<std::string>{"from%20env"} : std::nullopt;
  };
  const std::string rest = "\nstore: {path: /tmp/x}\nroutes: []\n";
  const auto outside = load_text("broker: {uris: [\"amqp://a:${PASSWORD}@h/\"]}" + rest, "f", env);
  REQUIRE(outside.value);
  CHECK(outside.value->broker.uris[0].password == "from env");
  const auto file = load_text("broker: {uris: [\"amqp://h/\"], tls: {server_name: \"${file:" + folder +
                                  "/secret}$$\"}}" + rest,
                              "f", env);
  REQUIRE(file.value);
  CHECK(file.value->broker.tls.server_name == "from file$");
  for (const char* uri : {"amqp://app:hunter2@:x/", "amqp://app:hunter2@h:99999/", "htp://app:hunter2@h/",
                          "amqp://app:hunter2@h/a/b"}) {
    const auto bad = load_text(std::string{"broker: {uris: [\""} + uri + "\"]}" + rest, "f", env);
    INFO(uri);
    CHECK_FALSE(bad.value);
    for (const finding& each : bad.findings)
      CHECK(to_string(each).find("hunter2") == std::string::npos);
  }
  const auto missing = load_text("broker: {uris: [\"amqp://a:${NOT_SET}@h/\"]}" + rest, "f", env);
  REQUIRE_FALSE(missing.findings.empty());
  CHECK(to_string(missing.findings[0]) == "f:1:17: the environment variable NOT_SET is not set; export "
                                          "NOT_SET, or name a file with ${file:/path}");

  const std::string yaml = folder + "/open.yaml";
  std::ofstream{yaml} << "broker: {uris: [\"amqp://a:b@h/\"]}" + rest;
  ::chmod(yaml.c_str(), 0644);
  const auto open = load_file(yaml, env);
  REQUIRE(open.value);
  REQUIRE(open.findings.size() == 1);
  CHECK(open.findings[0].level == finding::severity::warning);
  ::chmod(yaml.c_str(), 0600);
  CHECK(load_file(yaml, env).findings.empty());
  std::filesystem::remove_all(folder);
}
