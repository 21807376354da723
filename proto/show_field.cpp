#include "proto/show_field.hpp"

#include "proto/octets.hpp"

#include <charconv>
#include <cstdint>

namespace postponed::proto {

namespace {

constexpr std::size_t longest_shown = 64;

unsigned char octet(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

bool continues(std::string_view text, std::size_t at) {
  return (octet(text, at) & 0xC0) == 0x80;
}

// The length of the well-formed UTF-8 sequence at the front (Unicode, table 3-7), 0 where there is none.
std::size_t sequence_at(std::string_view text) {
  const unsigned char first = octet(text, 0);
  std::size_t size = 1;
  if (first >= 0x80) size = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (size == 0 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if (!continues(text, i)) return 0;
  if (size < 3) return size;
  const unsigned char second = octet(text, 1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool outside =
      (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F); // surrogates, the end
  return overlong || outside ? 0 : size;
}

std::string quoted(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  const std::size_t end = utf8_cut(text, longest_shown);
  const bool cut = end < text.size();
  text = text.substr(0, end);
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t size = sequence_at(text);
    const unsigned char first = octet(text, 0);
    if (size == 0 || first < 0x20 || first == 0x7F) {
      out.append("\\x") += hex[first >> 4];
      out += hex[first & 0xF];
      text.remove_prefix(1);
      continue;
    }
    if (first == '"' || first == '\\') out += '\\';
    out.append(text.substr(0, size));
    text.remove_prefix(size);
  }
  return out += cut ? "...\"" : "\"";
}

std::string number(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

} // namespace

std::size_t utf8_cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text.size();
  std::size_t end = limit;
  // A sequence has three continuation bytes at most: more of them is no UTF-8, and is cut anywhere.
  while (end > 0 && limit - end < 3 && continues(text, end))
    --end;
  return continues(text, end) ? limit : end;
}

std::string show_value(const field& each) {
  if (const auto text = each.text()) return quoted(*text);
  if (const auto integer = each.integer())
    return each.type == 'T' ? "the timestamp " + std::to_string(*integer) : std::to_string(*integer);
  if ((each.type == 'L' || each.type == 'T') && each.value.size() == 8)
    return std::to_string(load_octets<std::uint64_t>(each.value));
  if (const auto real = each.real()) return number(*real);
  if (const auto boolean = each.boolean()) return *boolean ? "true" : "false";
  if (each.type == 'F') return "a table";
  if (each.type == 'A') return "an array";
  return "no value";
}

} // namespace postponed::proto
