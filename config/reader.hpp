// Typed access to YAML with the place of everything, collecting findings instead of stopping. Internal to
// config.
#pragma once

#include "config/load.hpp"
#include "config/secrets.hpp"

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace postponed::config {

struct route_places { // for findings across sections, in the order of settings::routes
  place queue, release, dead_letter;
};
struct letter_places { // the same of settings::dead_letters
  place queue, exchange;
};

struct reading { // what one load shares
  reading(std::string path, environment outside) : file{std::move(path)}, env{std::move(outside)} {}

  std::string file;
  environment env;
  std::vector<finding> findings;
  std::vector<route_places> routes;
  std::vector<letter_places> letters;
  std::vector<substitution::replacement> replaced; // what must not be shown
  std::optional<place> password_in_file;           // the first URL with a password in clear text

  // Secrets are taken out of both texts here, so that no caller can forget it.
  void error(place at, std::string what, std::string fix) {
    add(finding::severity::error, at, std::move(what), std::move(fix));
  }
  void warning(place at, std::string what, std::string fix) {
    add(finding::severity::warning, at, std::move(what), std::move(fix));
  }
  // Keeps the place of a URL as it is written, before any substitution, if it holds a password.
  void look_for_password(const YAML::Node& written);

 private:
  void add(finding::severity level, place at, std::string what, std::string fix);
};

place place_of(const YAML::Node& node);
std::string joined(const std::vector<std::string>& words); // with commas
std::optional<std::int64_t> integer_of(const std::string& text);
std::optional<bool> boolean_of(const std::string& text); // YAML 1.2's: true True TRUE false False FALSE

// One map of the file. Unknown and repeated keys are found when it is made.
class section {
 public:
  // `name`: the section of keys.hpp whose keys are known; `called`: for findings.
  section(reading& in, const YAML::Node& node, const std::string& name, std::string called);

  bool has(const std::string& key) const;
  bool is_list(const std::string& key) const;
  place at() const { return at_; }
  place at(const std::string& key) const; // of its value, of the key where that is empty
  void required(const std::string& key, const std::string& example);

  // Each leaves `into` as it is where the key is absent or wrong.
  void text(const std::string& key, std::string& into, std::size_t longest = 4096);
  void name(const std::string& key, std::string& into) { text(key, into, 255); } // AMQP's limit
  // A name that must be there and not be empty.
  void required_name(const std::string& key, std::string& into, const std::string& example);
  void text(const std::string& key, std::optional<std::string>& into, std::size_t longest = 255);
  void boolean(const std::string& key, bool& into);
  void number(const std::string& key, std::uint64_t least, std::uint64_t most,
              const std::function<void(std::uint64_t)>& set);
  void size(const std::string& key, std::uint64_t least, const std::function<void(std::uint64_t)>& set);
  void duration(const std::string& key, const std::function<void(std::chrono::microseconds)>& set);
  void positive_duration(const std::string& key, const std::string& example,
                         const std::function<void(std::chrono::microseconds)>& set);
  void decimal(const std::string& key, double least, double most, const std::string& example,
               const std::function<void(double)>& set);
  void choice(const std::string& key, const std::vector<std::string>& words,
              const std::function<void(std::size_t)>& set);
  // A section of its own, called `name` in keys.hpp, or like its key.
  void map(const std::string& key, const std::function<void(const YAML::Node&)>& read,
           const std::string& name = "");
  // A map whose keys are the user's own words, to names of AMQP.
  void names(const std::string& key, const std::string& example, std::map<std::string, std::string>& into);
  void list(const std::string& key, const std::function<void(const YAML::Node&)>& each);
  void arguments(const std::string& key, config::arguments& into);

 private:
  struct entry {
    place key;
    YAML::Node value;
  };
  std::optional<std::string> scalar(const std::string& key);
  void check_key(const YAML::Node& key, const std::string& name);

  reading& in_;
  place at_;
  std::string called_;
  bool is_map_;
  std::map<std::string, entry> entries_; // the first of each key
};

// A scalar with its ${..} replaced; nothing, and a finding, where it is none.
std::optional<std::string> scalar_of(reading& in, const YAML::Node& node, const std::string& called);
// The duration that `text` says; nothing, and a finding, where it says none.
std::optional<std::chrono::microseconds> duration_of(reading& in, place at, const std::string& called,
                                                     const std::string& text);

} // namespace postponed::config
