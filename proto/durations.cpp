#include "proto/durations.hpp"

#include "proto/headers.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace postponed::proto {

namespace {

constexpr std::uint64_t longest = std::uint64_t{1} << 63; // nanoseconds; the magnitude of Go's least duration

bool is_digit(char each) {
  return each >= '0' && each <= '9';
}

std::optional<std::uint64_t> nanoseconds_in(std::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us" || unit == "\xC2\xB5s" || unit == "\xCE\xBCs") return 1'000; // micro sign, Greek mu
  if (unit == "ms") return 1'000'000;
  if (unit == "s") return 1'000'000'000;
  if (unit == "m") return 60'000'000'000;
  if (unit == "h") return 3'600'000'000'000;
  return std::nullopt;
}

// The digits before the point. False beyond 2^63.
bool leading_digits(std::string_view& text, std::uint64_t& value) {
  for (value = 0; !text.empty() && is_digit(text.front()); text.remove_prefix(1)) {
    if (value > longest / 10) return false;
    value = value * 10 + static_cast<std::uint64_t>(text.front() - '0');
    if (value > longest) return false;
  }
  return true;
}

// The digits after the point, as value / scale; what no longer fits is too small to matter and is skipped.
void fraction_digits(std::string_view& text, std::uint64_t& value, double& scale) {
  bool full = false;
  for (value = 0, scale = 1; !text.empty() && is_digit(text.front()); text.remove_prefix(1)) {
    if (full || value > (longest - 1) / 10) {
      full = true;
      continue;
    }
    const std::uint64_t next = value * 10 + static_cast<std::uint64_t>(text.front() - '0');
    if (next > longest) {
      full = true;
      continue;
    }
    value = next;
    scale *= 10;
  }
}

} // namespace

// The arithmetic is Go's own (time/format.go), its rounding of fractions too, so that both sides of a message
// agree.
std::optional<microseconds> parse_go_duration(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text == "0") return microseconds{0};
  if (text.empty()) return std::nullopt;
  std::uint64_t total = 0;
  while (!text.empty()) {
    std::uint64_t value = 0;
    std::uint64_t fraction = 0;
    double scale = 1;
    const std::size_t before = text.size();
    if (!leading_digits(text, value)) return std::nullopt;
    bool digits = text.size() != before;
    if (!text.empty() && text.front() == '.') {
      text.remove_prefix(1);
      const std::size_t after_point = text.size();
      fraction_digits(text, fraction, scale);
      digits = digits || text.size() != after_point;
    }
    if (!digits) return std::nullopt;
    std::size_t size = 0;
    while (size < text.size() && text[size] != '.' && !is_digit(text[size]))
      ++size;
    const auto unit = nanoseconds_in(text.substr(0, size));
    if (!unit || value > longest / *unit) return std::nullopt;
    text.remove_prefix(size);
    value *= *unit;
    if (fraction > 0)
      value +=
          static_cast<std::uint64_t>(static_cast<double>(fraction) * (static_cast<double>(*unit) / scale));
    if (value > longest) return std::nullopt;
    total += value;
    if (total > longest) return std::nullopt;
  }
  if (!negative && total == longest) return std::nullopt;
  const auto micros = static_cast<std::int64_t>(total / 1'000);
  return microseconds{negative ? -micros : micros};
}

std::string show_duration(microseconds duration) {
  constexpr std::pair<std::uint64_t, std::string_view> units[] = {{86'400'000'000, "d"}, {3'600'000'000, "h"},
                                                                  {60'000'000, "m"},     {1'000'000, "s"},
                                                                  {1'000, "ms"},         {1, "us"}};
  if (duration.count() == 0) return "0s";
  const bool negative = duration.count() < 0;
  std::string text = negative ? "-" : "";
  // Negated as unsigned: the least value has no positive counterpart.
  auto rest = static_cast<std::uint64_t>(duration.count());
  if (negative) rest = 0 - rest;
  for (const auto& [size, name] : units) {
    if (rest < size) continue;
    text += std::to_string(rest / size);
    text += name;
    rest %= size;
  }
  return text;
}

} // namespace postponed::proto
