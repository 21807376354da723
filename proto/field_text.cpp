#include "proto/field_text.hpp"

#include "proto/headers.hpp"
#include "proto/table_cursor.hpp"

#include <charconv>
#include <cmath>
#include <limits>

namespace postponed::proto {

namespace {

std::string real_text(double value) {
  if (!std::isfinite(value)) return std::isnan(value) ? "NaN" : (value < 0 ? "-Inf" : "+Inf");
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return {buffer, end};
}

// AMQP's decimal: an octet of digits after the point, then the unscaled value. Source: AMQP 0-9-1, 4.2.5.5.
std::string decimal_text(std::string_view value) {
  const auto octet = [&](std::size_t at) { return static_cast<unsigned char>(value[at]); };
  const unsigned scale = octet(0);
  std::uint32_t unscaled = 0;
  for (std::size_t at = 1; at < 5; ++at)
    unscaled = unscaled << 8 | octet(at);
  const std::int64_t number = static_cast<std::int32_t>(unscaled);
  std::string digits = std::to_string(number < 0 ? -number : number);
  if (digits.size() <= scale) digits = std::string(scale + 1 - digits.size(), '0') + digits;
  std::string out{number < 0 ? "-" : ""};
  out.append(digits, 0, digits.size() - scale);
  if (scale > 0) out.append(".").append(digits, digits.size() - scale);
  return out;
}

void quote(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (code < 0x20) {
      out.append("\\u00");
      out += hex[code >> 4];
      out += hex[code & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_json(std::string& out, const field& each);

void append_json_of(std::string& out, std::string_view bytes, table_cursor::form form) {
  const bool table = form == table_cursor::form::table;
  out += table ? '{' : '[';
  table_cursor cursor{bytes, form};
  for (bool first = true; cursor.next(); first = false) {
    if (!first) out += ',';
    if (table) {
      quote(out, cursor.current().name);
      out += ':';
    }
    append_json(out, cursor.current());
  }
  out += table ? '}' : ']';
}

void append_json(std::string& out, const field& each) {
  if (const auto table = each.table()) {
    append_json_of(out, *table, table_cursor::form::table);
  } else if (const auto array = each.array()) {
    append_json_of(out, *array, table_cursor::form::array);
  } else if (each.type == 'V') {
    out += "null";
  } else if (each.type == 'S' || each.type == 'x' || each.type == 'T' ||
             (each.real() && !std::isfinite(*each.real()))) {
    quote(out, text_of(each));
  } else {
    out += text_of(each);
  }
}

} // namespace

std::string text_of(const field& each) {
  if (const auto text = each.text()) return std::string{*text};
  if (each.type == 'T') {
    // Seconds since 1970, unsigned on the wire: what is beyond the calendar stays a number.
    const auto seconds = each.integer();
    constexpr std::int64_t last = 253402300799; // 9999-12-31T23:59:59Z
    if (seconds && *seconds >= 0 && *seconds <= last)
      return format_rfc3339(wall_time{std::chrono::seconds{*seconds}});
  }
  if (const auto number = each.integer()) return std::to_string(*number);
  if (each.type == 'D' && each.value.size() == 5) return decimal_text(each.value);
  if (const auto number = each.real()) return real_text(*number);
  if (const auto flag = each.boolean()) return *flag ? "true" : "false";
  if (each.table() || each.array()) {
    std::string out;
    append_json(out, each);
    return out;
  }
  return {};
}

} // namespace postponed::proto
