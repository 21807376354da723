// YAML file -> settings. Every mistake in the file is found in one go, each with its place and the fix.
#pragma once

#include "config/settings.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postponed::config {

struct finding {
  enum class severity { error, warning };
  severity level = severity::error;
  std::string file;
  place at;         // 0:0 where it concerns the file as a whole
  std::string what; // what is wrong
  std::string fix;  // what to do about it
};
// "file:line:column: what; what to do" (warnings: "file:line:column: warning: what; what to do").
std::string to_string(const finding& each);

struct load_outcome {
  std::optional<settings> value; // nothing where there is an error
  std::vector<finding> findings; // in the order of the file
};

using environment = std::function<std::optional<std::string>(const std::string& name)>;

// Reads the file from disk. In any scalar `${NAME}` is replaced from `env` and `${file:/path}` by that file's
// text (one trailing newline cut), for secrets; `$$` is a dollar. A missing name or file is an error at that
// scalar.
load_outcome load_file(const std::string& path, const environment& env);
// The same from text; `path` only names it in the findings.
load_outcome load_text(std::string_view yaml, const std::string& path, const environment& env);
environment process_environment();

} // namespace postponed::config
