// The half of proto/headers.hpp that reads what an earlier journey through postponed wrote.
#include "proto/headers.hpp"
#include "proto/properties.hpp"
#include "proto/table_cursor.hpp"

#include <charconv>
#include <limits>

namespace postponed::proto {

namespace {

// A dialect may have turned a number into a string.
std::optional<std::int64_t> number_in(const field& each) {
  if (each.type == 'T') return std::nullopt;
  const auto text = each.text();
  if (!text) return each.integer();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return number;
}

std::optional<std::uint32_t> count_in(const field& each, std::int64_t least) {
  const auto number = number_in(each);
  if (!number || *number < least || *number > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

std::string text_in(const field& each) {
  const auto text = each.type == 'S' ? each.text() : std::nullopt;
  return text ? std::string{*text} : std::string{};
}

std::optional<wall_time> time_in(const field& each) {
  const auto text = each.text();
  return text ? parse_rfc3339(*text) : std::nullopt;
}

void take(journey& out, std::string_view what, const field& each) {
  if (what == "attempt")
    out.attempt = count_in(each, 1);
  else if (what == "first-seen")
    out.first_seen = time_in(each);
  else if (what == "buried")
    out.buried = time_in(each);
  else if (what == "hops")
    out.hops = count_in(each, 0).value_or(0);
  else if (what == "replays")
    out.replays = count_in(each, 0).value_or(0);
  else if (what == "id")
    out.id = text_in(each);
  else if (what == "route")
    out.route = text_in(each);
  else if (what == "reason")
    out.reason = text_in(each);
  else if (what == "error")
    out.error = text_in(each);
  else if (what == "from-exchange")
    out.from_exchange = text_in(each);
  else if (what == "from-routing-key")
    out.from_routing_key = text_in(each);
  else if (what == "from-queue")
    out.from_queue = text_in(each);
  else if (what == "origin-queue")
    out.origin_queue = text_in(each);
}

} // namespace

journey journey_of(std::string_view raw_properties) {
  constexpr std::string_view ours = "postponed-";
  journey out;
  const auto properties = properties_view::parse(raw_properties);
  if (!properties || !properties->headers) return out;
  table_cursor cursor{*properties->headers};
  while (cursor.next())
    if (cursor.current().name.starts_with(ours))
      take(out, cursor.current().name.substr(ours.size()), cursor.current());
  return cursor.malformed() ? journey{} : out;
}

} // namespace postponed::proto
