// Templates of exchanges and routing keys: `{name}`; `{{` and `}}` are braces. Internal to config; pure but
// for the findings.
#pragma once

#include "config/reader.hpp"

#include <string>

namespace postponed::config {

// A finding where the text holds a template that there is none of.
void check_template(reading& in, place at, const std::string& key, const std::string& text);

} // namespace postponed::config
