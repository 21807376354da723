#include "admin/text_forms.hpp"

#include "base/encodings.hpp"

#include <array>
#include <charconv>
#include <cstdint>

namespace postponed::admin {

std::string shown_text(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    const std::size_t size = first_code_point(bytes).size;
    if (size == 0)
      out += "\xEF\xBF\xBD";
    else
      out += bytes.substr(0, size);
    bytes.remove_prefix(size == 0 ? 1 : size);
  }
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
