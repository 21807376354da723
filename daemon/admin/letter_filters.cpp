#include "admin/letter_filters.hpp"

#include "admin/json_reader.hpp"
#include "admin/text_forms.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <charconv>

namespace postponed::admin {

namespace json = boost::json;

namespace {

constexpr std::string_view durations = "a duration as 90s, 1h30m or 7d";
constexpr std::string_view groups = "a group's 16 hexadecimal digits";

std::optional<std::uint64_t> number_from(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// What a query and a JSON filter have in common: a key with its text. False where the key is none of these;
// `should_be` where its value cannot be read.
bool set_text(store::letter_filter& by, std::string_view key, const std::string& value, wall_time now,
              std::string_view& should_be) {
  if (key == "route") {
    by.route = value;
  } else if (key == "reason") {
    by.reason = value;
  } else if (key == "queue") {
    by.queue = value;
  } else if (key == "text") {
    if (value.empty()) should_be = "some text to look for";
    by.text = value;
  } else if (key == "group") {
    by.group = group_from(value);
    if (!by.group) should_be = groups;
  } else if (key == "older_than" || key == "newer_than") {
    const auto age = duration_from(value);
    if (!age)
      should_be = durations;
    else
      (key == "older_than" ? by.died_before : by.died_after) = now - *age;
  } else {
    return false;
  }
  return true;
}

// As set_text. Those of a query alone.
bool set_listed(listing& to, std::string_view key, const std::string& value, bool pages,
                std::string_view& should_be) {
  if (key == "state") {
    if (value != "kept" && value != "trash") should_be = "kept or trash";
    to.by.state = value == "trash" ? store::letter_state::trash : store::letter_state::kept;
  } else if (key == "header") {
    const std::size_t colon = value.find(':');
    if (colon == 0 || value.empty()) should_be = "name:value, or a name alone for any value";
    to.by.headers.emplace_back(value.substr(0, colon),
                               colon < value.size() ? value.substr(colon + 1) : std::string{});
  } else if (pages && key == "after") {
    const auto id = number_from(value, 10);
    if (!id || *id > static_cast<std::uint64_t>(INT64_MAX)) should_be = "the `next` of a page";
    to.after = static_cast<store::letter_id>(id.value_or(0));
  } else if (pages && key == "limit") {
    const auto limit = number_from(value, 10);
    if (!limit || *limit == 0 || *limit > most_listed) should_be = "from 1 to 1000";
    to.limit = limit;
  } else if (pages && key == "from") {
    if (value != "store" && value != "queue") should_be = "store or queue";
    to.peek = value == "queue";
  } else {
    return false;
  }
  return true;
}

} // namespace

std::optional<std::string> header_text(const json::value& value) {
  if (const json::string* const text = value.if_string()) return std::string{text->data(), text->size()};
  if (value.is_int64() || value.is_uint64() || value.is_bool()) return json::serialize(value);
  return std::nullopt;
}

std::string group_text(std::uint64_t group) {
  return fmt::format("{:016x}", group);
}

std::optional<std::uint64_t> group_from(std::string_view text) {
  if (text.size() != 16) return std::nullopt;
  return number_from(text, 16);
}

std::optional<listing> listing_from(const query& asked, const std::string& dead_letter, wall_time now,
                                    bool pages, std::string& wrong) {
  listing out;
  out.by.dead_letter = dead_letter;
  for (const auto& [key, value] : asked) {
    std::string_view should_be;
    if (!set_text(out.by, key, value, now, should_be) && !set_listed(out, key, value, pages, should_be)) {
      wrong = "there is no parameter " + key +
              "; there are route, reason, queue, group, older_than, newer_than, header, text, state" +
              (pages ? ", after, limit, from" : "");
      return std::nullopt;
    }
    if (!should_be.empty()) {
      wrong = key + " is \"" + value + "\", and must be " + std::string{should_be};
      return std::nullopt;
    }
    if (key != "limit" && key != "from") out.filtered = true;
  }
  return out;
}

std::optional<store::letter_filter> filter_from(const json::object* from, const std::string& dead_letter,
                                                wall_time now, std::string& wrong) {
  store::letter_filter by;
  by.dead_letter = dead_letter;
  if (from == nullptr) return by;
  json_reader reader{*from,
                     "filter",
                     {"route", "reason", "queue", "group", "older_than", "newer_than", "headers", "text"},
                     wrong};
  reader.refuse_nulls();
  for (const std::string_view key :
       {"route", "reason", "queue", "group", "older_than", "newer_than", "text"}) {
    const auto value = reader.text(key);
    if (!value) continue;
    std::string_view should_be;
    set_text(by, key, *value, now, should_be);
    if (!should_be.empty()) reader.mistake(key, should_be);
  }
  if (const json::object* const headers = reader.object("headers"))
    for (const auto& each : *headers) {
      const auto value = header_text(each.value());
      if (!value)
        reader.mistake("headers", "names with strings, whole numbers, true or false");
      else
        by.headers.emplace_back(std::string{each.key().data(), each.key().size()}, *value);
    }
  if (!wrong.empty()) return std::nullopt;
  return by;
}

} // namespace postponed::admin
