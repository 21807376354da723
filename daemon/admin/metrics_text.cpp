#include "admin/metrics_text.hpp"

#include "admin/routes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace postponed::admin {

namespace {

std::string escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

// Writes one family after the other: help and type once, then its samples.
class writer {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    fmt::format_to(std::back_inserter(out_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  }
  void sample(double value, std::string_view labels = {}, std::string_view suffix = {}) {
    out_ += name_;
    out_ += suffix;
    if (!labels.empty()) fmt::format_to(std::back_inserter(out_), "{{{}}}", labels);
    fmt::format_to(std::back_inserter(out_), " {}\n", value);
  }
  void single(std::string_view name, std::string_view type, std::string_view help, double value) {
    family(name, type, help);
    sample(value);
  }
  // Bounds are in milliseconds, shown in seconds.
  template <std::size_t N>
  void histogram(const relay::histogram<N>& from, const std::string& labels) {
    const std::string comma = labels.empty() ? "" : labels + ",";
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < N; ++i) {
      below += from.counts[i];
      sample(static_cast<double>(below), fmt::format("{}le=\"{}\"", comma, from.bounds[i] / 1000.0),
             "_bucket");
    }
    sample(static_cast<double>(from.total), comma + "le=\"+Inf\"", "_bucket");
    sample(from.sum / 1000.0, labels, "_sum");
    sample(static_cast<double>(from.total), labels, "_count");
  }
  std::string take() { return std::move(out_); }

