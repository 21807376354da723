// A spike: many messages due in the same second, against the rate at which the broker takes publishes with
// confirms, in one run.
//
//   spike_bench --port N --daemon PATH [--messages 100000] [--size 1024] [--rounds 3] [--json FILE]
//
// They are scheduled by lines of JSON for one moment; from then on, until the last of them is consumed. The
// broker's own rate: the same messages with the headers that a release writes, and mandatory as a release is,
// published straight to a queue by the same session code with a window of 2,000 confirms, until the last is
// consumed. Bare ones, without these headers, are measured beside it. Exit 0 when all arrived.
#include "bench/daemon_process.hpp"
#include "bench/flow.hpp"
#include "bench/http_client.hpp"
#include "bench/wire_client.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <chrono>
#include <fstream>
#include <vector>

using namespace postponed;
using namespace postponed::bench;

namespace {

using steady = std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

struct options {
  std::uint16_t port = 0;
  std::string daemon;
  std::size_t messages = 100000, size = 1024;
  int rounds = 3;
  std::string json;
};

double run_straight(const options& o, const std::string& name, std::string (*properties)(std::int64_t)) {
  const std::string queue = "bench.straight." + name;
  declare_queues(o.port, {queue});
  const auto begin = steady::now();
  const pid_t load = in_child([&] {
    publish(
        o.port, queue, o.messages, o.size, [](std::size_t) { return std::int64_t{-1}; }, 0, properties,
        properties == properties_as_released);
  });
  const arrivals got = consume(o.port, queue, o.messages, std::chrono::seconds{60});
  expect_success(load);
  return static_cast<double>(o.messages) / seconds{got.last - begin}.count();
}

struct spike_figures {
  double rate = 0, took = 0, processor_us = 0, peak_mib = 0, earliest_ms = 0;
};

spike_figures run_spike(const options& o, int round) {
  daemon_process daemon{o.daemon, o.port, fmt::format("spike{}", round)};
  // Far enough for all of them to be on disk before.
  const auto due = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()) +
                   std::chrono::seconds{5 + static_cast<int>(o.messages / 20000)};
  const std::string line = scheduled_line("bench", due.time_since_epoch().count(), o.size);
  upload(daemon.admin_port(), o.messages, [&](std::size_t, std::string& to) { to += line; });
  if (std::chrono::system_clock::now() > due)
    throw std::runtime_error{"scheduling took too long; take fewer"};
  const double processor = daemon.processor_seconds();
  const arrivals got = consume(o.port, daemon.destination(), o.messages, std::chrono::seconds{60});
  spike_figures to;
  to.took = percentile(got.late_ms, 1) / 1000;
  to.earliest_ms = percentile(got.late_ms, 0);
  to.rate = static_cast<double>(o.messages) / to.took;
  to.processor_us = (daemon.processor_seconds() - processor) * 1e6 / static_cast<double>(o.messages);
  to.peak_mib = daemon.peak_resident_mib();
  return to;
}

} // namespace

int main(int argc, char** argv) try {
  options o;
  CLI::App app{"Many messages due in the same second"};
  app.add_option("--port", o.port, "The broker's port on 127.0.0.1")->required();
  app.add_option("--daemon", o.daemon, "The postponed binary")->required();
  app.add_option("--messages", o.messages, "How many")->capture_default_str();
  app.add_option("--size", o.size, "Bytes of a body")->capture_default_str();
  app.add_option("--rounds", o.rounds, "Rounds of the pair")->capture_default_str();
  app.add_option("--json", o.json, "Also write the figures there");
  CLI11_PARSE(app, argc, argv);

  fmt::print("{:>6} {:>12} {:>12} {:>12} {:>7} {:>9} {:>14} {:>10}\n", "round", "bare/s", "straight/s",
             "spike/s", "ratio", "took s", "processor us", "peak MiB");
  std::vector<double> ratios;
  std::string rows;
  for (int round = 1; round <= o.rounds; ++round) {
    const double bare = run_straight(o, fmt::format("bare.{}", round), properties_with_delay);
    const double straight = run_straight(o, std::to_string(round), properties_as_released);
    const spike_figures spike = run_spike(o, round);
    if (spike.earliest_ms < 0) throw std::runtime_error{"a message came before its time"};
    ratios.push_back(spike.rate / straight);
    fmt::print("{:>6} {:>12.0f} {:>12.0f} {:>12.0f} {:>7.2f} {:>9.2f} {:>14.1f} {:>10.1f}\n", round, bare,
               straight, spike.rate, ratios.back(), spike.took, spike.processor_us, spike.peak_mib);
    std::fflush(stdout);
    rows += fmt::format("{}{{\"bare\":{:.0f},\"straight\":{:.0f},\"spike\":{:.0f},\"ratio\":{:.3f},"
                        "\"processor_us\":{:.1f},\"peak_mib\":{:.1f}}}",
                        rows.empty() ? "" : ",", bare, straight, spike.rate, ratios.back(),
                        spike.processor_us, spike.peak_mib);
  }
  fmt::print("median ratio {:.2f}\n", percentile(ratios, 0.5));
  if (!o.json.empty())
    std::ofstream{o.json} << fmt::format("{{\"messages\":{},\"rounds\":[{}],\"ratio\":{:.3f}}}\n", o.messages,
                                         rows, percentile(ratios, 0.5));
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "spike_bench: {}\n", error.what());
  return 1;
}
