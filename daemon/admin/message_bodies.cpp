#include "admin/message_bodies.hpp"

#include "admin/json_reader.hpp"
#include "admin/message_json.hpp"
#include "admin/text_forms.hpp"
#include "proto/headers.hpp"
#include "proto/properties.hpp"

#include <charconv>
#include <utility>

namespace postponed::admin {

namespace json = boost::json;

namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_name = 255; // AMQP's short string
constexpr std::size_t longest_key = 255;  // of idempotency
constexpr std::int64_t most_spans = 3000; // of a calendar
constexpr std::string_view times = "a time as 2026-11-23T20:54:38Z";
constexpr std::string_view durations = "a duration as 90s, 1h30m or 7d, or a whole number of milliseconds";

// "delay" as text or in milliseconds.
std::optional<microseconds> delay_from(const json::object& from, json_reader& reader) {
  if (!reader.has("delay")) return std::nullopt;
  const json::value& value = from.at("delay");
  constexpr std::int64_t longest = std::int64_t{86'400'000} * 36500; // a hundred years
  if (value.is_int64() && value.get_int64() >= 0 && value.get_int64() <= longest)
    return std::chrono::milliseconds{value.get_int64()};
  std::optional<microseconds> out;
  if (const json::string* const text = value.if_string()) out = duration_from({text->data(), text->size()});
  if (!out) reader.mistake("delay", durations);
  return out;
}

std::optional<wall_time> due_from(json_reader& reader) {
  const auto text = reader.text("due");
  if (!text) return std::nullopt;
  const auto time = proto::parse_rfc3339(*text);
  if (!time) reader.mistake("due", times);
  return time;
}

// Exactly one of the two.
void read_new_due(const json::object& from, json_reader& reader, message_change& to, std::string& wrong) {
  to.what = message_change::kind::reschedule;
  to.delay = delay_from(from, reader);
  to.due = due_from(reader);
  if (wrong.empty() && to.delay.has_value() == to.due.has_value())
    wrong = "give the new time as \"delay\" (from now) or as \"due\", one of the two";
}

std::string name_from(json_reader& reader, std::string_view key) {
  auto name = reader.text(key).value_or("");
  if (name.size() > longest_name) reader.mistake(key, "255 bytes at most");
  return name;
}

// Where to: by a route, or straight there.
void read_target(json_reader& reader, schedule_order& to, std::string& wrong) {
  const bool route = reader.has("route"), queue = reader.has("queue"), exchange = reader.has("exchange");
  const std::string key = name_from(reader, "routing_key");
  const std::string target = name_from(reader, queue ? "queue" : "exchange");
  if (route) to.route = reader.text("route");
  if (!wrong.empty()) return;
  if (int{route} + int{queue} + int{exchange} != 1 || (queue && reader.has("routing_key")) ||
      (queue && target.empty())) {
    wrong = "name where it goes: \"route\", or \"queue\", or \"exchange\" with \"routing_key\"";
    return;
  }
  if (queue) to.to = direct_target{"", target};
  if (exchange) to.to = direct_target{target, key};
  if (route) to.content.routing_key = key; // for {routing_key} in its release
}

bool is_state(std::string_view text) {
  return text == "waiting" || text == "dead_lettering";
}

// What a query and a JSON filter have in common. False where the key is none of these; `should_be` where its
// value cannot be read.
bool set_text(store::message_filter& by, std::string_view key, const std::string& value,
              std::string_view& should_be) {
  if (key == "route") {
    by.route = value;
  } else if (key == "state") {
    if (!is_state(value)) should_be = "waiting or dead_lettering";
    by.dead_lettering = value == "dead_lettering";
  } else if (key == "due_from" || key == "due_until") {
    const auto time = proto::parse_rfc3339(value);
    if (!time) should_be = times;
    (key == "due_from" ? by.due_from : by.due_until) = time;
  } else if (key == "text") {
    if (value.empty()) should_be = "some text to look for";
    by.text = value;
  } else {
    return false;
  }
  return true;
}

std::optional<store::message_filter> filter_from(const json::object& from, std::string& wrong) {
  json_reader reader{from, "filter", {"route", "state", "due_from", "due_until", "headers", "text"}, wrong};
  reader.refuse_nulls();
  store::message_filter by;
  for (const std::string_view key : {"route", "state", "due_from", "due_until", "text"}) {
    const auto value = reader.text(key);
    if (!value) continue;
    std::string_view should_be;
    set_text(by, key, *value, should_be);
    if (!should_be.empty()) reader.mistake(key, should_be);
  }
  if (const json::object* const headers = reader.object("headers"))
    for (const auto& each : *headers) {
      const auto value = header_text(each.value());
      if (!value) reader.mistake("headers", "names with strings, whole numbers, true or false");
      by.headers.emplace_back(std::string{each.key().data(), each.key().size()}, value.value_or(""));
    }
  if (!wrong.empty()) return std::nullopt;
  return by;
}

template <typename T>
bool number_from(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

std::optional<store::horizon_position> cursor_from(std::string_view text) {
  const std::size_t dot = text.find('.');
  std::int64_t due = 0, row = 0;
  if (dot == text.npos || !number_from(text.substr(0, dot), due) || !number_from(text.substr(dot + 1), row))
    return std::nullopt;
  return store::horizon_position{wall_time{microseconds{due}}, row};
}

bool set_listed(message_listing& to, std::string_view key, const std::string& value,
                std::string_view& should_be) {
  if (key == "header") {
    const std::size_t colon = value.find(':');
    if (colon == 0 || value.empty()) should_be = "name:value, or a name alone for any value";
    to.by.headers.emplace_back(value.substr(0, colon),
                               colon < value.size() ? value.substr(colon + 1) : std::string{});
  } else if (key == "after") {
    const auto at = cursor_from(value);
    if (!at) should_be = "the `next` of a page";
    to.after = at.value_or(store::horizon_position{});
  } else if (key == "limit") {
    if (!number_from(value, to.limit) || to.limit == 0 || to.limit > most_listed)
      should_be = "from 1 to 1000";
  } else {
    return false;
  }
  return true;
}

} // namespace

std::string cursor_text(const store::horizon_position& at) {
  return std::to_string(at.due.time_since_epoch().count()) + "." + std::to_string(at.row);
}

std::optional<schedule_order> schedule_order_from(std::string_view body, std::string& wrong) {
  if (body.empty()) {
    wrong = "the body must be a JSON object, as {\"queue\": \"orders\", \"delay\": \"1h\", \"body\": \"..\"}";
    return std::nullopt;
  }
  auto given = body_object(body, false, wrong);
  if (!given) return std::nullopt;
  json_reader reader{*given,
                     "the message",
                     {"route", "queue", "exchange", "routing_key", "delay", "due", "body", "body_base64",
                      "headers", "properties", "idempotency_key"},
                     wrong};
  reader.refuse_nulls();
  schedule_order out;
  read_target(reader, out, wrong);
  out.delay = delay_from(*given, reader);
  out.due = due_from(reader);
  if (out.delay && out.due && wrong.empty()) wrong = "the message has both delay and due; give one";
  if (!out.route && !out.delay && !out.due && wrong.empty())
    wrong = "say when: \"delay\", or \"due\"; a route alone may have a default";
  out.idempotency_key = reader.text("idempotency_key").value_or("");
  if (reader.has("idempotency_key") &&
      (out.idempotency_key.empty() || out.idempotency_key.size() > longest_key))
    reader.mistake("idempotency_key", "from 1 to 255 bytes");
  if (!wrong.empty()) return std::nullopt;
  json::object content;
  for (const char* const key : {"body", "body_base64", "headers", "properties"})
    if (json::value* const value = given->if_contains(key)) content[key] = std::move(*value);
  out.content.properties = proto::encode(proto::properties_view{});
  auto made = edited(out.content, content, wrong);
  if (!made) return std::nullopt;
  out.content = std::move(*made);
  out.request = body;
  return out;
}

std::optional<message_change> reschedule_from(std::string_view body, std::string& wrong) {
  const auto given = body_object(body, true, wrong);
  if (!given) return std::nullopt;
  json_reader reader{*given, "the request", {"delay", "due"}, wrong};
  message_change to;
  read_new_due(*given, reader, to, wrong);
  if (!wrong.empty()) return std::nullopt;
  return to;
}

std::optional<bulk_order> bulk_from(message_change::kind what, std::string_view body, std::string& wrong) {
  const auto given = body_object(body.empty() ? "{}" : body, false, wrong);
  if (!given) return std::nullopt;
  const bool moves = what == message_change::kind::reschedule;
  json_reader reader =
      moves ? json_reader{*given, "the request", {"filter", "dry_run", "count", "delay", "due"}, wrong}
            : json_reader{*given, "the request", {"filter", "dry_run", "count"}, wrong};
  reader.refuse_nulls();
  bulk_order out;
  out.to.what = what;
  out.which.dry_run = reader.flag("dry_run").value_or(false);
  out.which.count = reader.whole("count");
  if (moves) read_new_due(*given, reader, out.to, wrong);
  const json::object* const filter = reader.object("filter");
  if (filter == nullptr && wrong.empty())
    wrong = "say which: \"filter\": {..}; an empty one means every message that is held";
  if (!wrong.empty()) return std::nullopt;
  if (!out.which.dry_run && !out.which.count)
    wrong = "say how many it will be: \"count\": N, as a request with \"dry_run\": true tells";
  auto by = filter_from(*filter, wrong);
  if (!by || !wrong.empty()) return std::nullopt;
  out.which.by = std::move(*by);
  return out;
}

std::optional<message_listing> message_listing_from(const query& asked, std::string& wrong) {
  message_listing out;
  for (const auto& [key, value] : asked) {
    std::string_view should_be;
    if (!set_text(out.by, key, value, should_be) && !set_listed(out, key, value, should_be))
      wrong = "there is no parameter " + key +
              "; there are route, state, due_from, due_until, header, text, after, limit";
    else if (!should_be.empty())
      wrong = key + " is \"" + value + "\", and must be " + std::string{should_be};
    if (!wrong.empty()) return std::nullopt;
  }
  return out;
}

std::optional<store::calendar_query> calendar_from(const query& asked, wall_time now, std::string& wrong) {
  using unit = store::calendar_query::unit;
  struct scale {
    std::string_view name;
    unit per;
    microseconds length, shown; // of a span; where `until` is left out
  };
  static constexpr scale scales[] = {{"minute", unit::minute, 1min, 1h},
                                     {"hour", unit::hour, 1h, 24h},
                                     {"day", unit::day, 24h, 24h * 31},
                                     {"month", unit::month, 24h * 28, 24h * 366}};
  const scale* per = &scales[1];
  store::calendar_query out;
  std::optional<wall_time> from, until;
  for (const auto& [key, value] : asked) {
    std::string_view should_be;
    if (key == "route") {
      out.route = value;
    } else if (key == "per") {
      per = nullptr;
      for (const scale& each : scales)
        if (each.name == value) per = &each;
      if (per == nullptr) should_be = "minute, hour, day or month";
    } else if (key == "from" || key == "until") {
      const auto time = proto::parse_rfc3339(value);
      if (!time) should_be = times;
      (key == "from" ? from : until) = time;
    } else {
      wrong = "there is no parameter " + key + "; there are from, until, per, route";
    }
    if (!should_be.empty()) wrong = key + " is \"" + value + "\", and must be " + std::string{should_be};
    if (!wrong.empty()) return std::nullopt;
  }
  out.per = per->per;
  out.from = from.value_or(now);
  out.until = until.value_or(out.from + per->shown);
  if (out.until <= out.from)
    wrong = "until must be after from";
  else if ((out.until - out.from) / per->length > most_spans)
    wrong = "from and until are more than 3000 times per=" + std::string{per->name} +
            " apart; ask for longer spans, or fewer";
  if (!wrong.empty()) return std::nullopt;
  return out;
}

} // namespace postponed::admin
