#include "proto/watermill.hpp"

#include "proto/properties.hpp"
#include "proto/table_cursor.hpp"

#include <charconv>
#include <limits>

namespace postponed::proto {

namespace {

// The first header for which `wanted` answers true; nothing where there is none, or the table is malformed.
template <typename Wanted>
std::optional<field> find(std::string_view raw, Wanted wanted) {
  const auto properties = properties_view::parse(raw);
  if (!properties || !properties->headers) return std::nullopt;
  std::optional<field> found;
  table_cursor cursor{*properties->headers};
  while (cursor.next())
    if (!found && wanted(cursor.current())) found = cursor.current();
  return cursor.malformed() ? std::nullopt : found;
}

std::optional<std::string> text_named(std::string_view raw, std::string_view name) {
  const auto header = find(raw, [&](const field& each) { return each.name == name; });
  const auto text = header ? header->text() : std::nullopt;
  return text ? std::optional{std::string{*text}} : std::nullopt;
}

} // namespace

std::uint32_t failed_attempt_of(std::string_view raw_properties, dialect speaks) {
  if (const auto attempt = journey_of(raw_properties).attempt) return *attempt;
  if (speaks != dialect::watermill) return 1;
  const auto retries = text_named(raw_properties, "_watermill_requeuer_retries");
  if (!retries) return 1;
  std::uint32_t counted = 0;
  const char* const last = retries->data() + retries->size();
  const auto [end, error] = std::from_chars(retries->data(), last, counted);
  const bool plausible = error == std::errc{} && end == last && !retries->empty() &&
                         counted < static_cast<std::uint32_t>(std::numeric_limits<std::int32_t>::max());
  return plausible ? counted + 1 : 1;
}

bool failed_at_consumer(std::string_view raw_properties, dialect speaks) {
  return find(raw_properties,
              [&](const field& each) {
                if (each.name == "x-death") return each.array() && !each.array()->empty();
                return each.name == "x-last-death-queue" || each.name == "x-first-death-queue" ||
                       (speaks == dialect::watermill && each.name == "reason_poisoned");
              })
      .has_value();
}

std::optional<poison> poison_of(std::string_view raw_properties) {
  auto reason = text_named(raw_properties, "reason_poisoned");
  if (!reason) return std::nullopt;
  poison out;
  out.reason = std::move(*reason);
  out.topic = text_named(raw_properties, "topic_poisoned").value_or("");
  out.handler = text_named(raw_properties, "handler_poisoned").value_or("");
  out.subscriber = text_named(raw_properties, "subscriber_poisoned").value_or("");
  return out;
}

} // namespace postponed::proto
