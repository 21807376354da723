// Typed access to YAML with the place of everything, collecting findings instead of stopping. Internal to
// config.
#pragma once

#include "config/values.hpp"

#include <yaml-cpp/yaml.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace postponed::config {

struct reading { // what one load shares
  std::string file;
  environment env;
  std::vector<finding> findings;
  bool password_in_file = false; // a URI with a password that came from nowhere else

  void error(place at, std::string what, std::string fix);
};

place place_of(const YAML::Node& node);

// One map of the file. Unknown and repeated keys are found when it is made.
class section {
 public:
  // `name`: the section of keys.hpp whose keys are known; `called`: for findings.
  section(reading& in, const YAML::Node& node, const std::string& name, std::string called);

  bool has(const std::string& key) const;
  place at() const { return at_; }
  place at(const std::string& key) const;
  void required(const std::string& key, const std::string& example);

  // Each leaves `into` as it is where the key is absent or wrong.
  void text(const std::string& key, std::string& into, std::size_t longest = 4096);
  void name(const std::string& key, std::string& into) { text(key, into, 255); } // AMQP's limit
  void text(const std::string& key, std::optional<std::string>& into, std::size_t longest = 255);
  void boolean(const std::string& key, bool& into);
  void number(const std::string& key, std::uint64_t least, std::uint64_t most,
              const std::function<void(std::uint64_t)>& set);
  void size(const std::string& key, std::uint64_t least, const std::function<void(std::uint64_t)>& set);
  void duration(const std::string& key, const std::function<void(std::chrono::microseconds)>& set);
  void choice(const std::string& key, const std::vector<std::string>& words,
              const std::function<void(std::size_t)>& set);
  void map(const std::string& key, const std::function<void(const YAML::Node&)>& read);
  void list(const std::string& key, const std::function<void(const YAML::Node&)>& each);
  void arguments(const std::string& key, config::arguments& into);

 private:
  YAML::Node value(const std::string& key) const;
  std::optional<std::string> scalar(const YAML::Node& node, const std::string& key);

  reading& in_;
  YAML::Node node_;
  place at_;
  std::string called_;
};

// A scalar with its ${..} replaced; nothing, and a finding, where it is none.
std::optional<std::string> scalar_of(reading& in, const YAML::Node& node, const std::string& called,
                                     bool* from_outside = nullptr);

} // namespace postponed::config
