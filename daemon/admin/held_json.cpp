#include "admin/held_json.hpp"

#include "admin/message_bodies.hpp"
#include "admin/message_json.hpp"
#include "admin/text_forms.hpp"
#include "proto/headers.hpp"

#include <boost/json/array.hpp>

#include <utility>

namespace postponed::admin {

namespace json = boost::json;

namespace {

std::string_view name_of(store::calendar_query::unit per) {
  constexpr std::string_view names[] = {"minute", "hour", "day", "month"};
  return names[static_cast<std::size_t>(per)];
}

json::array history_json(const std::vector<message_event>& from) {
  json::array to;
  for (const message_event& each : from)
    to.push_back(json::object{{"at", proto::format_rfc3339(each.at)}, {"what", each.what}});
  return to;
}

} // namespace

json::object held_json(const held_record& from, std::uint64_t bytes) {
  json::object to{{"id", to_string(from.id)}};
  to["route"] = shown_text(from.route);
  to["due"] = proto::format_rfc3339(from.due);
  to["state"] = from.why == reason::none ? "waiting" : "dead_lettering";
  if (from.why != reason::none) to["reason"] = proto::to_string(from.why);
  if (!from.error.empty()) to["error"] = shown_text(from.error);
  to["bytes"] = bytes;
  to["attempt"] = from.attempt;
  to["publish_failures"] = from.publish_failures;
  to["replays"] = from.replays;
  to["first_seen"] = proto::format_rfc3339(from.first_seen);
  to["exchange"] = shown_text(from.content.exchange);
  to["routing_key"] = shown_text(from.content.routing_key);
  if (from.to)
    to["to"] = {{"exchange", shown_text(from.to->exchange)},
                {"routing_key", shown_text(from.to->routing_key)}};
  return to;
}

json::object view_json(const held_id& id, const message_view& from) {
  json::object to{{"id", to_string(id)}, {"state", "finished"}};
  if (from.record) to = held_json(*from.record, from.bytes);
  if (from.record) to["message"] = message_json(from.record->content);
  to["history"] = history_json(from.history);
  return to;
}

json::object page_json(const store::message_page<store::held_summary>& from) {
  json::array messages;
  for (const store::held_summary& each : from.messages)
    messages.push_back(held_json(each.record, each.bytes));
  json::object to{{"messages", std::move(messages)}};
  to["next"] = nullptr;
  if (from.next) to["next"] = cursor_text(*from.next);
  return to;
}

json::object calendar_json(const store::calendar_query& asked,
                           const std::vector<store::calendar_span>& from) {
  json::object to{{"from", proto::format_rfc3339(asked.from)},
                  {"until", proto::format_rfc3339(asked.until)},
                  {"per", name_of(asked.per)}};
  json::array spans;
  for (const store::calendar_span& each : from) {
    std::uint64_t messages = 0, bytes = 0;
    json::object routes;
    for (const auto& [name, share] : each.routes) {
      messages += share.messages;
      bytes += share.bytes;
      routes[shown_text(name)] = json::object{{"messages", share.messages}, {"bytes", share.bytes}};
    }
    spans.push_back(
        json::object{{"start", proto::format_rfc3339(each.start)},
                     {"end", proto::format_rfc3339(each.end)},
                     {"resolution_seconds",
                      std::chrono::duration_cast<std::chrono::seconds>(each.end - each.start).count()},
                     {"messages", messages},
                     {"bytes", bytes},
                     {"routes", std::move(routes)}});
  }
  to["spans"] = std::move(spans);
  return to;
}

json::object scheduled_json(const scheduled& from) {
  return {{"id", to_string(from.id)}, {"due", proto::format_rfc3339(from.due)}, {"repeated", from.repeated}};
}

} // namespace postponed::admin
