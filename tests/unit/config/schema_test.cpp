// The JSON Schema for editors says what the loader does.
#include "config/keys.hpp"
#include "config/load.hpp"
#include "proto/headers.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

using namespace postponed;
namespace json = boost::json;

namespace {

json::value schema() {
  std::ifstream file{POSTPONED_SOURCE_DIR "/config/postponed.schema.json"};
  return json::parse(std::string{std::istreambuf_iterator<char>{file}, {}});
}

std::set<std::string> keys_of(const json::value& section) {
  std::set<std::string> keys;
  for (const auto& [name, value] : section.at("properties").as_object())
    keys.emplace(name);
  return keys;
}

} // namespace

TEST_CASE("schema and loader know the same keys in every section") {
  const json::value all = schema();
  for (const auto& [section, known] : config::known_keys()) {
    INFO(section);
    const json::value& described = section == "file" ? all : all.at("$defs").at(section);
    CHECK(keys_of(described) == std::set<std::string>(known.begin(), known.end()));
    CHECK(described.at("additionalProperties") == false);
  }
}

TEST_CASE("the schema has no section that the loader does not know, and describes every key") {
  const json::value all = schema();
  const auto described = [](const std::string& section, const json::value& of) {
    for (const auto& [name, value] : of.at("properties").as_object()) {
      const std::string key{name};
      INFO(section << "." << key);
      CHECK(value.as_object().contains("description"));
    }
  };
  described("file", all);
  for (const auto& [name, definition] : all.at("$defs").as_object()) {
    if (!definition.as_object().contains("properties")) continue;
    const std::string section{name};
    INFO(section);
    CHECK(config::known_keys().contains(section));
    described(section, definition);
  }
}

TEST_CASE("the example shows every key") {
  std::ifstream file{POSTPONED_SOURCE_DIR "/config/postponed.yaml"};
  const std::string example{std::istreambuf_iterator<char>{file}, {}};
  for (const auto& [section, known] : config::known_keys())
    for (const std::string& each : known) {
      INFO(section << "." << each);
      const auto shown = [&](const char* before) {
        return example.find(before + each + ":") != std::string::npos;
      };
      CHECK((shown(" ") || shown("{") || shown("\n")));
    }
}

TEST_CASE("the schema's required keys are the loader's") {
  // An empty map in the place of each section: what is required is what the loader then misses.
  const json::value all = schema();
  const std::string broker = "broker: {uris: [\"amqp://h/\"]}\n", store = "store: {path: p}\n";
  const std::map<std::string, std::string> emptied{
      {"broker", "broker: {}\n" + store + "routes: []\n"},
      {"store", broker + "store: {}\nroutes: []\n"},
      {"route", broker + store + "routes: [{}]\n"},
      {"exchange", broker + store + "routes: []\ntopology: {exchanges: [{}]}\n"},
      {"queue", broker + store + "routes: []\ntopology: {queues: [{}]}\n"},
      {"binding", broker + store + "routes: []\ntopology: {bindings: [{}]}\n"},
      {"dead_letter", broker + store + "routes: []\ndead_letters: [{}]\n"},
      {"token", broker + store + "routes: []\nadmin: {tokens: [{}]}\n"},
      {"admin_tls", broker + store + "routes: []\nadmin: {tls: {}}\n"},
      {"file", "{}\n"}};
  for (const auto& [section, yaml] : emptied) {
    INFO(section);
    std::set<std::string> required, missed;
    const json::value& described = section == "file" ? all : all.at("$defs").at(section);
    for (const json::value& each : described.at("required").as_array())
      required.emplace(each.as_string());
    for (const config::finding& each : config::load_text(yaml, "f", [](const std::string&) {
                                         return std::optional<std::string>{};
                                       }).findings)
      if (const std::size_t at = each.what.find(" has no "); at != std::string::npos)
        missed.insert(each.what.substr(at + 8));
    CHECK(required == missed);
  }
}

TEST_CASE("schema, loader and protocol know the same delay headers") {
  std::set<std::string> described, spoken;
  const json::value all = schema();
  for (const json::value& each : all.at_pointer("/$defs/delay/properties/headers/items/enum").as_array())
    described.emplace(each.as_string());
  for (const proto::delay_header each : proto::all_delay_headers()) {
    spoken.emplace(proto::to_string(each));
    const auto outcome = config::load_text(
        "broker: {uris: [\"amqp://h/\"]}\nstore: {path: x}\nroutes: [{name: r, queue: q, "
        "release: {queue: w}, dead_letter: d, delay: {headers: [" +
            std::string{proto::to_string(each)} + "]}}]\ndead_letters: [{name: d, queue: d}]\n",
        "f", [](const std::string&) { return std::optional<std::string>{}; });
    CHECK(outcome.value);
  }
  CHECK(described == spoken);
}