 private:
  std::string name_;
  std::string out_;
};

double number(std::uint64_t value) {
  return static_cast<double>(value);
}

std::string route_label(const std::string& name) {
  return fmt::format("route=\"{}\"", escaped(name));
}

struct route_family {
  std::string_view name, type, help;
  std::uint64_t relay::route_counters::*value;
};

using counters = relay::route_counters;
constexpr route_family route_families[] = {
    {"postponed_held_messages", "gauge", "Messages held, by route.", &counters::held_messages},
    {"postponed_held_bytes", "gauge", "Bytes of properties and bodies held, by route.",
     &counters::held_bytes},
    {"postponed_intake_messages_total", "counter", "Deliveries taken from the intake.", &counters::intake},
    {"postponed_redelivered_messages_total", "counter", "Deliveries that the broker marked as redelivered.",
     &counters::redelivered},
    {"postponed_duplicate_messages_total", "counter", "Redeliveries recognised as held already.",
     &counters::duplicates},
    {"postponed_unrecognised_redeliveries_total", "counter",
     "Redeliveries without message-id: held, perhaps twice.", &counters::unrecognised},
    {"postponed_released_messages_total", "counter", "Publishes to the destination, repeats included.",
     &counters::released},
    {"postponed_confirmed_messages_total", "counter", "Releases confirmed and not returned.",
     &counters::confirmed},
    {"postponed_returned_messages_total", "counter", "Releases that the broker could not route.",
     &counters::returned},
    {"postponed_nacked_messages_total", "counter", "Releases that the broker refused.", &counters::nacked},
    {"postponed_unknown_outcomes_total", "counter",
     "Releases whose confirm never came; published again with the same id.", &counters::unknown},
    {"postponed_repeated_messages_total", "counter", "Releases published again after an unknown outcome.",
     &counters::repeated},
    {"postponed_dead_letter_failures_total", "counter",
     "Dead letters that were not accepted; they stay held.", &counters::dead_letter_failures},
    {"postponed_retries_total", "counter", "Consumer failures taken for another attempt.",
     &counters::retries},
    {"postponed_suppressed_messages_total", "counter", "Not held, as deduplication knew them already.",
     &counters::suppressed},
    {"postponed_scheduled_messages_total", "counter", "Held by HTTP.", &counters::scheduled},
    {"postponed_cancelled_messages_total", "counter", "Cancelled by a person.", &counters::cancelled},
    {"postponed_rescheduled_messages_total", "counter", "Moved to another due time by a person.",
     &counters::rescheduled},
    {"postponed_loops_cut_total", "counter", "Messages that came round too often, now dead letters.",
     &counters::hops_cut},
    {"postponed_circuits_opened_total", "counter", "Times that a destination was left alone.",
     &counters::circuit_opened},
    {"postponed_circuits_open", "gauge", "Destinations of the route that are left alone.",
     &counters::circuits_open},
    {"postponed_parked_messages", "gauge", "In memory, waiting for a destination that is left alone.",
     &counters::parked},
    {"postponed_paced_messages", "gauge", "Due, and waiting for the route's rate.", &counters::paced},
};

struct late_outcome {
  std::string_view name;
  std::uint64_t relay::route_counters::*value;
};
constexpr late_outcome late_outcomes[] = {{"released", &counters::late_released},
                                          {"dead_lettered", &counters::late_buried},
                                          {"spread", &counters::late_spread}};

using dead_counters = relay::dead_letter_counters;
struct dead_letter_family {
  std::string_view name, type, help;
  std::uint64_t relay::dead_letter_counters::*value;
};
constexpr dead_letter_family dead_letter_families[] = {
    {"postponed_dead_letter_collected_total", "counter", "Messages drawn from the queue into the store.",
     &dead_counters::collected},
    {"postponed_dead_letter_redelivered_total", "counter", "... of which the broker had delivered before.",
     &dead_counters::redelivered},
    {"postponed_dead_letter_replayed_total", "counter", "Messages sent again.", &dead_counters::replayed},
    {"postponed_dead_letter_replay_skipped_total", "counter",
     "Messages that a replay left, as nothing tells where they came from.", &dead_counters::replay_skipped},
    {"postponed_dead_letter_waiting_messages", "gauge",
     "On their way to a dead-letter destination that accepts nothing; they stay held.",
     &dead_counters::waiting},
};

void write_routes(writer& to, const snapshot& shown) {
  for (const route_family& each : route_families) {
    to.family(each.name, each.type, each.help);
    for (const auto& [route, count] : shown.counters.routes)
      to.sample(number(count.*each.value), route_label(route));
  }
  to.family("postponed_dead_lettered_messages_total", "counter",
            "Messages confirmed by their dead-letter exchange.");
  for (const auto& [route, count] : shown.counters.routes)
    for (const auto& [why, messages] : count.dead_lettered)
      to.sample(number(messages), fmt::format("{},reason=\"{}\"", route_label(route), proto::to_string(why)));
  to.family("postponed_late_messages_total", "counter",
            "Messages that were due long before, by what was done.");
  for (const auto& [route, count] : shown.counters.routes)
    for (const late_outcome& each : late_outcomes)
      to.sample(number(count.*each.value), fmt::format("{},outcome=\"{}\"", route_label(route), each.name));
  to.family("postponed_route_paused", "gauge", "1 while a person has paused the route.");
  for (const auto& [route, count] : shown.counters.routes)
    to.sample(count.paused ? 1 : 0, route_label(route));
  to.family("postponed_route_configured", "gauge", "0: held messages wait for the route to come back.");
  for (const auto& [route, count] : shown.counters.routes)
    to.sample(count.configured ? 1 : 0, route_label(route));
  to.family("postponed_lateness_seconds", "histogram", "Confirmed release minus due time.");
  for (const auto& [route, count] : shown.counters.routes)
    to.histogram(count.lateness, route_label(route));
}

std::string dead_label(const std::string& name) {
  return fmt::format("dead_letter=\"{}\"", escaped(name));
}

void write_collected(writer& to, const snapshot& shown) {
  for (const dead_letter_family& each : dead_letter_families) {
    to.family(each.name, each.type, each.help);
    for (const auto& [name, count] : shown.counters.dead_letters)
      to.sample(number(count.*each.value), dead_label(name));
  }
  to.family("postponed_dead_letter_blocked", "gauge", "1: its destination refused the last dead letter.");
  for (const auto& [name, count] : shown.counters.dead_letters)
    to.sample(count.blocked ? 1 : 0, dead_label(name));
  to.family("postponed_dead_letter_collected_messages", "gauge",
            "Messages in the store, the trash not counted.");
  for (const store::letter_totals& each : shown.letters)
    to.sample(number(each.kept), dead_label(each.dead_letter));
  to.family("postponed_dead_letter_trash_messages", "gauge", "Messages in the trash.");
  for (const store::letter_totals& each : shown.letters)
    to.sample(number(each.trash), dead_label(each.dead_letter));
}

// What is not known has no sample: a 0 would read as an empty queue.
void write_watched(writer& to, const snapshot& shown) {
  to.family("postponed_dead_letter_depth", "gauge", "Messages in the queue; collected: in the store.");
  for (const relay::watched_state& each : shown.dead_letters)
    if (each.known) to.sample(number(each.depth), dead_label(each.name));
  to.family("postponed_dead_letter_oldest_age_seconds", "gauge", "Since the oldest became a dead letter.");
  for (const relay::watched_state& each : shown.dead_letters)
    if (each.oldest) to.sample(seconds_between(*each.oldest, shown.now), dead_label(each.name));
  to.family("postponed_dead_letter_rate_per_minute", "gauge", "Arrivals in the last minute.");
  for (const relay::watched_state& each : shown.dead_letters)
    if (each.rate_per_minute) to.sample(*each.rate_per_minute, dead_label(each.name));
  to.family("postponed_dead_letter_missing", "gauge", "1: there is no such queue.");
  for (const relay::watched_state& each : shown.dead_letters)
    to.sample(each.missing ? 1 : 0, dead_label(each.name));
  to.family("postponed_dead_letter_alert", "gauge", "1 while the alert is raised.");
  for (const relay::watched_state& each : shown.dead_letters)
    for (const relay::alert_kind kind :
         {relay::alert_kind::depth, relay::alert_kind::age, relay::alert_kind::rate}) {
      const bool raised = std::any_of(each.alerts.begin(), each.alerts.end(),
                                      [&](const relay::alert& of) { return of.kind == kind; });
      to.sample(raised ? 1 : 0, fmt::format("{},kind=\"{}\"", dead_label(each.name), relay::to_string(kind)));
    }
}

void write_connections(writer& to, const snapshot& shown) {
  to.family("postponed_connection_open", "gauge", "1 while the connection to the broker is open.");
  for (const connection_state& each : shown.connections)
    to.sample(each.state == "open" ? 1 : 0, fmt::format("role=\"{}\"", each.role));
  to.family("postponed_connection_blocked", "gauge",
            "1 while a resource alarm of the broker blocks publishing.");
  for (const connection_state& each : shown.connections)
    to.sample(each.blocked ? 1 : 0, fmt::format("role=\"{}\"", each.role));
  to.family("postponed_reconnects_total", "counter", "Connections lost and made again.");
  for (const connection_state& each : shown.connections)
    to.sample(number(each.reconnects), fmt::format("role=\"{}\"", each.role));
  to.family("postponed_route_consuming", "gauge", "1 while the route's intake is consumed.");
  for (const route_state& each : shown.routes)
    to.sample(each.state == "consuming" ? 1 : 0, route_label(each.name));
}

} // namespace

