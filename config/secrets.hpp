// What comes into the configuration from outside the file: the environment and files with secrets. And the
// other direction: nothing of it may go out again in a finding. Internal to config; pure but for reading
// files.
#pragma once

#include "config/load.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postponed::config {

// The whole of a file of at most 16 MiB. Nothing, and `why`, where it cannot be read. `world_readable`, where
// given, tells of the file that was read, not of another that has taken its name since.
std::optional<std::string> read_file(const std::string& path, std::string& why,
                                     bool* world_readable = nullptr);

// Replaces ${NAME} and ${file:/path} (one trailing newline cut), and $$ by a dollar.
struct substitution {
  struct replacement {
    std::string value;   // maybe a secret
    std::string written; // ${NAME}: what a finding may show instead
  };
  std::string text;
  std::string problem, fix; // empty: fine
  std::vector<replacement> replaced;
};
substitution substitute(std::string_view text, const environment& env);

// Whether a URI as written, before any substitution, holds a password in clear text.
bool holds_password(std::string_view written);

// `text` with each value from outside put back as it was written. Values of fewer than 4 bytes stay: they
// hide nothing and stand in half of all words.
std::string without_values(std::string text, const std::vector<substitution::replacement>& replaced);
// `text` with the password of each scheme://user:password@ as ***.
std::string without_passwords(std::string text);

} // namespace postponed::config
