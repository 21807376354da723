#include "admin/routes.hpp"

#include "admin/api_answers.hpp"
#include "admin/gatekeeper.hpp"
#include "admin/letters_json.hpp"
#include "admin/metrics_text.hpp"
#include "admin/text_forms.hpp"
#include "admin/web_pages.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <string_view>

namespace postponed::admin {

namespace json = boost::json;

namespace {

// The upper bound of the bucket in which the share of the observations is reached, in milliseconds; null
// where there are none, or where it lies beyond the last bound.
template <std::size_t N>
json::value percentile(const relay::histogram<N>& from, double share) {
  const double wanted = share * static_cast<double>(from.total);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < N && from.total > 0; ++i) {
    below += from.counts[i];
    if (static_cast<double>(below) >= wanted) return from.bounds[i];
  }
  return nullptr;
}

// As many as there are bounds, and one for what is above them all; not cumulative.
template <std::size_t N>
json::array buckets_json(const relay::histogram<N>& from) {
  json::array to;
  for (std::size_t i = 0; i <= N; ++i) {
    json::object one{{"at_most", nullptr}, {"messages", from.counts[i]}};
    if (i < N) one["at_most"] = from.bounds[i];
    to.push_back(std::move(one));
  }
  return to;
}

// `known` is nothing for what is no route of the file: one that was taken out and of which messages are still
// held, or what stands behind a dead letter and the API, under which sent ones are held.
json::object route_json(const std::string& name, const route_state* known, const relay::route_counters& c) {
  json::object to{{"name", name}};
  if (known != nullptr) to["queue"] = known->queue;
  to["state"] = known != nullptr ? known->state : c.configured ? "internal" : "orphan";
  if (known != nullptr && !known->problem.empty()) to["problem"] = known->problem;
  json::object dead;
  for (const auto& [why, messages] : c.dead_lettered)
    dead[proto::to_string(why)] = messages;
  to["held"] = {{"messages", c.held_messages}, {"bytes", c.held_bytes}};
  to["intake"] = c.intake;
  to["redelivered"] = c.redelivered;
  to["duplicates"] = c.duplicates;
  to["unrecognised_redeliveries"] = c.unrecognised;
  to["released"] = c.released;
  to["confirmed"] = c.confirmed;
  to["returned"] = c.returned;
  to["nacked"] = c.nacked;
  to["unknown"] = c.unknown;
  to["repeated"] = c.repeated;
  to["dead_lettered"] = std::move(dead);
  to["dead_letter_failures"] = c.dead_letter_failures;
  to["retries"] = c.retries;
  to["suppressed"] = c.suppressed;
  to["scheduled"] = c.scheduled;
  to["cancelled"] = c.cancelled;
  to["rescheduled"] = c.rescheduled;
  to["late"] = {{"released", c.late_released}, {"dead_lettered", c.late_buried}, {"spread", c.late_spread}};
  to["loops_cut"] = c.hops_cut;
  to["circuits_opened"] = c.circuit_opened;
  to["circuits_open"] = c.circuits_open;
  to["parked"] = c.parked;
  to["paced"] = c.paced;
  to["paused"] = c.paused;
  to["lateness_ms"] = {{"messages", c.lateness.total},
                       {"p50_at_most", percentile(c.lateness, 0.5)},
                       {"p99_at_most", percentile(c.lateness, 0.99)},
                       {"buckets", buckets_json(c.lateness)}};
  return to;
}

json::array routes_json(const snapshot& shown) {
  json::array to;
  const auto& counted = shown.counters.routes;
  for (const route_state& each : shown.routes) { // in the file's order
    const auto count = counted.find(each.name);
    to.emplace_back(
        route_json(each.name, &each, count != counted.end() ? count->second : relay::route_counters{}));
  }
  for (const auto& [name, count] : counted) {
    const bool in_file =
        std::any_of(shown.routes.begin(), shown.routes.end(),
                    [&, &wanted = name](const route_state& each) { return each.name == wanted; });
    if (!in_file) to.emplace_back(route_json(name, nullptr, count));
  }
  for (const store::route_pause& pause : shown.store.paused) // for the person who finds it paused
    for (json::value& each : to)
      if (json::object& route = each.as_object(); route.at("name").as_string() == pause.route) {
        route["paused_by"] = shown_text(pause.who);
        route["paused_why"] = shown_text(pause.why);
        route["paused_since"] = proto::format_rfc3339(pause.since);
      }
  return to;
}

std::string status_json(const snapshot& shown) {
  json::object to;
  const std::vector<std::string> reasons = reasons_not_ready(shown);
  to["version"] = shown.version;
  to["revision"] = shown.revision;
  to["now"] = proto::format_rfc3339(shown.now);
  to["started"] = proto::format_rfc3339(shown.started);
  to["uptime_seconds"] = std::chrono::duration_cast<std::chrono::seconds>(shown.now - shown.started).count();
  to["ready"] = reasons.empty();
  to["reasons"] = strings(reasons);
  json::array connections;
  for (const connection_state& each : shown.connections) {
    json::object one{
        {"role", each.role}, {"state", each.state}, {"broker", each.broker}, {"server", each.server}};
    one["blocked"] = each.blocked;
    if (each.blocked) one["blocked_reason"] = each.blocked_reason;
    if (!each.last_error.empty()) one["last_error"] = each.last_error;
    one["reconnects"] = each.reconnects;
    connections.emplace_back(std::move(one));
  }
  to["connections"] = std::move(connections);
  to["routes"] = routes_json(shown);
  to["relay"] = {{"horizon_rows", shown.counters.horizon_rows}, {"overdue", shown.counters.overdue},
                 {"staged_bytes", shown.counters.staged_bytes}, {"in_flight", shown.counters.in_flight},
                 {"unacked", shown.counters.unacked},           {"clock_jumps", shown.counters.clock_jumps}};
  to["store"] = {{"ok", shown.store_ok},
                 {"held_messages", shown.store.held_messages},
                 {"held_bytes", shown.store.held_bytes},
                 {"file_bytes", shown.store.file_bytes},
                 {"wal_bytes", shown.store.wal_bytes},
                 {"buckets", shown.store.buckets}};
  if (!shown.store_ok) to["store"].as_object()["error"] = shown.store_error;
  to["topology"] = {{"mode", shown.topology.mode},
                    {"ready", shown.topology.ready},
                    {"differences", strings(shown.topology.differences)}};
  json::array dead_letters;
  for (const relay::watched_state& each : shown.dead_letters)
    dead_letters.push_back(dead_letter_json(each, shown));
  to["dead_letters"] = std::move(dead_letters);
  to["reload"] = {{"ok", shown.reload.ok},
                  {"at", shown.reload.at ? json::value(proto::format_rfc3339(*shown.reload.at)) : nullptr},
                  {"errors", strings(shown.reload.errors)},
                  {"warnings", strings(shown.reload.warnings)}};
  to["resident_bytes"] = shown.resident_bytes;
  return json::serialize(to) + "\n";
}

// What people look for first, and then everything.
std::string index_text(const router& all) {
  std::string to = "postponed: delays, and looks after failed, RabbitMQ messages\n"
                   "\n"
                   "  /                     the page\n"
                   "  /healthz              alive\n"
                   "  /readyz               ready, or the reasons why not\n"
                   "  /metrics              for Prometheus\n"
                   "  /api/v1/status        everything, as JSON\n"
                   "  /api/v1/openapi.yaml  all of it in OpenAPI 3.1\n"
                   "\n";
  for (const std::string& each : all.paths())
    to += each + "\n";
  return to;
}

response health(const snapshot& shown) {
  if (shown.store_ok) return {200, "text/plain; charset=utf-8", "ok\n", {}};
  return {503, "text/plain; charset=utf-8", "the store failed: " + shown.store_error + "\n", {}};
}

response readiness(const snapshot& shown) {
  const std::vector<std::string> reasons = reasons_not_ready(shown);
  const json::object body{{"ready", reasons.empty()}, {"reasons", strings(reasons)}};
  return {reasons.empty() ? 200u : 503u, "application/json", json::serialize(body) + "\n", {}};
}

} // namespace

