// The throughput of postponed against the bare relay (the limit of any sidecar) and against a queue with TTL
// and a dead-letter exchange, and the lateness of a steady flow through both, each in one run against one
// broker.
//
//   relay_bench --port N --daemon PATH [--messages 50000] [--size 1024] [--delay-ms 2000] [--rounds 3]
//               [--steady-seconds 20] [--steady-rate 1000] [--json FILE]
//
// Bare relay: consume, republish with confirms, ack; the same session code, no store. Both are measured from
// the first publish to the last message consumed; the delay that was asked for is taken off postponed's time.
// Exit 0 when everything arrived, whatever the figures: judging them is the reader's.
#include "bench/daemon_process.hpp"
#include "bench/flow.hpp"
#include "bench/wire_client.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <fstream>
#include <map>
#include <utility>
#include <vector>

using namespace postponed;
using namespace postponed::bench;

namespace {

using steady = std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

constexpr std::size_t window = 2000;

// Consume, republish with confirms, ack; until `count` went through.
void bare_relay(std::uint16_t port, const std::string& from, const std::string& to, std::size_t count) {
  wire_client in{port, "bare relay in"};
  wire_client out{port, "bare relay out"};
  in.open_channel(1, false);
  out.open_channel(1, true);
  in.session().qos(1, window);
  in.session().consume(1, from, "bare");
  std::map<std::uint64_t, std::uint64_t> unconfirmed; // confirm tag -> delivery tag
  std::size_t done = 0;
  while (done < count) {
    wire_client::wait_for_either(in, out, std::chrono::milliseconds{100});
    in.pump(std::chrono::milliseconds{0}, [&](proto::session_event& each) {
      if (auto* const message = std::get_if<proto::event::delivered>(&each)) {
        const auto tag =
            out.session().publish(1, "", to, message->content.properties, message->content.body, true);
        unconfirmed[tag] = message->tag;
      }
    });
    std::uint64_t ack_to = 0;
    out.pump(std::chrono::milliseconds{0}, [&](proto::session_event& each) {
      const auto* const ack = std::get_if<proto::event::confirmed>(&each);
      if (ack == nullptr) return;
      const auto end = unconfirmed.upper_bound(ack->tag);
      for (auto at = ack->multiple ? unconfirmed.begin() : unconfirmed.find(ack->tag); at != end;) {
        at = unconfirmed.erase(at);
        ++done;
      }
      // All deliveries before the oldest unconfirmed one are through.
      ack_to = unconfirmed.empty() ? done : unconfirmed.begin()->second - 1;
    });
    if (ack_to > 0) in.session().ack(1, ack_to, true);
  }
  in.pump(std::chrono::milliseconds{20}, [](proto::session_event&) {});
}

struct options {
  std::uint16_t port = 0;
  std::string daemon;
  std::size_t messages = 50000, size = 1024;
  std::int64_t delay_ms = 2000;
  int rounds = 3;
  std::size_t steady_seconds = 20;
  double steady_rate = 1000;
  std::string json;
};

double run_bare(const options& o, int round) {
  const std::string from = fmt::format("bench.bare.in.{}", round),
                    to = fmt::format("bench.bare.out.{}", round);
  {
    wire_client setup{o.port, "bench setup"};
    setup.open_channel(1, false);
    setup.declare_queue(from);
    setup.declare_queue(to);
  }
  const pid_t relay = in_child([&] { bare_relay(o.port, from, to, o.messages); });
  const auto begin = steady::now();
  const pid_t load = in_child([&] {
    publish(
        o.port, from, o.messages, o.size, [](std::size_t) { return std::int64_t{-1}; }, 0);
  });
  const arrivals got = consume(o.port, to, o.messages, std::chrono::seconds{60});
  expect_success(load);
  expect_success(relay);
  return static_cast<double>(o.messages) / seconds{got.last - begin}.count();
}

struct burst_figures {
  double rate = 0, processor_us = 0;
  arrivals got;
};

burst_figures run_burst(const options& o, int round) {
  daemon_process daemon{o.daemon, o.port, fmt::format("burst{}", round)};
  const auto processor = daemon.processor_seconds();
  const auto begin = steady::now();
  const pid_t load = in_child([&] {
    publish(
        o.port, daemon.intake(), o.messages, o.size, [&](std::size_t) { return o.delay_ms; }, 0);
  });
  burst_figures figures;
  figures.got = consume(o.port, daemon.destination(), o.messages, std::chrono::seconds{60});
  expect_success(load);
  const double took = seconds{figures.got.last - begin}.count() - static_cast<double>(o.delay_ms) / 1000.0;
  figures.rate = static_cast<double>(o.messages) / took;
  figures.processor_us = (daemon.processor_seconds() - processor) * 1e6 / static_cast<double>(o.messages);
  return figures;
}

// Stock RabbitMQ's way: a queue that nobody consumes, whose expired messages are dead-lettered to another.
std::pair<std::string, std::string> waiting_queues(const options& o, const std::string& name) {
  const std::string from = "bench.ttl.in." + name, to = "bench.ttl.out." + name;
  wire_client setup{o.port, "bench setup"};
  setup.open_channel(1, false);
  setup.declare_queue(to);
  setup.declare_waiting_queue(from, to);
  return {from, to};
}

double run_ttl_burst(const options& o, int round) {
  const auto [from, to] = waiting_queues(o, fmt::format("burst{}", round));
  const auto begin = steady::now();
  const pid_t load = in_child([&, &queue = from] {
    publish(
        o.port, queue, o.messages, o.size, [&](std::size_t) { return o.delay_ms; }, 0,
        properties_with_expiration);
  });
  const arrivals got = consume(o.port, to, o.messages, std::chrono::seconds{60});
  expect_success(load);
  return static_cast<double>(o.messages) /
         (seconds{got.last - begin}.count() - static_cast<double>(o.delay_ms) / 1000.0);
}

std::string run_steady(const options& o, const std::string& name, const std::string& from,
                       const std::string& to, std::string (*properties)(std::int64_t)) {
  const arrivals got =
      steady_flow{o.port, from, o.steady_rate, o.steady_seconds, o.size, properties}.take(to);
  const double p50 = percentile(got.late_ms, 0.5), p99 = percentile(got.late_ms, 0.99);
  const double least = percentile(got.late_ms, 0.0), most = percentile(got.late_ms, 1.0);
  fmt::print("steady {:.0f}/s, delays 1-5 s, {} messages, {}: lateness at the consumer, ms: min {:.2f} p50 "
             "{:.2f} p99 {:.2f} max {:.2f}\n",
             o.steady_rate, got.late_ms.size(), name, least, p50, p99, most);
  return fmt::format("{{\"min\":{:.3f},\"p50\":{:.3f},\"p99\":{:.3f},\"max\":{:.3f}}}", least, p50, p99,
                     most);
}

} // namespace

