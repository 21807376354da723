// The daemon's own ceiling, with the broker taken away (peer.hpp), and how the cost of a message grows: with
// the messages held, the routes, the size of a body, the spread of the due times.
//
//   growth_bench --daemon PATH [--messages 50000] [--held-most 1000000]
//                [--only ceiling|routes|size|spread|held] [--json FILE]
//
// Cost: the daemon's processor time a message, all threads; from taken to acked for the spread (what is due
// in a year is not released here; store_bench drains by a clock of its own), else from taken to confirmed.
// Exponent: the slope of a line through log(cost) over log(n): 0 is constant, 1 linear. Exit 0 when all
// arrived, whatever the figures.
#include "bench/daemon_process.hpp"
#include "bench/flow.hpp"
#include "bench/http_client.hpp"
#include "bench/peer.hpp"
#include "bench/wire_client.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <random>
#include <utility>
#include <vector>

using namespace postponed::bench;

namespace {

using steady = std::chrono::steady_clock;

struct options {
  std::string daemon, json, only;
  std::size_t messages = 50000, held_most = 1000000;
};

struct cost {
  double us = 0, rate = 0; // processor time a message; messages a second, the delay taken off
};

// Delays in ms, of which the last is never reached.
struct spread {
  std::int64_t from = 2000, until = 2001;
  bool release = true; // and wait for it
};

cost measure(const daemon_process& daemon, peer& broker, std::size_t count, std::size_t size,
             const spread& delays) {
  std::mt19937_64 random{5};
  std::uniform_int_distribution<std::int64_t> delay{delays.from, delays.until - 1};
  const double processor = daemon.processor_seconds();
  const auto begin = steady::now();
  broker.deliver({count, size, [&](std::size_t) { return properties_with_delay(delay(random)); }});
  broker.wait_for_acked(count);
  if (delays.release) broker.wait_for_published(count);
  const double took = std::chrono::duration<double>(steady::now() - begin).count() -
                      (delays.release ? static_cast<double>(delays.from) / 1000 : 0);
  return {(daemon.processor_seconds() - processor) * 1e6 / static_cast<double>(count),
          static_cast<double>(count) / took};
}

double exponent(const std::vector<std::pair<double, cost>>& points) {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (const auto& [at, value] : points) {
    const double lx = std::log(at), ly = std::log(value.us);
    n += 1;
    x += lx;
    y += ly;
    xx += lx * lx;
    xy += lx * ly;
  }
  return (n * xy - x * y) / (n * xx - x * x);
}

class report {
 public:
  void series(const std::string& key, const std::string& what) {
    key_ = key;
    what_ = what;
    points_.clear();
    rows_.clear();
  }
  void point(double at, const std::string& label, const cost& value) {
    points_.emplace_back(at, value);
    fmt::print("{:<28} {:>12} {:>10.1f} us {:>10.0f}/s\n", what_, label, value.us, value.rate);
    std::fflush(stdout);
    rows_ += fmt::format("{}{{\"n\":{:.0f},\"us\":{:.2f},\"rate\":{:.0f}}}", rows_.empty() ? "" : ",", at,
                         value.us, value.rate);
  }
  void end() {
    const std::string slope = points_.size() < 2 ? "null" : fmt::format("{:.2f}", exponent(points_));
    fmt::print("{:<28} {:>12} {:>10}\n", what_, "exponent", slope);
    json_ += fmt::format(",\"{}\":{{\"points\":[{}],\"exponent\":{}}}", key_, rows_, slope);
  }
  const std::string& json() const { return json_; }

