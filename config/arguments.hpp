// A YAML map -> AMQP arguments, with YAML's own types. Internal to config.
#pragma once

#include "config/reader.hpp"

namespace postponed::config {

// Quoted scalars (and !!str) are strings; plain ones are booleans, integers of 64 bits, floats, or strings.
// Findings: keys that are none, stand twice or are too long, integers beyond 64 bits, maps too deep.
void read_arguments(reading& in, const YAML::Node& map, arguments& into);

// The place of one entry's value; that of the map where there is no such entry.
place place_in(const YAML::Node& map, const std::string& key);

} // namespace postponed::config
