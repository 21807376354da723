// The configuration that is in force, and how another one comes to be: read whole, checked whole, then taken
// over at once, or not at all. Part of the application; one thread.
#pragma once

#include "config/load.hpp"

#include <optional>
#include <string>
#include <vector>

namespace postponed {

class configuration {
 public:
  configuration(std::string file, config::settings first) : file_{std::move(file)}, now_{std::move(first)} {}

  const config::settings& now() const { return now_; }
  const std::string& file() const { return file_; }

  // Reads the file again. Nothing where it has errors, or changes what cannot change while the daemon runs;
  // `findings` tells all of them, warnings too.
  std::optional<config::settings> read_again(std::vector<config::finding>& findings) const;

  void accept(config::settings&& next) { now_ = std::move(next); }

 private:
  std::string file_;
  config::settings now_;
};

} // namespace postponed
