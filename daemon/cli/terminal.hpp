// The person at the terminal, where there is one: colours, confirmations, progress. Everything meant for
// people alone goes to standard error; results go to standard output. One thread.
#pragma once

#include "cli/text.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace postponed::cli {

class terminal {
 public:
  terminal(); // looks at standard input, output and error, NO_COLOR and TERM
  bool colours() const { return colours_; }

  // Writes to standard output. Throws failure (failed) where it cannot be written: a full disk is no success.
  void print(std::string_view text) const;
  // A line to standard error.
  void tell(std::string_view text) const;
  // Asks, and answers whether the person said yes. Throws failure (bad_usage) where nobody can be asked.
  bool confirm(const std::string& question) const;

  // A bar on standard error, drawn anew at most ten times a second; nothing where that is no terminal.
  // `total` 0: not known.
  void progress(std::uint64_t done, std::uint64_t total);
  void end_progress(); // the bar goes

 private:
  bool colours_ = false, asks_ = false, bar_ = false, drawn_ = false;
  std::chrono::steady_clock::time_point began_{}, last_{};
  std::uint64_t first_ = 0;
};

} // namespace postponed::cli
