// Bytes and times in the forms that JSON and URLs have for them. Pure; any thread.
#pragma once

#include "base/held.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace postponed::admin {

// What is not UTF-8 replaced by U+FFFD, for showing: JSON knows text alone.
std::string shown_text(std::string_view bytes);

// 90s, 1h30m, 7d, 500ms, 1d12h: of d h m s ms, larger units first; nothing for anything else, and for what is
// not positive.
std::optional<microseconds> duration_from(std::string_view text);

} // namespace postponed::admin
