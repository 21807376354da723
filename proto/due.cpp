// read_due (headers.hpp): from a message's headers to the time at which it is due, or the reason why there is
// none.
#include "proto/durations.hpp"
#include "proto/headers.hpp"
#include "proto/rfc3339.hpp"
#include "proto/show_field.hpp"
#include "proto/table_cursor.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace postponed::proto {

namespace {

constexpr std::size_t delay_headers = 6;
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();

// What read_due needs of a message: the first field of each name that matters.
struct found_headers {
  std::array<std::optional<field>, delay_headers> delays;
  std::optional<field> broker_stamp; // timestamp_in_ms
  std::optional<field> former_due;   // postponed-due, of an earlier release

  const std::optional<field>& of(delay_header which) const { return delays[static_cast<std::size_t>(which)]; }
};

bool find_headers(std::string_view table, found_headers& found) {
  const auto keep_first = [](std::optional<field>& slot, const field& each) {
    if (!slot) slot = each;
  };
  table_cursor cursor{table};
  while (cursor.next()) {
    const field& each = cursor.current();
    if (const auto delay = delay_header_from(each.name))
      keep_first(found.delays[static_cast<std::size_t>(*delay)], each);
    else if (each.name == "timestamp_in_ms")
      keep_first(found.broker_stamp, each);
    else if (each.name == "postponed-due")
      keep_first(found.former_due, each);
  }
  return !cursor.malformed();
}

// Multiplication that stops at the ends of the range.
std::int64_t times(std::int64_t value, std::int64_t factor) {
  if (value > most / factor) return most;
  if (value < least / factor) return least;
  return value * factor;
}

// [+-]digits[.digits], the fraction cut, beyond the range its end. Nothing where it is not that.
std::optional<std::int64_t> whole_number(std::string_view text) {
  const auto is_digit = [](char each) { return each >= '0' && each <= '9'; };
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  const std::size_t digits = std::min(text.find('.'), text.size());
  const std::string_view fraction = text.substr(std::min(digits + 1, text.size()));
  if (digits == 0 || (digits < text.size() && fraction.empty())) return std::nullopt;
  if (!std::all_of(fraction.begin(), fraction.end(), is_digit)) return std::nullopt;
  std::int64_t value = 0;
  for (const char each : text.substr(0, digits)) {
    if (!is_digit(each)) return std::nullopt;
    value = times(value, 10);
    if (value > most - 9) value = most; // saturated, and stays so
    if (value < most) value += each - '0';
  }
  return negative ? -value : value;
}

// A number of milliseconds as an integer of any width or a numeric string, with `real_too` also as a float.
std::optional<std::int64_t> milliseconds_in(const field& each, bool real_too) {
  if (const auto text = each.text()) return whole_number(*text);
  if (each.type == 'T') return std::nullopt;
  if (const auto number = each.integer()) return number;
  if (each.type == 'L' && each.value.size() == 8) return most; // above 2^63-1
  if (!real_too) return std::nullopt;
  const auto real = each.real();
  if (!real || !std::isfinite(*real)) return std::nullopt;
  if (*real >= 9.2e18) return most;
  if (*real <= -9.2e18) return least;
  return static_cast<std::int64_t>(*real);
}

// An AMQP timestamp (seconds since 1970, unsigned) in microseconds.
std::int64_t microseconds_of(std::uint64_t seconds) {
  return seconds > static_cast<std::uint64_t>(most / 1'000'000)
             ? most
             : static_cast<std::int64_t>(seconds) * 1'000'000;
}

// Microseconds since 1970.
std::optional<std::int64_t> time_in(const field& each) {
  if (each.type == 'T') {
    const auto seconds = each.integer();
    return seconds ? microseconds_of(static_cast<std::uint64_t>(*seconds)) : most;
  }
  const auto number = milliseconds_in(each, false);
  if (!number) return std::nullopt;
  return times(*number, 1000);
}

std::optional<std::int64_t> rfc3339_in(const field& each) {
  const auto text = each.text();
  const auto time = text ? parse_rfc3339(*text) : std::nullopt;
  if (!time) return std::nullopt;
  return time->time_since_epoch().count();
}

std::optional<std::int64_t> go_duration_in(const field& each) {
  const auto text = each.text();
  const auto duration = text ? parse_go_duration(*text) : std::nullopt;
  if (!duration) return std::nullopt;
  return duration->count();
}

// Where relative delays run from. A stamp after `arrived` comes of a clock that is ahead. One before the due
// time of an earlier release is of that earlier journey: the broker does not stamp again what carries a
// stamp, and a delay counted from it would be over already.
wall_time base_of(const found_headers& found, const properties_view& properties, const delay_policy& policy,
                  wall_time arrived) {
  const auto former = found.former_due ? rfc3339_in(*found.former_due) : std::nullopt;
  const std::int64_t from = std::max<std::int64_t>(former.value_or(0), 0);
  const auto plausible = [&](std::int64_t micros) {
    return micros > 0 && micros >= from && micros <= arrived.time_since_epoch().count();
  };
  if (found.broker_stamp && found.broker_stamp->type != 'T') {
    if (const auto stamp = found.broker_stamp->integer(); stamp && plausible(times(*stamp, 1000)))
      return wall_time{microseconds{times(*stamp, 1000)}};
  }
  if (policy.from_publisher_timestamp && properties.timestamp) {
    const std::int64_t stamp = microseconds_of(*properties.timestamp);
    if (plausible(stamp)) return wall_time{microseconds{stamp}};
  }
  return arrived;
}

std::string_view wanted(delay_header which) {
  switch (which) {
  case delay_header::x_delay:
    return "milliseconds are needed: an integer, a float, or a string of digits such as \"1500\"";
  case delay_header::postponed_until:
    return "a time is needed: RFC 3339 such as \"2026-11-23T20:54:38Z\", or milliseconds since 1970";
  case delay_header::x_opt_delivery_time:
    return "a time is needed: milliseconds since 1970 (an integer or a string of digits), or an AMQP "
           "timestamp";
  case delay_header::x_opt_delivery_delay:
    return "milliseconds are needed: an integer, or a string of digits such as \"1500\"";
  case delay_header::watermill_delayed_until:
    return "a time is needed: RFC 3339 such as \"2026-11-23T20:54:38Z\"";
  case delay_header::watermill_delayed_for:
    return "a Go duration is needed, such as \"1h30m\" or \"1.5s\"";
  }
  return "a due time is needed";
}

class due_reader {
 public:
  due_reader(const found_headers& found, const delay_policy& policy, wall_time base, wall_time arrived)
      : found_{found}, policy_{policy}, base_{base}, arrived_{arrived} {}

