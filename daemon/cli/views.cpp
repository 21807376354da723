#include "cli/views.hpp"

#include "cli/json_view.hpp"
#include "cli/view_parts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace postponed::cli {

namespace json = boost::json;

namespace {

constexpr std::size_t bar_columns = 30;

std::string state_of(const json::value& route) {
  std::string state = text_at(route, "state");
  if (has(route, "paused_since")) state = "paused";
  if (number_at(route, "circuits_open") > 0) state += ", circuit open";
  return state;
}

} // namespace

std::string routes_view(const json::value& status, const look& as) {
  table to{{{"ROUTE"},
            {"QUEUE"},
            {"STATE"},
            {"HELD", true},
            {"SIZE", true},
            {"RELEASED", true},
            {"RETRIES", true},
            {"DEAD", true},
            {"LATE P99", true}},
           {}};
  std::string notes;
  for (const json::value& each : array_at(status, "routes")) {
    if (text_at(each, "state") == "internal") continue;
    std::uint64_t dead = 0;
    for (const auto& reason : object_at(each, "dead_lettered"))
      dead += reason.value().is_int64()    ? static_cast<std::uint64_t>(reason.value().get_int64())
              : reason.value().is_uint64() ? reason.value().get_uint64()
                                           : 0;
    const json::value late = object_at(each, "lateness_ms");
    const json::value held = object_at(each, "held");
    to.rows.push_back({text_at(each, "name"), dash(text_at(each, "queue")), state_of(each),
                       count_text(number_at(held, "messages")), bytes_text(number_at(held, "bytes")),
                       count_text(number_at(each, "confirmed")), count_text(number_at(each, "retries")),
                       count_text(dead),
                       has(late, "p99_at_most") ? "<= " + text_at(late, "p99_at_most") + " ms" : "-"});
    if (has(each, "paused_since"))
      notes += fmt::format("{}: paused {} by {}{}\n", text_at(each, "name"),
                           relative(raw_text_at(each, "paused_since"), as.now), text_at(each, "paused_by"),
                           has(each, "paused_why") && !text_at(each, "paused_why").empty()
                               ? ": " + text_at(each, "paused_why")
                               : "");
    if (has(each, "problem"))
      notes += fmt::format("{}: {}\n", text_at(each, "name"), text_at(each, "problem"));
  }
  if (to.rows.empty()) return "The configuration has no routes.\n";
  return to.text(as.bold) + notes;
}

std::string status_view(const json::value& status, const look& as) {
  const json::value held = object_at(status, "store");
  const bool ready = flag_at(status, "ready");
  std::string to =
      fmt::format("{}, up {}, version {}\n", coloured(ready ? "ready" : "NOT READY", ready ? 32 : 31, as),
                  seconds_text(static_cast<std::int64_t>(number_at(status, "uptime_seconds"))),
                  text_at(status, "version"));
  for (const json::value& each : array_at(status, "reasons"))
    to += "  " + text_of(each) + "\n";
  to += fmt::format("{} held, {}, in a file of {}; {} resident\n",
                    counted(number_at(held, "held_messages"), "message"),
                    bytes_text(number_at(held, "held_bytes")), bytes_text(number_at(held, "file_bytes")),
                    bytes_text(number_at(status, "resident_bytes")));
  const json::value reload = object_at(status, "reload");
  if (has(reload, "ok") && !flag_at(reload, "ok"))
    to += "The last reload was refused; the former configuration is in force.\n";
  to += "\n";
  table connections{{{"CONNECTION"}, {"STATE"}, {"BROKER"}, {"RECONNECTS", true}}, {}};
  for (const json::value& each : array_at(status, "connections"))
    connections.rows.push_back({text_at(each, "role"),
                                text_at(each, "state") + (flag_at(each, "blocked") ? ", blocked" : ""),
                                text_at(each, "broker"), text_at(each, "reconnects")});
  to += connections.text(as.bold) + "\n" + routes_view(status, as);
  if (!array_at(status, "dead_letters").empty()) to += "\n" + dead_letters_view(status, as);
  return to;
}

