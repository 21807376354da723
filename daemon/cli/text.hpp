// Texts as a terminal gets them: nothing in them that a terminal would obey, columns that stand in line,
// times and sizes as people say them. Pure, given the time; any thread.
#pragma once

#include "proto/rfc3339.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postponed::cli {

// On one line: control characters (also those of UTF-8's second block, and what turns the direction of text)
// written as \x1b, \u{202e}; what is no UTF-8 as \xff.
std::string on_one_line(std::string_view text);
// The same, but line ends and tabs stay.
std::string on_lines(std::string_view text);

// Columns on a terminal, about: a code point each, wide ones two, combining ones none.
std::size_t width_of(std::string_view text);
// At most so many columns; what is cut off is told by an ellipsis at the end.
std::string shortened(const std::string& text, std::size_t columns);

// in 3 h 12 min, 2 min ago, now. Two units at most, rounded down.
std::string relative(proto::wall_time at, proto::wall_time now);
// The same of an RFC 3339 time; what is none stays as it is.
std::string relative(std::string_view rfc3339, proto::wall_time now);
std::string seconds_text(std::int64_t seconds); // 3 h 12 min
std::string count_text(std::uint64_t count);    // 12,345,678
std::string bytes_text(std::uint64_t bytes);    // 12.3 MiB
// 1 message, 2 messages.
std::string counted(std::uint64_t count, std::string_view one);

struct table {
  struct column {
    std::string title;
    bool right = false;   // numbers
    std::size_t most = 0; // columns wide at most; 0: as it comes
  };
  std::vector<column> columns;
  std::vector<std::vector<std::string>> rows; // of on_one_line() texts

  // Lines, each with its end; titles in bold where `bold`.
  std::string text(bool bold) const;
};

} // namespace postponed::cli
