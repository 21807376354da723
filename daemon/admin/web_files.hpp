// The files of the page, in the binary: those of daemon/admin/web, and uPlot's. The build writes
// web_files.cpp out of them (web/embed.cmake). Constant data; any thread.
#pragma once

#include <span>
#include <string_view>

namespace postponed::admin {

struct web_file {
  std::string_view name; // index.html, app.js
  std::string_view body;
  std::string_view tag; // of its content: hexadecimal digits
};

std::span<const web_file> web_files(); // ordered by name

} // namespace postponed::admin
