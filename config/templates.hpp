// Templates of exchanges and routing keys: `{name}`; `{{` and `}}` are braces. Internal to config; pure but
// for the findings.
#pragma once

#include "config/reader.hpp"

#include <string>

namespace postponed::config {

// A finding where the text holds a template that there is none of.
void check_template(reading& in, place at, const std::string& key, const std::string& text);

// The text with what is known before any message comes; any_word and any_text (patterns.hpp) stand for the
// rest.
std::string expanded(const std::string& text, const route_settings& route);

} // namespace postponed::config
