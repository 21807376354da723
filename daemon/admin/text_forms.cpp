#include "admin/text_forms.hpp"

#include <array>
#include <charconv>
#include <cstdint>

namespace postponed::admin {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The length of the well-formed UTF-8 sequence at the front (Unicode, table 3-7), 0 where there is none.
std::size_t sequence_at(std::string_view text) {
  const auto octet = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = octet(0);
  if (first < 0x80) return 1;
  const std::size_t size = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (size == 0 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((octet(i) & 0xC0) != 0x80) return 0;
  const unsigned char second = octet(1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool outside = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
  return overlong || outside ? 0 : size;
}

std::uint32_t octet_at(std::string_view bytes, std::size_t at) {
  return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0;
}

} // namespace

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t size = sequence_at(bytes);
    if (size == 0) return false;
    bytes.remove_prefix(size);
  }
  return true;
}

std::string shown_text(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    const std::size_t size = sequence_at(bytes);
    if (size == 0)
      out += "\xEF\xBF\xBD";
    else
      out += bytes.substr(0, size);
    bytes.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

std::string base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::uint32_t three =
        octet_at(bytes, at) << 16 | octet_at(bytes, at + 1) << 8 | octet_at(bytes, at + 2);
    for (std::size_t i = 0; i < 4; ++i)
      out += at + i > bytes.size() ? '=' : alphabet[three >> (18 - 6 * i) & 63];
  }
  return out;
}

std::optional<std::string> base64_decoded(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  for (std::size_t at = 0; at < text.size() - padding; ++at) {
    const std::size_t digit = alphabet.find(text[at]);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    if (at % 4 == 1) out += static_cast<char>(bits >> 4 & 0xFF);
    if (at % 4 == 2) out += static_cast<char>(bits >> 2 & 0xFF);
    if (at % 4 == 3) out += static_cast<char>(bits & 0xFF);
  }
  // Bits that no octet takes must be 0: else two texts would mean the same bytes.
  if ((padding == 2 && (bits & 15) != 0) || (padding == 1 && (bits & 3) != 0)) return std::nullopt;
  return out;
}

std::optional<microseconds> duration_from(std::string_view text) {
  struct unit {
    std::string_view name;
    std::int64_t size; // microseconds
  };
  constexpr std::array<unit, 5> units{
      {{"d", 86'400'000'000}, {"h", 3'600'000'000}, {"m", 60'000'000}, {"s", 1'000'000}, {"ms", 1000}}};
  constexpr std::int64_t longest = std::int64_t{86'400'000'000} * 36500; // a hundred years
  std::int64_t sum = 0;
  std::size_t next_unit = 0;
  while (!text.empty()) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::string_view name = text.substr(0, text.find_first_of("0123456789"));
    while (next_unit < units.size() && units[next_unit].name != name)
      ++next_unit;
    if (next_unit == units.size()) return std::nullopt;
    const std::int64_t size = units[next_unit++].size;
    if (number > (longest - sum) / size) return std::nullopt;
    sum += number * size;
    text.remove_prefix(name.size());
  }
  if (sum == 0) return std::nullopt;
  return microseconds{sum};
}

} // namespace postponed::admin
