#include "admin/metrics_text.hpp"
#include "sample_snapshot.hpp"

#include <catch2/catch.hpp>

#include <cstdio>
#include <map>
#include <set>
#include <sstream>
#include <sys/wait.h>

using namespace postponed;
using namespace postponed::admin;
using postponed::test::sample_snapshot;

namespace {

// True where promtool takes a text without a word against it; it exits with 1 for a bad text and 3 for a
// lint.
bool promtool_accepts(const std::string& metrics) {
  FILE* const run = ::popen("promtool check metrics 1>&2", "w");
  if (run == nullptr) return false;
  const bool written = std::fwrite(metrics.data(), 1, metrics.size(), run) == metrics.size();
  return ::pclose(run) == 0 && written;
}

// One of which all is known, and one whose queue is not there.
snapshot with_dead_letters() {
  snapshot shown = sample_snapshot();
  relay::watched_state bin, lost;
  bin.name = "bin";
  bin.known = true;
  bin.depth = 12;
  bin.oldest = shown.now - std::chrono::seconds{45};
  bin.rate_per_minute = 2.5;
  bin.alerts = {{relay::alert_kind::age, 45, 40, shown.now}};
  lost.name = "lost";
  lost.missing = true;
  shown.dead_letters = {bin, lost};
  shown.letters = {{"bin", 11, 100, 3, 30, bin.oldest}};
  shown.counters.dead_letters["bin"] = {41, 42, 43, 44, 45, true};
  return shown;
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

} // namespace

TEST_CASE("every counter of the snapshot is shown, under its name and in base units") {
  const std::string text = metrics_text(sample_snapshot());
  for (const char* line :
       {"postponed_build_info{version=\"0.1.0\",revision=\"cafe\"} 1",
        "postponed_start_time_seconds 1795392000",
        "postponed_ready 1",
        "postponed_resident_bytes 9000000",
        "postponed_held_messages{route=\"timeouts\"} 7",
        "postponed_held_bytes{route=\"timeouts\"} 700",
        "postponed_intake_messages_total{route=\"timeouts\"} 20",
        "postponed_redelivered_messages_total{route=\"timeouts\"} 2",
        "postponed_duplicate_messages_total{route=\"timeouts\"} 1",
        "postponed_unrecognised_redeliveries_total{route=\"timeouts\"} 1",
        "postponed_released_messages_total{route=\"timeouts\"} 13",
        "postponed_confirmed_messages_total{route=\"timeouts\"} 10",
        "postponed_returned_messages_total{route=\"timeouts\"} 5",
        "postponed_nacked_messages_total{route=\"timeouts\"} 6",
        "postponed_unknown_outcomes_total{route=\"timeouts\"} 8",
        "postponed_repeated_messages_total{route=\"timeouts\"} 9",
        "postponed_dead_lettered_messages_total{route=\"timeouts\",reason=\"bad_delay\"} 2",
        "postponed_dead_lettered_messages_total{route=\"timeouts\",reason=\"unroutable\"} 1",
        "postponed_dead_letter_failures_total{route=\"timeouts\"} 4",
        "postponed_retries_total{route=\"timeouts\"} 21",
        "postponed_suppressed_messages_total{route=\"timeouts\"} 22",
        "postponed_late_messages_total{route=\"timeouts\",outcome=\"released\"} 23",
        "postponed_late_messages_total{route=\"timeouts\",outcome=\"dead_lettered\"} 24",
        "postponed_late_messages_total{route=\"timeouts\",outcome=\"spread\"} 25",
        "postponed_loops_cut_total{route=\"timeouts\"} 26",
        "postponed_circuits_opened_total{route=\"timeouts\"} 27",
        "postponed_circuits_open{route=\"timeouts\"} 28",
        "postponed_parked_messages{route=\"timeouts\"} 29",
        "postponed_paced_messages{route=\"timeouts\"} 30",
        "postponed_route_paused{route=\"timeouts\"} 1",
        "postponed_route_configured{route=\"timeouts\"} 1",
        "postponed_config_reload_ok 1",
        "postponed_connection_open{role=\"consume\"} 1",
        "postponed_connection_blocked{role=\"publish\"} 0",
        "postponed_reconnects_total{role=\"publish\"} 3",
        "postponed_route_consuming{route=\"timeouts\"} 1",
        "postponed_topology_ready 1",
        "postponed_topology_differences 0",
        "postponed_store_ok 1",
        "postponed_store_committed_rows_total 30",
        "postponed_store_file_bytes 65536",
        "postponed_store_wal_bytes 4096",
        "postponed_store_buckets 4",
        "postponed_horizon_rows 11",
        "postponed_staged_bytes 12",
        "postponed_in_flight_messages 13",
        "postponed_overdue_messages 15",
        "postponed_store_commits_total 2",
        "postponed_hold_seconds_count 1",
        "postponed_unacked_messages 14",
        "postponed_clock_jumps_total 1"}) {
    INFO(line);
    CHECK(has_line(text, line));
  }
}

TEST_CASE("histograms are in seconds and cumulative, and +Inf is their count") {
  const std::string text = metrics_text(sample_snapshot());
  CHECK(has_line(text, "postponed_lateness_seconds_bucket{route=\"timeouts\",le=\"0.001\"} 0"));
  CHECK(has_line(text, "postponed_lateness_seconds_bucket{route=\"timeouts\",le=\"0.002\"} 9"));
  CHECK(has_line(text, "postponed_lateness_seconds_bucket{route=\"timeouts\",le=\"0.025\"} 9"));
  CHECK(has_line(text, "postponed_lateness_seconds_bucket{route=\"timeouts\",le=\"0.05\"} 10"));
  CHECK(has_line(text, "postponed_lateness_seconds_bucket{route=\"timeouts\",le=\"+Inf\"} 10"));
  CHECK(has_line(text, "postponed_lateness_seconds_sum{route=\"timeouts\"} 0.0535"));
  CHECK(has_line(text, "postponed_lateness_seconds_count{route=\"timeouts\"} 10"));
  CHECK(has_line(text, "postponed_store_commit_seconds_bucket{le=\"5\"} 1"));
  CHECK(has_line(text, "postponed_store_commit_seconds_bucket{le=\"+Inf\"} 2"));
  CHECK(has_line(text, "postponed_store_commit_seconds_count 2"));
}

TEST_CASE("a label's value is escaped, so that no route's name can break the text") {
  snapshot shown = sample_snapshot();
  shown.counters.routes["a\"b\\c\nd"].intake = 1;
  const std::string text = metrics_text(shown);
  CHECK(has_line(text, "postponed_intake_messages_total{route=\"a\\\"b\\\\c\\nd\"} 1"));
}

TEST_CASE("each family has one help and one type, before its samples, and counters end in _total") {
  std::istringstream lines{metrics_text(sample_snapshot())};
  std::map<std::string, std::string> types;
  std::set<std::string> helps;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::string hash, what, name, type;
    words >> hash >> what >> name >> type;
    if (hash != "#") {
      const std::string sample = line.substr(0, line.find_first_of("{ "));
      const bool known = types.contains(sample) || types.contains(sample.substr(0, sample.rfind('_')));
      INFO(line);
      CHECK(known);
    } else if (what == "HELP") {
      CHECK(helps.insert(name).second);
    } else {
      CHECK(types.emplace(name, type).second);
      CHECK(helps.contains(name));
      CHECK(name.starts_with("postponed_"));
      CHECK(name.ends_with("_total") == (type == "counter"));
    }
  }
  CHECK(types.size() == helps.size());
}

