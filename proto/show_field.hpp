// A header's value as a person may read it in an error. Internal to proto; pure; any thread.
#pragma once

#include "proto/properties.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace postponed::proto {

// Texts in quotes, cut to 64 bytes, with control characters and what is not UTF-8 as \xNN; numbers as they
// are; other types by name.
std::string show_value(const field& each);

// The length of the longest start of `text` that has at most `limit` bytes and does not end within a UTF-8
// sequence.
std::size_t utf8_cut(std::string_view text, std::size_t limit);

} // namespace postponed::proto