  due_outcome by(delay_header which) const {
    const field& each = *found_.of(which);
    switch (which) {
    case delay_header::x_delay:
    case delay_header::x_opt_delivery_delay: {
      const auto number = milliseconds_in(each, which == delay_header::x_delay);
      return number ? after(each, times(*number, 1000)) : unreadable(which, each);
    }
    case delay_header::postponed_until: {
      const auto spelt = rfc3339_in(each);
      const auto time = spelt ? spelt : time_in(each);
      return time ? at(each, *time) : unreadable(which, each);
    }
    case delay_header::x_opt_delivery_time: {
      const auto time = time_in(each);
      return time ? at(each, *time) : unreadable(which, each);
    }
    case delay_header::watermill_delayed_until: {
      const auto time = rfc3339_in(each);
      return time ? until(each, *time) : unreadable(which, each);
    }
    case delay_header::watermill_delayed_for: {
      const auto delay = go_duration_in(each);
      return delay ? after(each, *delay) : unreadable(which, each);
    }
    }
    return unreadable(which, each);
  }

  due_outcome by_default() const {
    due_outcome result;
    result.relative = true;
    result.due = policy_.by_default > latest_time - base_ ? latest_time : later(base_ + policy_.by_default);
    return result;
  }

 private:
  // Not before the arrival: what is due in the past is due at once.
  wall_time later(wall_time due) const { return std::max(due, arrived_); }

  due_outcome after(const field& each, std::int64_t micros) const {
    due_outcome result;
    result.relative = true;
    result.due = arrived_;
    const microseconds delay{micros};
    if (micros <= 0) return result;
    if (delay > latest_time - base_) return too_long(each, "a delay that ends after the year 9999");
    if (delay > policy_.max) return too_long(each, "a delay of " + show_duration(delay));
    result.due = later(base_ + delay);
    result.asked = result.due > arrived_;
    return result;
  }

  due_outcome at(const field& each, std::int64_t micros) const {
    const wall_time due{microseconds{micros}};
    due_outcome result;
    result.due = later(due);
    if (due <= arrived_) return result;
    if (due > latest_time) return too_long(each, "a time after the year 9999");
    if (due - arrived_ > policy_.max)
      return too_long(each, "a time " + show_duration(due - arrived_) + " away");
    result.asked = true;
    return result;
  }

  // Watermill writes both headers, and cuts `until` to whole seconds: where they agree, `for` is the truer
  // one.
  due_outcome until(const field& each, std::int64_t micros) const {
    const auto& beside = found_.of(delay_header::watermill_delayed_for);
    const auto delay = beside ? go_duration_in(*beside) : std::nullopt;
    if (delay && *delay > 0 && microseconds{*delay} <= latest_time - base_) {
      const microseconds apart = wall_time{microseconds{micros}} - (base_ + microseconds{*delay});
      if (std::chrono::abs(apart) < std::chrono::seconds{1}) return after(*beside, *delay);
    }
    return at(each, micros);
  }

  static due_outcome unreadable(delay_header which, const field& each) {
    due_outcome result;
    result.problem = reason::bad_delay;
    result.error.append(each.name).append(" holds ").append(show_value(each));
    result.error.append("; ").append(wanted(which));
    return result;
  }

  due_outcome too_long(const field& each, const std::string& what) const {
    due_outcome result;
    result.problem = reason::delay_too_long;
    result.error.append(each.name).append(" holds ").append(show_value(each)).append(": ").append(what);
    result.error.append("; the route takes at most ").append(show_duration(policy_.max));
    return result;
  }

  const found_headers& found_;
  const delay_policy& policy_;
  wall_time base_;
  wall_time arrived_;
};

due_outcome malformed(const char* what) {
  due_outcome result;
  result.problem = reason::malformed;
  result.error = what;
  return result;
}

} // namespace

due_outcome read_due(std::string_view raw_properties, const delay_policy& policy, wall_time arrived) {
  const auto properties = properties_view::parse(raw_properties);
  if (!properties) return malformed("the message's properties do not follow AMQP 0-9-1");
  found_headers found;
  if (properties->headers && !find_headers(*properties->headers, found))
    return malformed("the message's header table does not follow AMQP 0-9-1, or is nested deeper than 64");
  const due_reader reader{found, policy, base_of(found, *properties, policy, arrived), arrived};
  for (const delay_header each : policy.headers)
    if (found.of(each)) return reader.by(each);
  return reader.by_default();
}

} // namespace postponed::proto