TEST_CASE("what is wrong shows in the gauges") {
  snapshot shown = sample_snapshot();
  shown.store_ok = false;
  shown.connections[1].state = "waiting";
  shown.connections[0].blocked = true;
  shown.routes[0].state = "waiting";
  shown.topology = {false, "create", {"queue a: have x, want y"}};
  shown.reload.ok = false;
  shown.counters.routes["timeouts"].configured = false;
  const std::string text = metrics_text(shown);
  for (const char* line :
       {"postponed_ready 0", "postponed_store_ok 0", "postponed_connection_open{role=\"publish\"} 0",
        "postponed_connection_blocked{role=\"consume\"} 1", "postponed_route_consuming{route=\"timeouts\"} 0",
        "postponed_topology_ready 0", "postponed_topology_differences 1", "postponed_config_reload_ok 0",
        "postponed_route_configured{route=\"timeouts\"} 0"}) {
    INFO(line);
    CHECK(has_line(text, line));
  }
}

TEST_CASE("dead letters are shown by what is known of them, and nothing is made up") {
  const std::string text = metrics_text(with_dead_letters());
  for (const char* line : {"postponed_dead_letter_depth{dead_letter=\"bin\"} 12",
                           "postponed_dead_letter_oldest_age_seconds{dead_letter=\"bin\"} 45",
                           "postponed_dead_letter_rate_per_minute{dead_letter=\"bin\"} 2.5",
                           "postponed_dead_letter_alert{dead_letter=\"bin\",kind=\"depth\"} 0",
                           "postponed_dead_letter_alert{dead_letter=\"bin\",kind=\"age\"} 1",
                           "postponed_dead_letter_missing{dead_letter=\"bin\"} 0",
                           "postponed_dead_letter_missing{dead_letter=\"lost\"} 1",
                           "postponed_dead_letter_alert{dead_letter=\"lost\",kind=\"rate\"} 0",
                           "postponed_dead_letter_collected_messages{dead_letter=\"bin\"} 11",
                           "postponed_dead_letter_trash_messages{dead_letter=\"bin\"} 3",
                           "postponed_dead_letter_collected_total{dead_letter=\"bin\"} 41",
                           "postponed_dead_letter_redelivered_total{dead_letter=\"bin\"} 42",
                           "postponed_dead_letter_replayed_total{dead_letter=\"bin\"} 43",
                           "postponed_dead_letter_replay_skipped_total{dead_letter=\"bin\"} 44",
                           "postponed_dead_letter_waiting_messages{dead_letter=\"bin\"} 45",
                           "postponed_dead_letter_blocked{dead_letter=\"bin\"} 1"}) {
    INFO(line);
    CHECK(has_line(text, line));
  }
  for (const char* name : {"depth", "oldest_age_seconds", "rate_per_minute"})
    CHECK(text.find(std::string{"postponed_dead_letter_"} + name + "{dead_letter=\"lost\"}") ==
          std::string::npos);
}

TEST_CASE("promtool finds nothing wrong, with all that there can be and with nothing") {
  if (std::system("command -v promtool >/dev/null") != 0) {
    WARN("promtool is not installed");
    return;
  }
  snapshot odd = sample_snapshot();
  odd.counters.routes["a\"b\\c\nd"].intake = UINT64_MAX;
  CHECK(promtool_accepts(metrics_text(sample_snapshot())));
  CHECK(promtool_accepts(metrics_text(odd)));
  CHECK(promtool_accepts(metrics_text(with_dead_letters())));
  CHECK(promtool_accepts(metrics_text(snapshot{})));
  CHECK(!promtool_accepts("# HELP wrong It has no type.\nwrong{ 1\n")); // that promtool is asked at all
}