std::string metrics_text(const snapshot& shown) {
  writer to;
  const relay::counters& c = shown.counters;
  to.family("postponed_build_info", "gauge", "1, with the version as labels.");
  to.sample(1,
            fmt::format("version=\"{}\",revision=\"{}\"", escaped(shown.version), escaped(shown.revision)));
  to.single("postponed_start_time_seconds", "gauge", "When the daemon started, in seconds since 1970.",
            static_cast<double>(shown.started.time_since_epoch().count()) / 1e6);
  to.single("postponed_ready", "gauge", "1 when /readyz answers 200.",
            reasons_not_ready(shown).empty() ? 1 : 0);
  to.single("postponed_resident_bytes", "gauge", "Resident memory of the process.",
            number(shown.resident_bytes));
  write_routes(to, shown);
  write_collected(to, shown);
  write_watched(to, shown);
  write_connections(to, shown);
  to.single("postponed_config_reload_ok", "gauge",
            "0: the last reload was refused, the former file is in force.", shown.reload.ok ? 1 : 0);
  to.single("postponed_topology_ready", "gauge", "1 once the topology was declared.",
            shown.topology.ready ? 1 : 0);
  to.single("postponed_topology_differences", "gauge",
            "In what broker and file differ: declarations refused, or what verify found.",
            number(shown.topology.differences.size()));
  to.single("postponed_store_ok", "gauge", "0 after a commit failed: nothing more is acked.",
            shown.store_ok ? 1 : 0);
  to.family("postponed_store_commit_seconds", "histogram", "Time of a synced commit.");
  to.histogram(c.commit, "");
  to.family("postponed_hold_seconds", "histogram", "From taken off the intake to durable, when it is acked.");
  to.histogram(c.hold, "");
  to.single("postponed_store_commits_total", "counter", "Synced commits.", number(c.commits));
  to.single("postponed_store_committed_rows_total", "counter", "Messages inserted or done, committed.",
            number(c.committed_rows));
  to.single("postponed_store_file_bytes", "gauge", "Size of the store's file.",
            number(shown.store.file_bytes));
  to.single("postponed_store_wal_bytes", "gauge", "Log not yet written back to the file.",
            number(shown.store.wal_bytes));
  to.single("postponed_store_buckets", "gauge", "Open buckets of the wheel on disk.",
            number(shown.store.buckets));
  to.single("postponed_horizon_rows", "gauge", "Rows of the near future in memory.", number(c.horizon_rows));
  to.single("postponed_staged_bytes", "gauge", "Bodies in memory ahead of their due time.",
            number(c.staged_bytes));
  to.single("postponed_in_flight_messages", "gauge", "Published and not yet confirmed.", number(c.in_flight));
  to.single("postponed_overdue_messages", "gauge",
            "Overdue, in memory, and released by catch_up's share and rate.", number(c.overdue));
  to.single("postponed_unacked_messages", "gauge", "Taken from the broker and not yet committed.",
            number(c.unacked));
  to.single("postponed_clock_jumps_total", "counter", "Times that the wall clock was set.",
            number(c.clock_jumps));
  return to.take();
}

} // namespace postponed::admin
