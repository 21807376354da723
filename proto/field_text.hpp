// A header's value as the text that a reader of strings alone understands. Internal to proto; pure; any
// thread.
#pragma once

#include "proto/properties.hpp"

#include <string>

namespace postponed::proto {

// Strings and byte strings as they are, integers in decimal, floats in the shortest form that reads back the
// same, booleans as true and false, timestamps as RFC 3339, tables and arrays as JSON (bytes that are not
// UTF-8 as they are), nothing for void.
std::string text_of(const field& each);

} // namespace postponed::proto