std::vector<std::string> reasons_not_ready(const snapshot& shown) {
  std::vector<std::string> reasons;
  if (shown.stopping) reasons.emplace_back("stopping");
  if (!shown.store_ok) reasons.push_back("the store failed: " + shown.store_error);
  for (const connection_state& each : shown.connections) {
    if (each.state != "open")
      reasons.push_back("the " + each.role + " connection is " + each.state +
                        (each.last_error.empty() ? "" : ": " + each.last_error));
    else if (each.blocked)
      reasons.push_back("the broker blocks the " + each.role + " connection" +
                        (each.blocked_reason.empty() ? "" : ": " + each.blocked_reason));
  }
  if (!shown.topology.ready) reasons.emplace_back("the topology is not declared yet");
  for (const std::string& each : shown.topology.differences)
    reasons.push_back("topology: " + each);
  for (const route_state& each : shown.routes)
    if (each.state != "consuming")
      reasons.push_back("route " + each.name + " does not consume " + each.queue +
                        (each.problem.empty() ? "" : ": " + each.problem));
  return reasons;
}

void add_pages(router& to, const std::function<snapshot()>& take) {
  add_web_pages(to);
  to.add("GET", "/api/v1", [&to](const call&, const reply& done) { // which outlives its handlers
    done({200, "text/plain; charset=utf-8", index_text(to), {}});
  });
  to.add("GET", "/healthz", [take](const call&, const reply& done) { done(health(take())); });
  to.add("GET", "/readyz", [take](const call&, const reply& done) { done(readiness(take())); });
  to.add("GET", "/metrics", [take](const call&, const reply& done) {
    done({200, "text/plain; version=0.0.4; charset=utf-8", metrics_text(take()), {}});
  });
  to.add("GET", "/api/v1/status", [take](const call&, const reply& done) {
    done({200, "application/json", status_json(take()), {}});
  });
}

response respond(const request& asked, const snapshot& shown) {
  if (auto refusal = refused(asked)) return std::move(*refusal);
  router pages;
  add_pages(pages, [&shown] { return shown; });
  response answer;
  pages.handle(asked, [&answer](response value) { answer = std::move(value); });
  return answer;
}

} // namespace postponed::admin
