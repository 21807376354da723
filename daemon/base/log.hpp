// The log: one line an event on standard error, key=value or JSON, for the journal and for the person at 3
// a.m.
//
// Any thread. Values are escaped, so that a line stays one line. No secret may be given to it: broker
// addresses come as broker_uri::display(), which has no password.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postponed::log {

enum class level { debug, info, warning, error };
enum class format { key_value, json };

using fields = std::vector<std::pair<std::string_view, std::string>>;

// Before the first line; defaults: info, key_value.
void configure(level lowest, format shape);

void write(level severity, std::string_view text, const fields& more = {});
inline void debug(std::string_view text, const fields& more = {}) {
  write(level::debug, text, more);
}
inline void info(std::string_view text, const fields& more = {}) {
  write(level::info, text, more);
}
inline void warning(std::string_view text, const fields& more = {}) {
  write(level::warning, text, more);
}
inline void error(std::string_view text, const fields& more = {}) {
  write(level::error, text, more);
}

// One line without its end, as write() prints it. For tests.
std::string render(format shape, std::string_view time, level severity, std::string_view text,
                   const fields& more);

} // namespace postponed::log
