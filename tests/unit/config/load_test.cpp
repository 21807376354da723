#include "config/load.hpp"

#include <catch2/catch.hpp>

#include <utility>
#include <vector>

using namespace postponed::config;
using namespace std::chrono_literals;

namespace {

std::optional<std::string> no_environment(const std::string&) {
  return std::nullopt;
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
  CHECK(value.catch_up.share == catch_up_settings{}.share);
  CHECK(value.catch_up.rate == catch_up_settings{}.rate);
  CHECK(value.admin.port == 9470);
  REQUIRE(value.routes.size() == 3);
  CHECK(value.routes[0].delay.by_default == 15min);
  CHECK(value.routes[0].delay.max == 365 * 24h);
  CHECK(value.routes[0].max_size == route_settings{}.max_size);
  CHECK(value.routes[1].release.queue == "reminders");
  CHECK(value.routes[1].dedup->header == "x-reminder-id");
  REQUIRE(value.routes[2].retry);
  CHECK_FALSE(value.routes[2].delays);
  CHECK(value.routes[2].retry->rule.attempts == 6);
  CHECK(value.routes[2].retry->rule.pause.max == pause_settings{}.max);
  CHECK(value.routes[2].retry->reasons.at("expired").pause.schedule.back() == 1h);
  CHECK(value.dead_letters.at(0).poll == dead_letter_settings{}.poll);
  CHECK(value.dead_letters.at(0).trash == dead_letter_settings{}.trash);
  CHECK(value.dead_letters.at(1).alert->clear == alert_settings{}.clear);
  CHECK(value.topology.queues.at(0).args.at(0).name == "x-queue-type");
  CHECK(std::get<std::string>(value.topology.queues.at(0).args.at(0).value) == "quorum");
  CHECK(std::get<std::int64_t>(value.topology.queues.at(1).args.at(0).value) == 100000);
}

TEST_CASE("ten mistakes are ten findings, each at its place with what to do") {
  const auto outcome = load_file(POSTPONED_SOURCE_DIR "/tests/unit/config/ten-mistakes.yaml", no_environment);
  CHECK_FALSE(outcome.value);
  std::vector<std::pair<int, int>> places;
  for (const finding& each : outcome.findings) {
    INFO(to_string(each));
    CHECK(each.level == finding::severity::error);
    CHECK_FALSE(each.what.empty());
    CHECK_FALSE(each.fix.empty());
    places.emplace_back(each.at.line, each.at.column);
  }
  CHECK(places ==
        std::vector<std::pair<int, int>>{
            {3, 10}, {4, 3}, {6, 9}, {8, 11}, {10, 9}, {14, 22}, {14, 36}, {15, 22}, {16, 18}, {19, 14}});
}

TEST_CASE("arguments have YAML's types: quoted ones are strings, plain ones what they look like") {
  const auto outcome = load_text(R"(broker: {uris: ["amqp://h/"]}
store: {path: p}
routes: []
topology:
  queues:
    - name: q
      arguments:
        quoted: "5"
        tagged: !!str 5
        whole: -5
        signed: +5
        real: 2.5
        yes: true
        no: False
        word: drop-head
        none:
        list: [1, two]
        map: {inner: 1e3}
)",
                                 "f", no_environment);
  REQUIRE(outcome.value);
  const arguments& args = outcome.value->topology.queues.at(0).args;
  REQUIRE(args.size() == 11);
  CHECK(std::get<std::string>(args[0].value) == "5");
  CHECK(std::get<std::string>(args[1].value) == "5");
  CHECK(std::get<std::int64_t>(args[2].value) == -5);
  CHECK(std::get<std::int64_t>(args[3].value) == 5);
  CHECK(std::get<double>(args[4].value) == 2.5);
  CHECK(std::get<bool>(args[5].value));
  CHECK_FALSE(std::get<bool>(args[6].value));
  CHECK(std::get<std::string>(args[7].value) == "drop-head");
  CHECK(std::holds_alternative<std::monostate>(args[8].value));
  CHECK(args[9].is_array);
  CHECK(std::get<std::string>(std::get<arguments>(args[9].value).at(1).value) == "two");
  CHECK_FALSE(args[10].is_array);
  CHECK(std::get<double>(std::get<arguments>(args[10].value).at(0).value) == 1000.0);
}