int main(int argc, char** argv) try {
  options o;
  CLI::App app{"postponed against the bare relay, and the lateness of a steady flow"};
  app.add_option("--port", o.port, "The broker's port on 127.0.0.1")->required();
  app.add_option("--daemon", o.daemon, "The postponed binary")->required();
  app.add_option("--messages", o.messages, "Messages in a burst")->capture_default_str();
  app.add_option("--size", o.size, "Bytes of a body")->capture_default_str();
  app.add_option("--delay-ms", o.delay_ms, "Delay of the burst")->capture_default_str();
  app.add_option("--rounds", o.rounds, "Rounds of the pair")->capture_default_str();
  app.add_option("--steady-seconds", o.steady_seconds, "Length of the steady flow; 0: none")
      ->capture_default_str();
  app.add_option("--steady-rate", o.steady_rate, "Messages per second of it")->capture_default_str();
  app.add_option("--json", o.json, "Also write the figures there");
  CLI11_PARSE(app, argc, argv);

  std::vector<double> ratios;
  std::string rows;
  fmt::print("{:>6} {:>12} {:>12} {:>12} {:>7} {:>14}\n", "round", "bare msg/s", "TTL + DLX", "postponed",
             "ratio", "processor us");
  for (int round = 1; round <= o.rounds; ++round) {
    const double bare = run_bare(o, round);
    const double ttl = run_ttl_burst(o, round);
    const burst_figures burst = run_burst(o, round);
    ratios.push_back(burst.rate / bare);
    fmt::print("{:>6} {:>12.0f} {:>12.0f} {:>12.0f} {:>7.2f} {:>14.1f}\n", round, bare, ttl, burst.rate,
               ratios.back(), burst.processor_us);
    rows += fmt::format("{}{{\"bare\":{:.0f},\"ttl_dlx\":{:.0f},\"postponed\":{:.0f},\"ratio\":{:.3f},"
                        "\"processor_us\":{:.1f}}}",
                        rows.empty() ? "" : ",", bare, ttl, burst.rate, ratios.back(), burst.processor_us);
  }
  const double ratio = percentile(ratios, 0.5);
  fmt::print("median ratio of postponed to the bare relay {:.2f}\n", ratio);
  std::string steady_json = "null", ttl_json = "null";
  if (o.steady_seconds > 0) {
    {
      daemon_process daemon{o.daemon, o.port, "steady"};
      steady_json = run_steady(o, "postponed", daemon.intake(), daemon.destination(), properties_with_delay);
    }
    const auto [from, to] = waiting_queues(o, "steady");
    ttl_json = run_steady(o, "TTL + DLX", from, to, properties_with_expiration);
  }
  if (!o.json.empty())
    std::ofstream{o.json} << fmt::format(
        "{{\"rounds\":[{}],\"ratio\":{:.3f},\"steady_ms\":{},\"ttl_dlx_steady_ms\":{}}}\n", rows, ratio,
        steady_json, ttl_json);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "relay_bench: {}\n", error.what());
  return 1;
}
