// The page for people: / and the files that it asks for under /assets. Pure; any thread.
#pragma once

#include "admin/router.hpp"

#include <string_view>

namespace postponed::admin {

// Nothing but what this very endpoint serves is loaded or run by the page, no script or style stands within
// the HTML, and no other page may show it in a frame.
inline constexpr std::string_view page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

void add_web_pages(router& to);

} // namespace postponed::admin
