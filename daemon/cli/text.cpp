#include "cli/text.hpp"

#include "base/encodings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace postponed::cli {

namespace {

// What a terminal would obey: controls, and what turns the direction of all that follows.
bool is_obeyed(char32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || (point >= 0x202A && point <= 0x202E) ||
         (point >= 0x2066 && point <= 0x2069) || point == 0x2028 || point == 0x2029;
}

std::string harmless(std::string_view text, bool lines) {
  std::string to;
  while (!text.empty()) {
    const code_point each = first_code_point(text);
    const bool kept = lines && (each.value == '\n' || each.value == '\t');
    if (each.size == 0)
      to += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    else if (!is_obeyed(each.value) || kept)
      to += text.substr(0, each.size);
    else if (each.value == '\n')
      to += "\\n";
    else if (each.value == '\t')
      to += "\\t";
    else if (each.value < 0x100)
      to += fmt::format("\\x{:02x}", static_cast<unsigned>(each.value));
    else
      to += fmt::format("\\u{{{:x}}}", static_cast<unsigned>(each.value));
    text.remove_prefix(std::max<std::size_t>(each.size, 1));
  }
  return to;
}

std::size_t columns_of(char32_t point) {
  if ((point >= 0x300 && point < 0x370) || point == 0x200B || point == 0x200D ||
      (point >= 0xFE00 && point < 0xFE10))
    return 0;
  const bool wide = (point >= 0x1100 && point < 0x1160) || (point >= 0x2E80 && point < 0xA4D0) ||
                    (point >= 0xAC00 && point < 0xD7A4) || (point >= 0xF900 && point < 0xFB00) ||
                    (point >= 0xFF00 && point < 0xFF61) || (point >= 0x1F300 && point < 0x20000) ||
                    (point >= 0x20000 && point < 0x40000);
  return wide ? 2 : 1;
}

} // namespace

std::string on_one_line(std::string_view text) {
  return harmless(text, false);
}

std::string on_lines(std::string_view text) {
  return harmless(text, true);
}

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const code_point each = first_code_point(text);
    width += each.size > 0 ? columns_of(each.value) : 1;
    text.remove_prefix(std::max<std::size_t>(each.size, 1));
  }
  return width;
}

std::string shortened(const std::string& text, std::size_t columns) {
  if (width_of(text) <= columns) return text;
  std::string_view rest = text;
  std::string to;
  std::size_t width = 1; // of the ellipsis
  while (!rest.empty()) {
    const code_point each = first_code_point(rest);
    const std::size_t size = std::max<std::size_t>(each.size, 1);
    width += each.size > 0 ? columns_of(each.value) : 1;
    if (width > columns) break;
    to += rest.substr(0, size);
    rest.remove_prefix(size);
  }
  return to + "…";
}

std::string seconds_text(std::int64_t seconds) {
  struct unit {
    std::int64_t seconds;
    std::string_view name;
  };
  static constexpr unit units[] = {{86400 * 365, "y"}, {86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
  for (std::size_t i = 0; i < std::size(units); ++i) {
    if (seconds < units[i].seconds) continue;
    std::string to = fmt::format("{} {}", seconds / units[i].seconds, units[i].name);
    const std::int64_t rest = seconds % units[i].seconds;
    if (i + 1 < std::size(units) && rest >= units[i + 1].seconds)
      to += fmt::format(" {} {}", rest / units[i + 1].seconds, units[i + 1].name);
    return to;
  }
  return "0 s";
}

std::string relative(proto::wall_time at, proto::wall_time now) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at - now).count();
  if (seconds == 0) return "now";
  return seconds > 0 ? "in " + seconds_text(seconds) : seconds_text(-seconds) + " ago";
}

std::string relative(std::string_view rfc3339, proto::wall_time now) {
  const auto at = proto::parse_rfc3339(rfc3339);
  return at ? relative(*at, now) : on_one_line(rfc3339);
}

std::string count_text(std::uint64_t count) {
  std::string to = std::to_string(count);
  for (std::size_t at = to.size(); at > 3;)
    to.insert(at -= 3, ",");
  return to;
}

std::string bytes_text(std::uint64_t bytes) {
  static constexpr std::string_view units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(units)) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, units[unit]);
}

std::string counted(std::uint64_t count, std::string_view one) {
  return fmt::format("{} {}{}", count_text(count), one, count == 1 ? "" : "s");
}

std::string table::text(bool bold) const {
  std::vector<std::size_t> widths;
  for (const column& each : columns)
    widths.push_back(width_of(each.title));
  std::vector<std::vector<std::string>> shown = rows;
  for (auto& row : shown)
    for (std::size_t i = 0; i < row.size() && i < columns.size(); ++i) {
      if (columns[i].most > 0) row[i] = shortened(row[i], std::max(columns[i].most, widths[i]));
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  std::string to;
  const auto add = [&](const std::string& cell, std::size_t i, bool last) {
    const std::string space(widths[i] - std::min(widths[i], width_of(cell)), ' ');
    if (columns[i].right)
      to += space + cell;
    else
      to += last ? cell : cell + space;
    if (!last) to += "  ";
  };
  if (bold) to += "\x1b[1m";
  for (std::size_t i = 0; i < columns.size(); ++i)
    add(columns[i].title, i, i + 1 == columns.size());
  to += bold ? "\x1b[0m\n" : "\n";
  for (const auto& row : shown) {
    for (std::size_t i = 0; i < row.size(); ++i)
      add(row[i], i, i + 1 == row.size());
    to += "\n";
  }
  return to;
}

} // namespace postponed::cli
