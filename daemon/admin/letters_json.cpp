#include "admin/letters_json.hpp"

#include "admin/letter_filters.hpp"
#include "admin/text_forms.hpp"
#include "relay/jobs.hpp"
#include "relay/replays.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace postponed::admin {

namespace json = boost::json;

namespace {

json::object filter_json(const store::letter_filter& by) {
  json::object to;
  const auto text = [&](const char* name, const std::optional<std::string>& value) {
    if (value) to[name] = shown_text(*value);
  };
  text("route", by.route);
  text("reason", by.reason);
  text("queue", by.queue);
  text("text", by.text);
  if (by.group) to["group"] = group_text(*by.group);
  if (by.died_before) to["died_before"] = proto::format_rfc3339(*by.died_before);
  if (by.died_after) to["died_after"] = proto::format_rfc3339(*by.died_after);
  for (const auto& [name, value] : by.headers) {
    if (!to.contains("headers")) to["headers"].emplace_object();
    to["headers"].as_object()[shown_text(name)] = shown_text(value);
  }
  if (!by.ids.empty()) to["ids"] = json::array(by.ids.begin(), by.ids.end());
  return to;
}

json::array alerts_json(const std::vector<relay::alert>& from) {
  json::array to;
  for (const relay::alert& each : from)
    to.push_back(json::object{{"kind", relay::to_string(each.kind)},
                              {"value", each.value},
                              {"threshold", each.threshold},
                              {"since", proto::format_rfc3339(each.since)}});
  return to;
}

} // namespace

json::object letter_json(const store::letter& from) {
  json::object to{{"id", from.id}};
  to["state"] = from.state == store::letter_state::trash ? "trash" : "kept";
  to["dead_letter"] = from.dead_letter;
  to["queue"] = shown_text(from.queue);
  to["route"] = shown_text(from.route);
  to["reason"] = shown_text(from.reason);
  to["error"] = shown_text(from.error);
  to["origin_queue"] = shown_text(from.origin_queue);
  to["exchange"] = shown_text(from.exchange);
  to["routing_key"] = shown_text(from.routing_key);
  to["first_seen"] = proto::format_rfc3339(from.first_seen);
  to["died"] = proto::format_rfc3339(from.died);
  to["collected"] = proto::format_rfc3339(from.collected);
  if (from.state == store::letter_state::trash) to["discarded"] = proto::format_rfc3339(from.discarded);
  to["attempt"] = from.attempt;
  to["replays"] = from.replays;
  to["group"] = group_text(from.group);
  to["bytes"] = from.bytes;
  return to;
}

json::object group_json(const store::letter_group& from) {
  return {{"group", group_text(from.group)},
          {"dead_letter", from.dead_letter},
          {"route", shown_text(from.route)},
          {"reason", shown_text(from.reason)},
          {"error", shown_text(from.error)},
          {"messages", from.messages},
          {"bytes", from.bytes},
          {"first_died", proto::format_rfc3339(from.first_died)},
          {"last_died", proto::format_rfc3339(from.last_died)}};
}

json::object totals_json(const store::letter_totals& from) {
  json::object to{{"kept", from.kept},
                  {"kept_bytes", from.kept_bytes},
                  {"trash", from.trash},
                  {"trash_bytes", from.trash_bytes}};
  to["oldest_died"] = nullptr;
  if (from.oldest_died) to["oldest_died"] = proto::format_rfc3339(*from.oldest_died);
  return to;
}

json::object job_json(const store::job& from) {
  json::object to{{"id", from.id}};
  to["kind"] = from.what == store::job::kind::drain ? "drain" : "replay";
  to["state"] = relay::to_string(from.at);
  to["dead_letter"] = from.dead_letter;
  to["total"] = from.total;
  to["done"] = from.done;
  to["skipped"] = from.skipped;
  if (!from.error.empty()) to["error"] = shown_text(from.error);
  to["created"] = proto::format_rfc3339(from.created);
  to["updated"] = proto::format_rfc3339(from.updated);
  const auto spec = relay::replay_spec_from_json(from.spec);
  if (!spec) return to;
  if (from.dead_letter.empty()) to["dead_letter"] = spec->by.dead_letter.value_or("");
  to["filter"] = filter_json(spec->by);
  if (spec->to) to["to"] = {{"exchange", spec->to->exchange}, {"routing_key", spec->to->routing_key}};
  if (spec->rate > 0) to["rate"] = spec->rate;
  if (spec->canary > 0) to["canary"] = spec->canary;
  if (spec->limit > 0) to["limit"] = spec->limit;
  return to;
}

json::object dead_letter_json(const relay::watched_state& from, const snapshot& shown) {
  json::object to{{"name", from.name}, {"queue", from.queue}, {"collect", from.collect}};
  to["depth"] = nullptr;
  if (from.known) to["depth"] = from.depth;
  if (from.known) to["depth_at"] = proto::format_rfc3339(from.depth_at);
  to["missing"] = from.missing;
  if (!from.problem.empty()) to["problem"] = shown_text(from.problem);
  if (!from.note.empty()) to["note"] = shown_text(from.note);
  to["oldest"] = to["oldest_age_seconds"] = nullptr;
  if (from.oldest) {
    to["oldest"] = proto::format_rfc3339(*from.oldest);
    to["oldest_age_seconds"] = seconds_between(*from.oldest, shown.now);
  }
  to["rate_per_minute"] = nullptr;
  if (from.rate_per_minute) to["rate_per_minute"] = *from.rate_per_minute;
  to["alerts"] = alerts_json(from.alerts);
  const auto counted = shown.counters.dead_letters.find(from.name);
  const relay::dead_letter_counters count =
      counted != shown.counters.dead_letters.end() ? counted->second : relay::dead_letter_counters{};
  to["collected"] = count.collected;
  to["redelivered"] = count.redelivered;
  to["replayed"] = count.replayed;
  to["replay_skipped"] = count.replay_skipped;
  to["waiting"] = count.waiting;
  to["blocked"] = count.blocked;
  return to;
}

} // namespace postponed::admin
