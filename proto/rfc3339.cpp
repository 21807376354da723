#include "proto/rfc3339.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>

namespace postponed::proto {

namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr wall_time earliest_time = sys_days{std::chrono::year{0} / 1 / 1};

bool is_digit(char each) {
  return each >= '0' && each <= '9';
}

class scanner {
 public:
  explicit scanner(std::string_view text) : rest_{text} {}

  // Exactly `count` digits.
  bool number(std::size_t count, int& out) {
    if (rest_.size() < count) return false;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!is_digit(rest_[i])) return false;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    out = value;
    return true;
  }
  // One of the characters; which, or 0.
  char one_of(std::initializer_list<char> wanted) {
    if (rest_.empty() || std::find(wanted.begin(), wanted.end(), rest_.front()) == wanted.end()) return '\0';
    const char found = rest_.front();
    rest_.remove_prefix(1);
    return found;
  }
  // Up to nine digits after the point, one at least; what is finer than a microsecond is cut.
  bool fraction(int& micros) {
    std::size_t count = 0;
    int value = 0;
    for (; count < rest_.size() && is_digit(rest_[count]); ++count)
      if (count < 6) value = value * 10 + (rest_[count] - '0');
    if (count == 0 || count > 9) return false;
    for (std::size_t i = count; i < 6; ++i)
      value *= 10;
    rest_.remove_prefix(count);
    micros = value;
    return true;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

void put(rfc3339_text& text, std::size_t at, std::size_t digits, unsigned value) {
  for (std::size_t i = digits; i-- > 0; value /= 10)
    text[at + i] = static_cast<char>('0' + value % 10);
}

} // namespace

std::optional<wall_time> parse_rfc3339(std::string_view text) {
  scanner in{text};
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!in.number(4, year) || !in.one_of({'-'}) || !in.number(2, month) || !in.one_of({'-'}) ||
      !in.number(2, day))
    return std::nullopt;
  const year_month_day date = std::chrono::year{year} / month / day;
  if (!date.ok() || !in.one_of({'T', 't', ' '})) return std::nullopt;
  if (!in.number(2, hour) || !in.one_of({':'}) || !in.number(2, minute) || !in.one_of({':'}) ||
      !in.number(2, second))
    return std::nullopt;
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  int micros = 0;
  if (in.one_of({'.'}) && !in.fraction(micros)) return std::nullopt;

  minutes offset{0};
  const char zone = in.one_of({'Z', 'z', '+', '-'});
  if (zone == '\0') return std::nullopt;
  if (zone == '+' || zone == '-') {
    int zone_hour = 0;
    int zone_minute = 0;
    if (!in.number(2, zone_hour) || !in.one_of({':'}) || !in.number(2, zone_minute)) return std::nullopt;
    if (zone_hour > 23 || zone_minute > 59) return std::nullopt;
    offset = hours{zone_hour} + minutes{zone_minute};
    if (zone == '-') offset = -offset;
  }
  if (!in.at_end()) return std::nullopt;

  const auto whole = sys_days{date} + hours{hour} + minutes{minute} - offset + seconds{second};
  if (second == 60) {
    // A leap second ends a month in UTC. It counts as the second after it, as POSIX has it: never early.
    const auto midnight = floor<days>(whole);
    if (whole != midnight || year_month_day{midnight}.day() != std::chrono::day{1}) return std::nullopt;
  }
  return wall_time{whole} + microseconds{micros};
}

rfc3339_text write_rfc3339(wall_time time) {
  time = std::clamp(time, earliest_time, latest_time);
  const auto midnight = floor<days>(time);
  const year_month_day date{midnight};
  const std::chrono::hh_mm_ss clock{floor<std::chrono::milliseconds>(time - midnight)};
  rfc3339_text text{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0', 'T', '0',
                    '0', ':', '0', '0', ':', '0', '0', '.', '0', '0', '0', 'Z'};
  put(text, 0, 4, static_cast<unsigned>(static_cast<int>(date.year())));
  put(text, 5, 2, static_cast<unsigned>(date.month()));
  put(text, 8, 2, static_cast<unsigned>(date.day()));
  put(text, 11, 2, static_cast<unsigned>(clock.hours().count()));
  put(text, 14, 2, static_cast<unsigned>(clock.minutes().count()));
  put(text, 17, 2, static_cast<unsigned>(clock.seconds().count()));
  put(text, 20, 3, static_cast<unsigned>(clock.subseconds().count()));
  return text;
}

std::string format_rfc3339(wall_time time) {
  return std::string{view(write_rfc3339(time))};
}

} // namespace postponed::proto
