// What many held messages cost: filling, resident memory, kill -9 to ready, and the lateness of a flow beside
// them; due over 30 days, then all within the next hour.
//
//   capacity_bench --port N --daemon PATH [--held 1000000] [--size 256] [--seconds 20] [--rounds 3]
//                  [--rate 1000] [--json FILE]
//
// Filled by lines of JSON over HTTP. Resident memory: after a restart, which is what a daemon has that did
// not take them itself; and the most while they were taken. Ready: from exec to /readyz, looked at every 5
// ms. Exit 0 when all is held and the flow arrived, whatever the figures: judging them is the reader's.
#include "bench/daemon_process.hpp"
#include "bench/flow.hpp"
#include "bench/http_client.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <unistd.h>

using namespace postponed::bench;

namespace {

struct options {
  std::uint16_t port = 0;
  std::string daemon;
  std::size_t held = 1000000, size = 256, seconds = 20, rounds = 3;
  double rate = 1000;
  std::string json;
};

struct flow_figures {
  double p50 = 0, p99 = 0;
};

flow_figures run_flow(const options& o, const daemon_process& daemon) {
  const arrivals got = steady_flow{o.port, daemon.intake(), o.rate, o.seconds}.take(daemon.destination());
  return {percentile(got.late_ms, 0.5), percentile(got.late_ms, 0.99)};
}

struct pair_figures {
  flow_figures held, none;
  double ratio = 0; // of p99, the median of the rounds
};

// The flow through both in turn: what else the machine does is then the same for both.
pair_figures run_pairs(const options& o, const daemon_process& held, const daemon_process& none) {
  std::vector<double> held50, held99, none50, none99, ratios;
  for (std::size_t round = 0; round < o.rounds; ++round) {
    const flow_figures without = run_flow(o, none), with = run_flow(o, held);
    held50.push_back(with.p50);
    held99.push_back(with.p99);
    none50.push_back(without.p50);
    none99.push_back(without.p99);
    ratios.push_back(with.p99 / without.p99);
  }
  return {{percentile(held50, 0.5), percentile(held99, 0.5)},
          {percentile(none50, 0.5), percentile(none99, 0.5)},
          percentile(ratios, 0.5)};
}

// `from` and `until`: seconds from now in which they are due.
std::string run(const options& o, const std::string& name, int from, int until, const daemon_process& none) {
  daemon_process daemon{o.daemon, o.port, name};
  const std::string body(o.size, 'x');
  std::mt19937 random{11};
  std::uniform_int_distribution<int> due{from, until};
  const double took = upload(daemon.admin_port(), o.held, [&](std::size_t, std::string& to) {
    to += fmt::format("{{\"route\":\"bench\",\"delay\":\"{}s\",\"body\":\"{}\"}}\n", due(random), body);
  });
  const double rate = static_cast<double>(o.held) / took;
  const double taking = daemon.peak_resident_mib();
  daemon.kill9();
  const double ready = daemon.start();
  ::sleep(5); // what is loaded behind the answer counts, too
  const double resident = daemon.resident_mib(), peak = daemon.peak_resident_mib();
  const pair_figures beside = run_pairs(o, daemon, none);
  const double file = static_cast<double>(std::filesystem::file_size(daemon.store_file())) / 1048576;
  fmt::print("{:<12} {:>9.0f} {:>10.1f} {:>9.1f} {:>9.1f} {:>8.2f} {:>9.0f} {:>8.2f} {:>8.2f} {:>14.2f} "
             "{:>8.2f} {:>7.2f}\n",
             name, rate, taking, resident, peak, ready, file, beside.held.p50, beside.held.p99,
             beside.none.p50, beside.none.p99, beside.ratio);
  std::fflush(stdout);
  return fmt::format(
      "\"{}\":{{\"fill_rate\":{:.0f},\"taking_mib\":{:.1f},\"resident_mib\":{:.1f},\"peak_mib\":{:.1f},"
      "\"ready_seconds\":{:.3f},\"file_mib\":{:.0f},\"p50_ms\":{:.3f},\"p99_ms\":{:.3f},"
      "\"none_p50_ms\":{:.3f},\"none_p99_ms\":{:.3f},\"p99_ratio\":{:.3f}}}",
      name, rate, taking, resident, peak, ready, file, beside.held.p50, beside.held.p99, beside.none.p50,
      beside.none.p99, beside.ratio);
}

} // namespace

int main(int argc, char** argv) try {
  options o;
  CLI::App app{"What many held messages cost"};
  app.add_option("--port", o.port, "The broker's port on 127.0.0.1")->required();
  app.add_option("--daemon", o.daemon, "The postponed binary")->required();
  app.add_option("--held", o.held, "How many")->capture_default_str();
  app.add_option("--size", o.size, "Bytes of a body")->capture_default_str();
  app.add_option("--seconds", o.seconds, "Length of the flow")->capture_default_str();
  app.add_option("--rounds", o.rounds, "Pairs of flows")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--rate", o.rate, "Messages a second of it")->capture_default_str();
  app.add_option("--json", o.json, "Also write the figures there");
  CLI11_PARSE(app, argc, argv);

  const daemon_process none{o.daemon, o.port, "none"};
  fmt::print("{} messages of {} B; beside them flows of {:.0f}/s, in turn with a daemon that holds none; "
             "lateness in ms\n",
             o.held, o.size, o.rate);
  fmt::print("{:<12} {:>9} {:>10} {:>9} {:>9} {:>8} {:>9} {:>8} {:>8} {:>14} {:>8} {:>7}\n", "due in",
             "fill/s", "taking MiB", "then MiB", "peak MiB", "ready s", "file MiB", "p50", "p99",
             "none held: p50", "p99", "ratio");
  const std::string far = run(o, "30-days", 3600, 86400 * 30, none);
  const std::string near = run(o, "an-hour", 600, 3600, none); // none while it is measured
  if (!o.json.empty())
    std::ofstream{o.json} << fmt::format("{{\"held\":{},\"size\":{},{},{}}}\n", o.held, o.size, far, near);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "capacity_bench: {}\n", error.what());
  return 1;
}
