// Bytes and times in the forms that JSON and URLs have for them. Pure; any thread.
#pragma once

#include "base/held.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace postponed::admin {

bool is_utf8(std::string_view bytes); // well-formed: no overlong forms, no surrogates
// What is not UTF-8 replaced by U+FFFD, for showing: JSON knows text alone.
std::string shown_text(std::string_view bytes);

// RFC 4648, with padding. Decoding is strict: nothing where it is anything else.
std::string base64(std::string_view bytes);
std::optional<std::string> base64_decoded(std::string_view text);

// 90s, 1h30m, 7d, 500ms, 1d12h: of d h m s ms, larger units first; nothing for anything else, and for what is
// not positive.
std::optional<microseconds> duration_from(std::string_view text);

} // namespace postponed::admin
