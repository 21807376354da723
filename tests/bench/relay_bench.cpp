// The throughput of postponed against the bare relay (the limit of any sidecar), a queue with TTL and a
// dead-letter exchange, and the delayed-message-exchange plugin, in one run against one broker.
//
//   relay_bench --port N --daemon PATH [--messages 50000] [--size 1024] [--delay-ms 2000] [--rounds 3]
//               [--broker-process PID] [--plugin] [--json FILE]
//
// With the broker's process: whose processor time the burst takes, side by side.
// Both (see ways.hpp) are measured from the first publish to the last message consumed; the delay that was
// asked for is taken off postponed's time. Exit 0 when everything arrived, whatever the figures: judging them
// is the reader's.
#include "bench/daemon_process.hpp"
#include "bench/flow.hpp"
#include "bench/ways.hpp"
#include "bench/wire_client.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <fstream>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace postponed;
using namespace postponed::bench;

namespace {

using steady = std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

struct options {
  std::uint16_t port = 0;
  std::string daemon;
  std::size_t messages = 50000, size = 1024;
  std::int64_t delay_ms = 2000;
  int rounds = 3;
  pid_t broker = 0;
  bool plugin = false;
  std::string json;
};

double run_bare(const options& o, int round) {
  const bare_relay relay{o.port, std::to_string(round), o.messages};
  const auto begin = steady::now();
  const pid_t load = in_child([&] {
    publish(
        o.port, relay.from(), o.messages, o.size, [](std::size_t) { return std::int64_t{-1}; }, 0);
  });
  const arrivals got = consume(o.port, relay.to(), o.messages, std::chrono::seconds{60});
  expect_success(load);
  relay.expect_done();
  return static_cast<double>(o.messages) / seconds{got.last - begin}.count();
}

double rate_of(const options& o, const arrivals& got, steady::time_point begin) {
  return static_cast<double>(o.messages) /
         (seconds{got.last - begin}.count() - static_cast<double>(o.delay_ms) / 1000.0);
}

double run_way(const options& o, const way& by) {
  const auto begin = steady::now();
  const pid_t load = in_child([&] {
    publish(
        o.port, by.from, o.messages, o.size, [&](std::size_t) { return o.delay_ms; }, 0, by.properties);
  });
  const arrivals got = consume(o.port, by.to, o.messages, std::chrono::seconds{60});
  expect_success(load);
  return rate_of(o, got, begin);
}

struct burst_figures {
  double rate = 0;
  double broker_us = 0, daemon_us = 0, load_us = 0; // of processor a message
};

double own_processor_seconds() {
  return processor_seconds(::getpid()) + processor_seconds_of_children();
}

burst_figures run_burst(const options& o, int round) {
  daemon_process daemon{o.daemon, o.port, fmt::format("burst{}", round)};
  const double by_daemon = daemon.processor_seconds(), by_load = own_processor_seconds();
  const double by_broker = o.broker == 0 ? 0 : processor_seconds(o.broker);
  burst_figures figures;
  figures.rate = run_way(o, {daemon.intake(), daemon.destination(), properties_with_delay});
  const double each = 1e6 / static_cast<double>(o.messages);
  figures.daemon_us = (daemon.processor_seconds() - by_daemon) * each;
  figures.load_us = (own_processor_seconds() - by_load) * each;
  if (o.broker != 0) figures.broker_us = (processor_seconds(o.broker) - by_broker) * each;
  return figures;
}

} // namespace

int main(int argc, char** argv) try {
  options o;
  CLI::App app{"postponed against the bare relay and what users would have instead"};
  app.add_option("--port", o.port, "The broker's port on 127.0.0.1")->required();
  app.add_option("--daemon", o.daemon, "The postponed binary")->required();
  app.add_option("--messages", o.messages, "Messages in a burst")->capture_default_str();
  app.add_option("--size", o.size, "Bytes of a body")->capture_default_str();
  app.add_option("--delay-ms", o.delay_ms, "Delay of the burst")->capture_default_str();
  app.add_option("--rounds", o.rounds, "Rounds of the pair")->capture_default_str();
  app.add_option("--broker-process", o.broker, "The broker's process id; 0: its share is not measured")
      ->capture_default_str();
  app.add_flag("--plugin", o.plugin, "The broker has the delayed-message-exchange plugin: measure it, too");
  app.add_option("--json", o.json, "Also write the figures there");
  CLI11_PARSE(app, argc, argv);

  std::vector<double> ratios;
  std::string rows;
  fmt::print("{:>6} {:>12} {:>12} {:>12} {:>12} {:>7} {:>32}\n", "round", "bare msg/s", "TTL + DLX", "plugin",
             "postponed", "ratio", "us: broker, postponed, load");
  for (int round = 1; round <= o.rounds; ++round) {
    const std::string name = fmt::format("burst{}", round);
    const double bare = run_bare(o, round);
    const double ttl = run_way(o, expiring_queue(o.port, name));
    const double plugin = o.plugin ? run_way(o, delayed_exchange(o.port, name)) : 0;
    const burst_figures burst = run_burst(o, round);
    ratios.push_back(burst.rate / bare);
    fmt::print("{:>6} {:>12.0f} {:>12.0f} {:>12} {:>12.0f} {:>7.2f} {:>12.1f} {:>9.1f} {:>9.1f}\n", round,
               bare, ttl, o.plugin ? fmt::format("{:.0f}", plugin) : "-", burst.rate, ratios.back(),
               burst.broker_us, burst.daemon_us, burst.load_us);
    std::fflush(stdout);
    rows += fmt::format(
        "{}{{\"bare\":{:.0f},\"ttl_dlx\":{:.0f},\"plugin\":{},\"postponed\":{:.0f},\"ratio\":{:.3f},"
        "\"processor_us\":{:.1f},\"broker_us\":{:.1f},\"load_us\":{:.1f}}}",
        rows.empty() ? "" : ",", bare, ttl, o.plugin ? fmt::format("{:.0f}", plugin) : "null", burst.rate,
        ratios.back(), burst.daemon_us, burst.broker_us, burst.load_us);
  }
  const double ratio = percentile(ratios, 0.5);
  fmt::print("median ratio of postponed to the bare relay {:.2f}\n", ratio);
  if (!o.json.empty())
    std::ofstream{o.json} << fmt::format("{{\"messages\":{},\"rounds\":[{}],\"ratio\":{:.3f}}}\n", o.messages,
                                         rows, ratio);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "relay_bench: {}\n", error.what());
  return 1;
}
