#include "proto/headers.hpp"

#include "proto/table_cursor.hpp"

#include <cassert>
#include <cstddef>

namespace postponed::proto {

namespace {

// The first header of the name.
std::optional<field> find_header(std::string_view raw, std::string_view name) {
  const auto properties = properties_view::parse(raw);
  if (!properties || !properties->headers) return std::nullopt;
  table_cursor cursor{*properties->headers};
  while (cursor.next())
    if (cursor.current().name == name) return cursor.current();
  return std::nullopt;
}

constexpr std::string_view delay_header_names[] = {"x-delay",
                                                   "postponed-until",
                                                   "x-opt-delivery-time",
                                                   "x-opt-delivery-delay",
                                                   "_watermill_delayed_until",
                                                   "_watermill_delayed_for"};

} // namespace

std::string_view to_string(reason value) {
  switch (value) {
  case reason::none:
    return "none";
  case reason::bad_delay:
    return "bad_delay";
  case reason::delay_too_long:
    return "delay_too_long";
  case reason::too_large:
    return "too_large";
  case reason::malformed:
    return "malformed";
  case reason::unroutable:
    return "unroutable";
  case reason::nacked:
    return "nacked";
  case reason::attempts_exhausted:
    return "attempts_exhausted";
  case reason::max_age:
    return "max_age";
  case reason::late:
    return "late";
  case reason::duplicate_id:
    return "duplicate_id";
  case reason::loop:
    return "loop";
  case reason::no_origin:
    return "no_origin";
  }
  return "unknown";
}

std::string_view to_string(delay_header value) {
  const auto index = static_cast<std::size_t>(value);
  assert(index < std::size(delay_header_names));
  return delay_header_names[index];
}

std::optional<delay_header> delay_header_from(std::string_view name) {
  for (std::size_t i = 0; i < std::size(delay_header_names); ++i)
    if (delay_header_names[i] == name) return static_cast<delay_header>(i);
  return std::nullopt;
}

const std::vector<delay_header>& all_delay_headers() {
  static const std::vector<delay_header> all{delay_header::x_delay,
                                             delay_header::postponed_until,
                                             delay_header::x_opt_delivery_time,
                                             delay_header::x_opt_delivery_delay,
                                             delay_header::watermill_delayed_until,
                                             delay_header::watermill_delayed_for};
  return all;
}

std::optional<std::string_view> postponed_id_of(std::string_view raw_properties) {
  const auto header = find_header(raw_properties, "postponed-id");
  if (!header || header->type != 'S') return std::nullopt;
  const auto id = header->text();
  return id && !id->empty() ? id : std::nullopt;
}

std::optional<std::string_view> message_id_of(std::string_view raw_properties) {
  const auto properties = properties_view::parse(raw_properties);
  // An empty one names nothing: equal empty ids must not make two messages one.
  if (!properties || !properties->message_id || properties->message_id->empty()) return std::nullopt;
  return properties->message_id;
}

std::uint32_t attempt_of(std::string_view raw_properties) {
  return journey_of(raw_properties).attempt.value_or(1);
}

} // namespace postponed::proto