std::string messages_view(const json::value& page, const look& as) {
  table to{
      {{"ID"}, {"ROUTE"}, {"DUE"}, {"STATE"}, {"ATTEMPT", true}, {"SIZE", true}, {"ROUTING KEY", false, 40}},
      {}};
  for (const json::value& each : array_at(page, "messages"))
    to.rows.push_back(
        {text_at(each, "id"), text_at(each, "route"), relative(raw_text_at(each, "due"), as.now),
         has(each, "reason") ? text_at(each, "state") + ": " + text_at(each, "reason")
                             : text_at(each, "state"),
         text_at(each, "attempt"), bytes_text(number_at(each, "bytes")), text_at(each, "routing_key")});
  return to.rows.empty() ? "None.\n" : to.text(as.bold);
}

std::string message_view(const json::value& message, const look& as) {
  facts to;
  to.add("id", text_at(message, "id"));
  to.add("state", text_at(message, "state"));
  to.add("reason", text_at(message, "reason"));
  to.add("error", text_at(message, "error"));
  to.add("route", text_at(message, "route"));
  to.add("due", time_with_relative(message, "due", as));
  to.add("first seen", time_with_relative(message, "first_seen", as));
  to.add("attempt", text_at(message, "attempt"));
  to.add("came with", came_with(message));
  if (has(message, "to")) to.add("goes to", came_with(object_at(message, "to")));
  to.add("size", has(message, "bytes") ? bytes_text(number_at(message, "bytes")) : "");
  std::string history;
  for (const json::value& each : array_at(message, "history"))
    history += fmt::format("  {}  {}\n", text_at(each, "at"), text_at(each, "what"));
  std::string text =
      to.text(as) + (has(message, "message") ? content_view(object_at(message, "message"), as) : "");
  if (!history.empty()) text += heading("history", as) + history;
  return text;
}

std::string calendar_view(const json::value& calendar, const look& as) {
  std::uint64_t most = 1, messages = 0;
  for (const json::value& each : array_at(calendar, "spans")) {
    most = std::max(most, number_at(each, "messages"));
    messages += number_at(each, "messages");
  }
  table to{{{"FROM"}, {"UNTIL"}, {"MESSAGES", true}, {"SIZE", true}, {""}}, {}};
  for (const json::value& each : array_at(calendar, "spans")) {
    const std::uint64_t count = number_at(each, "messages");
    if (count == 0) continue;
    to.rows.push_back({text_at(each, "start"), text_at(each, "end"), count_text(count),
                       bytes_text(number_at(each, "bytes")),
                       std::string(std::max<std::size_t>(1, count * bar_columns / most), '#')});
  }
  if (to.rows.empty())
    return fmt::format("Nothing is due from {} until {}.\n", text_at(calendar, "from"),
                       text_at(calendar, "until"));
  return to.text(as.bold) + counted(messages, "message") + "\n";
}

std::string topology_view(const json::value& from, const look&) {
  std::string to;
  for (const json::value& each : array_at(from, "differences")) {
    const std::string kind = text_at(each, "kind");
    to += fmt::format("{} {} {}",
                      kind == "missing"   ? "+"
                      : kind == "unknown" ? "?"
                                          : "~",
                      text_at(each, "what"), text_at(each, "name"));
    if (kind == "different") to += fmt::format(": {} -> {}", text_at(each, "have"), text_at(each, "want"));
    to += "\n";
  }
  return to.empty() ? "Broker and file are the same.\n" : to;
}

std::string event_view(const std::string& type, const json::value& data) {
  std::string to = on_one_line(type);
  if (has(data, "what")) to += ": " + text_at(data, "what");
  if (const json::object* const all = data.if_object())
    for (const auto& each : *all) {
      const std::string_view key{each.key().data(), each.key().size()};
      if (key != "what") to += fmt::format(" {}={}", on_one_line(key), text_of(each.value()));
    }
  return to + "\n";
}

} // namespace postponed::cli
