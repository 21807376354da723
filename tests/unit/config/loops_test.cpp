// A release that leads back to its own intake with no delay, by whatever way the file tells of.
#include "config/load.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace postponed::config;

namespace {

// Loads one route with intake `later`, and an exchange `e` of this type with this binding key to the intake.
bool refused(const std::string& release, const std::string& type = "topic",
             const std::string& key = "later.#", const std::string& delay = "{}") {
  const auto outcome =
      load_text("broker: {uris: [\"amqp://h/\"]}\nstore: {path: p}\n"
                "topology: {exchanges: [{name: e, type: " +
                    type + "}], bindings: [{exchange: e, queue: later, routing_key: \"" + key +
                    "\"}, {exchange: amq.fanout, queue: later}]}\n"
                    "dead_letters: [{name: bin, queue: dead}]\n"
                    "routes: [{name: r, queue: later, release: " +
                    release + ", dead_letter: bin, delay: " + delay + "}]\n",
                "f", [](const std::string&) { return std::optional<std::string>{}; });
  if (outcome.value) return false;
  REQUIRE(outcome.findings.size() == 1);
  CHECK(outcome.findings[0].what.find(", the intake of route r, with no delay") != std::string::npos);
  CHECK(outcome.findings[0].at.line == 5);
  CHECK(outcome.findings[0].at.column == 43);
  return true;
}

} // namespace

TEST_CASE("straight back to the intake is a loop") {
  CHECK(refused("{queue: later}"));
  CHECK(refused("{exchange: \"\", routing_key: later}"));
  CHECK(refused("{exchange: \"\", routing_key: \"{queue}\"}"));
  CHECK_FALSE(refused("{queue: work}"));
  CHECK_FALSE(refused("{exchange: \"\", routing_key: \"{route}\"}"));
  CHECK_FALSE(refused("{exchange: \"\", routing_key: \"{{queue}}\"}"));
}

TEST_CASE("back the way that it came is a loop") {
  CHECK(refused("{}"));
  CHECK(refused("{exchange: e}"));
  CHECK(refused("{exchange: e, routing_key: \"{routing_key}\"}", "direct", "k"));
  CHECK_FALSE(refused("{exchange: other}"));
}

TEST_CASE("back by a declared binding is a loop") {
  CHECK(refused("{exchange: e, routing_key: later.a.b}"));
  CHECK(refused("{exchange: e, routing_key: later}"));
  CHECK(refused("{exchange: e, routing_key: a.b}", "topic", "*.b"));
  CHECK(refused("{exchange: e, routing_key: \"\"}", "topic", "#"));
  CHECK(refused("{exchange: e, routing_key: \"x.{routing_key}\"}", "topic", "#"));
  CHECK(refused("{exchange: e, routing_key: k}", "direct", "k"));
  CHECK(refused("{exchange: e, routing_key: any}", "fanout", ""));
  CHECK(refused("{exchange: amq.fanout, routing_key: any}"));
  CHECK_FALSE(refused("{exchange: e, routing_key: work}"));
  CHECK_FALSE(refused("{exchange: e, routing_key: a.b.c}", "topic", "*.b"));
  CHECK_FALSE(refused("{exchange: e, routing_key: \"\"}", "topic", "*")); // "" is no word
  CHECK_FALSE(refused("{exchange: e, routing_key: \"x.{routing_key}\"}", "topic", "later.#"));
  CHECK_FALSE(refused("{exchange: e, routing_key: l}", "direct", "k"));
  CHECK(refused("{exchange: e, routing_key: k}", "headers", "k")); // that asks for no header takes all
}

TEST_CASE("a delay of its own makes no loop") {
  CHECK_FALSE(refused("{queue: later}", "topic", "later.#", "{default: 1s}"));
  CHECK(refused("{queue: later}", "topic", "later.#", "{default: 0s}"));
}

TEST_CASE("a topic pattern of many # is judged at once") {
  std::string pattern, key;
  for (int i = 0; i < 60; ++i) {
    pattern += "#.";
    key += "a.";
  }
  CHECK_FALSE(refused("{exchange: e, routing_key: " + key + "a}", "topic", pattern + "z"));
  CHECK(refused("{exchange: e, routing_key: " + key + "z}", "topic", pattern + "z"));
}
