// What the tests of findings share: a file that is right but for one line, and what is said about it.
#pragma once

#include "config/load.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <vector>

namespace postponed::config::test {

inline std::optional<std::string> no_environment(const std::string&) {
  return std::nullopt;
}

inline std::string all_of(const std::string& yaml) {
  std::string text;
  for (const finding& each : load_text(yaml, "f", no_environment).findings)
    text += to_string(each) + "\n";
  return text;
}

struct mistake {
  std::string text;
  std::string said; // whole, with the newline of the last
};

// Each file is right but for the text: it takes the place of one line, whose number the places tell.
inline void check(const std::vector<mistake>& mistakes, const std::string& before, const std::string& after) {
  for (const mistake& each : mistakes) {
    INFO(each.text);
    CHECK(all_of(before + each.text + "\n" + after) == each.said);
  }
}

inline const std::string broker = "broker: {uris: [\"amqp://127.0.0.1/\"]}\n";
inline const std::string store = "store: {path: /tmp/held.db}\n";
inline const std::string letters = "dead_letters: [{name: bin, queue: dead}]\n";
inline const std::string route =
    "routes: [{name: r, queue: later, release: {queue: work}, dead_letter: bin}]\n";

inline std::string line(const std::string& text) {
  return "f:" + text + "\n";
}

} // namespace postponed::config::test
