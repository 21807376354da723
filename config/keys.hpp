// Every key of the YAML file, by section. The reader refuses all others, and a test holds the JSON Schema to
// it.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace postponed::config {

const std::map<std::string, std::vector<std::string>>& known_keys();
// "<what> is not supported by this version (0.1.0)".
std::string not_supported(const std::string& what);

} // namespace postponed::config
