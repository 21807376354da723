#include "base/held.hpp"

#include <charconv>
#include <limits>
#include <tuple>

namespace postponed {

namespace {

constexpr std::size_t nonce_digits = 8;

bool is_hex(char each) {
  return (each >= '0' && each <= '9') || (each >= 'a' && each <= 'f');
}

// Lower-case hex with no sign and no needless zero, up to 2^63-1: an id has one spelling only.
std::optional<std::int64_t> hex_number(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint64_t value = 0;
  for (const char each : text)
    if (!is_hex(each)) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

} // namespace

held_id_text write_held_id(const held_id& id) {
  held_id_text text;
  static_assert(std::tuple_size_v<decltype(text.octets)> == 16 + 1 + 16 + 1 + nonce_digits);
  char* at = text.octets.data();
  const auto put = [&](std::int64_t value) {
    at =
        std::to_chars(at, text.octets.data() + text.octets.size(), static_cast<std::uint64_t>(value), 16).ptr;
  };
  // A negative slot or row, which no store gives out, is written as its two's complement and not read back.
  put(id.slot);
  *at++ = '-';
  put(id.row);
  *at++ = '-';
  for (std::size_t i = nonce_digits; i-- > 0;)
    *at++ = "0123456789abcdef"[(id.nonce >> (4 * i)) & 0xF];
  text.size = static_cast<std::size_t>(at - text.octets.data());
  return text;
}

std::string to_string(const held_id& id) {
  return std::string{write_held_id(id).view()};
}

std::optional<held_id> held_id_from(std::string_view text) {
  const std::size_t first = text.find('-');
  const std::size_t second = first == text.npos ? text.npos : text.find('-', first + 1);
  if (second == text.npos) return std::nullopt;
  const auto slot = hex_number(text.substr(0, first));
  const auto row = hex_number(text.substr(first + 1, second - first - 1));
  const std::string_view digits = text.substr(second + 1);
  if (!slot || !row || *row < 1 || digits.size() != nonce_digits) return std::nullopt;
  std::uint32_t nonce = 0;
  for (const char each : digits) {
    if (!is_hex(each)) return std::nullopt;
    nonce = nonce << 4 | static_cast<std::uint32_t>(each <= '9' ? each - '0' : each - 'a' + 10);
  }
  return held_id{*slot, *row, nonce};
}

} // namespace postponed