 private:
  std::string key_, what_, rows_, json_;
  std::vector<std::pair<double, cost>> points_;
};

cost run_ceiling(const options& o) {
  peer broker;
  daemon_process daemon{o.daemon, broker.port(), "ceiling"};
  measure(daemon, broker, o.messages / 10, 1024, {}); // warm
  return measure(daemon, broker, o.messages, 1024, {});
}

void run_held(const options& o, report& to) {
  to.series("held", "held");
  peer broker;
  daemon_process daemon{o.daemon, broker.port(), "held"};
  measure(daemon, broker, o.messages / 10, 1024, {});
  const std::string body(256, 'x');
  std::mt19937 random{11};
  std::uniform_int_distribution<int> due{3600, 86400 * 30};
  std::size_t held = 0;
  for (std::size_t wanted = std::min<std::size_t>(10000, o.held_most); wanted <= o.held_most; wanted *= 10) {
    upload(daemon.admin_port(), wanted - held, [&](std::size_t, std::string& line) {
      line += fmt::format("{{\"route\":\"bench\",\"delay\":\"{}s\",\"body\":\"{}\"}}\n", due(random), body);
    });
    held = wanted;
    std::this_thread::sleep_for(std::chrono::seconds{2}); // the log is written back
    to.point(static_cast<double>(held), fmt::format("{}", held),
             measure(daemon, broker, o.messages, 1024, {}));
  }
  to.end();
}

void run_routes(const options& o, report& to) {
  to.series("routes", "routes");
  for (const std::size_t routes : {1, 10, 100, 1000}) {
    peer broker;
    daemon_shape shape;
    shape.routes = routes;
    daemon_process daemon{o.daemon, broker.port(), "routes", shape};
    measure(daemon, broker, o.messages / 10, 1024, {});
    to.point(static_cast<double>(routes), fmt::format("{}", routes),
             measure(daemon, broker, o.messages, 1024, {}));
  }
  to.end();
}

void run_sizes(const options& o, report& to) {
  peer broker;
  daemon_process daemon{o.daemon, broker.port(), "sizes"};
  measure(daemon, broker, o.messages / 10, 1024, {});
  to.series("size", "octets of a body");
  for (const std::size_t size : {0, 1024, 16384, 131072, 1048576}) {
    // As many messages as octets allow: 512 MiB at most.
    const std::size_t count = std::max<std::size_t>(
        20, std::min(o.messages, (o.messages * 10240 / std::max<std::size_t>(size, 1))));
    to.point(static_cast<double>(std::max<std::size_t>(size, 64)),
             fmt::format("{}", size), // what is around a body
             measure(daemon, broker, count, size, {}));
  }
  to.end();
}

void run_spreads(const options& o, report& to) {
  to.series("spread", "due within, s, taken only");
  constexpr std::int64_t hour = 3600 * 1000;
  for (const std::int64_t spread_s : {1, 3600, 86400, 30 * 86400, 365 * 86400}) {
    peer broker; // a store of its own for each
    daemon_process daemon{o.daemon, broker.port(), "spread"};
    measure(daemon, broker, o.messages / 10, 1024, {});
    to.point(static_cast<double>(spread_s), fmt::format("{}", spread_s),
             measure(daemon, broker, o.messages, 1024, {hour, hour + spread_s * 1000, false}));
  }
  to.end();
}

} // namespace

int main(int argc, char** argv) try {
  options o;
  CLI::App app{"The daemon's own ceiling, and how the cost of a message grows"};
  app.add_option("--daemon", o.daemon, "The postponed binary")->required();
  app.add_option("--messages", o.messages, "Messages of a measurement")->capture_default_str();
  app.add_option("--held-most", o.held_most, "The most held; from 10,000 in steps of ten times")
      ->capture_default_str();
  app.add_option("--only", o.only, "One of ceiling, routes, size, spread, held")
      ->check(CLI::IsMember({"ceiling", "routes", "size", "spread", "held"}));
  app.add_option("--json", o.json, "Also write the figures there");
  CLI11_PARSE(app, argc, argv);

  const auto wanted = [&](const char* name) { return o.only.empty() || o.only == name; };
  cost ceiling;
  report grown;
  if (wanted("ceiling")) {
    ceiling = run_ceiling(o);
    fmt::print(
        "without a broker, {} messages of 1 KiB with one delay: {:.0f}/s, {:.1f} us of processor each\n",
        o.messages, ceiling.rate, ceiling.us);
  }
  if (wanted("routes")) run_routes(o, grown);
  if (wanted("size")) run_sizes(o, grown);
  if (wanted("spread")) run_spreads(o, grown);
  if (wanted("held")) run_held(o, grown);
  if (!o.json.empty())
    std::ofstream{o.json} << fmt::format("{{\"ceiling\":{{\"rate\":{:.0f},\"processor_us\":{:.1f}}}{}}}\n",
                                         ceiling.rate, ceiling.us, grown.json());
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "growth_bench: {}\n", error.what());
  return 1;
}
