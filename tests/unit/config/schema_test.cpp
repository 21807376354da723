// The JSON Schema for editors says what the loader does.
#include "config/keys.hpp"
#include "config/load.hpp"
#include "proto/headers.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <fstream>
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
