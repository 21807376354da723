// The admin endpoint under load: messages scheduled by lines of JSON, and how long a list, the calendar and
// the status take with many held, while others flow.
//
//   http_bench --port N --daemon PATH [--messages 100000] [--size 1024] [--held 1000000] [--held-size 256]
//              [--seconds 20] [--rate 1000] [--json FILE]
//
// Questions: all of the kinds in turn, ten rounds a second, over one kept connection. The flow's lateness is
// measured at its consumer, once without any question and once with them, with the same number held.
// Exit 0 when everything was held and arrived, whatever the figures: judging them is the reader's.
#include "bench/daemon_process.hpp"
#include "bench/flow.hpp"
#include "bench/http_client.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <stop_token>
#include <thread>
#include <vector>

using namespace postponed::bench;

namespace {

using steady = std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

struct options {
  std::uint16_t port = 0;
  std::string daemon;
  std::size_t messages = 100000, size = 1024, held = 1000000, held_size = 256, seconds = 20;
  double rate = 1000;
  std::string json;
};

struct upload_figures {
  double rate = 0, processor_us = 0, peak_mib = 0, before_mib = 0;
};

upload_figures run_upload(const options& o) {
  daemon_process daemon{o.daemon, o.port, "ndjson"};
  const std::string body(o.size, 'x');
  upload_figures figures;
  figures.before_mib = daemon.peak_resident_mib();
  const double processor = daemon.processor_seconds();
  const double took = upload(daemon.admin_port(), o.messages, [&](std::size_t i, std::string& to) {
    to += fmt::format("{{\"route\":\"bench\",\"delay\":\"{}m\",\"body\":\"{}\"}}\n", 60 + i % 1440, body);
  });
  figures.rate = static_cast<double>(o.messages) / took;
  figures.processor_us = (daemon.processor_seconds() - processor) * 1e6 / static_cast<double>(o.messages);
  figures.peak_mib = daemon.peak_resident_mib();
  return figures;
}

// Asks until told to stop; milliseconds of each answer, by kind.
using timings = std::map<std::string, std::vector<double>>;
void ask(std::uint16_t port, const std::stop_token& stop, timings& to) {
  http_client client{port};
  // A place in the middle: past the first pages, by the cursors that the lists give.
  std::string cursor;
  std::string page = client.get("/api/v1/messages?limit=100");
  for (int pages = 0; pages < 20; ++pages) {
    constexpr std::string_view mark = "\"next\":\"";
    const std::size_t at = page.find(mark);
    if (at == page.npos) break;
    const std::size_t begin = at + mark.size();
    cursor = page.substr(begin, page.find('"', begin) - begin);
    page = client.get("/api/v1/messages?limit=100&after=" + cursor);
  }
  std::vector<std::pair<std::string, std::string>> questions{
      {"list, first page", "/api/v1/messages?limit=100"},
      {"list, one route", "/api/v1/messages?limit=100&route=bench"},
      {"calendar, a year", "/api/v1/calendar?per=month"},
      {"calendar, a day", "/api/v1/calendar?per=hour"},
      {"status", "/api/v1/status"}};
  if (!cursor.empty()) questions.emplace_back("list, page 20", "/api/v1/messages?limit=100&after=" + cursor);
  while (!stop.stop_requested()) {
    const auto next = steady::now() + std::chrono::milliseconds{100};
    for (const auto& [kind, target] : questions) {
      const auto begin = steady::now();
      client.get(target);
      to[kind].push_back(seconds{steady::now() - begin}.count() * 1000);
    }
    std::this_thread::sleep_until(next);
  }
}

struct flow_figures {
  double p50 = 0, p99 = 0;
};

flow_figures run_flow(const options& o, const daemon_process& daemon, timings* answers) {
  // Its load is a process of its own: forked before there are threads.
  steady_flow flow{o.port, daemon.intake(), o.rate, o.seconds};
  std::string failed;
  std::optional<std::jthread> asking; // its end stops it
  if (answers != nullptr)
    asking.emplace([&](const std::stop_token& stop) {
      try {
        ask(daemon.admin_port(), stop, *answers);
      } catch (const std::exception& error) {
        failed = error.what();
      }
    });
  const arrivals got = flow.take(daemon.destination());
  asking.reset();
  if (!failed.empty()) throw std::runtime_error{failed};
  return {percentile(got.late_ms, 0.5), percentile(got.late_ms, 0.99)};
}

std::string run_questions(const options& o) {
  daemon_process daemon{o.daemon, o.port, "held"};
  const std::string body(o.held_size, 'x');
  std::mt19937 random{11};
  std::uniform_int_distribution<int> minutes{60, 60 * 24 * 30};
  const double took = upload(daemon.admin_port(), o.held, [&](std::size_t, std::string& to) {
    to += fmt::format("{{\"route\":\"bench\",\"delay\":\"{}m\",\"body\":\"{}\"}}\n", minutes(random), body);
  });
  fmt::print("{} held, due over 30 days, after {:.0f} s; peak resident {:.0f} MiB\n", o.held, took,
             daemon.peak_resident_mib());
  const flow_figures alone = run_flow(o, daemon, nullptr);
  timings answers;
  const flow_figures asked = run_flow(o, daemon, &answers);
  fmt::print("{:<20} {:>8} {:>8} {:>8} {:>8}\n", "answer, ms", "times", "p50", "p99", "max");
  std::string json;
  for (const auto& [kind, times] : answers) {
    const double p50 = percentile(times, 0.5), p99 = percentile(times, 0.99), most = percentile(times, 1);
    fmt::print("{:<20} {:>8} {:>8.2f} {:>8.2f} {:>8.2f}\n", kind, times.size(), p50, p99, most);
    json += fmt::format("{}\"{}\":{{\"p50\":{:.3f},\"p99\":{:.3f},\"max\":{:.3f}}}", json.empty() ? "" : ",",
                        kind, p50, p99, most);
  }
  fmt::print("lateness of {:.0f}/s, ms: alone p50 {:.2f} p99 {:.2f}; while it is asked p50 {:.2f} p99 {:.2f} "
             "({:.2f} times)\n",
             o.rate, alone.p50, alone.p99, asked.p50, asked.p99, asked.p99 / alone.p99);
  return fmt::format("{{\"held\":{},\"peak_mib\":{:.1f},\"answers_ms\":{{{}}},\"lateness_ms\":{{\"alone\":{{"
                     "\"p50\":{:.3f},\"p99\":{:.3f}}},\"asked\":{{\"p50\":{:.3f},\"p99\":{:.3f}}}}}}}",
                     o.held, daemon.peak_resident_mib(), json, alone.p50, alone.p99, asked.p50, asked.p99);
}

} // namespace

int main(int argc, char** argv) try {
  options o;
  CLI::App app{"The admin endpoint under load"};
  app.add_option("--port", o.port, "The broker's port on 127.0.0.1")->required();
  app.add_option("--daemon", o.daemon, "The postponed binary")->required();
  app.add_option("--messages", o.messages, "Messages to schedule by NDJSON")->capture_default_str();
  app.add_option("--size", o.size, "Bytes of a body of these")->capture_default_str();
  app.add_option("--held", o.held, "Held while questions are asked")->capture_default_str();
  app.add_option("--held-size", o.held_size, "Bytes of a body of these")->capture_default_str();
  app.add_option("--seconds", o.seconds, "Length of each of the two flows")->capture_default_str();
  app.add_option("--rate", o.rate, "Messages a second of them")->capture_default_str();
  app.add_option("--json", o.json, "Also write the figures there");
  CLI11_PARSE(app, argc, argv);

  const upload_figures up = run_upload(o);
  fmt::print(
      "NDJSON: {} x {} B: {:.0f}/s durable, {:.1f} us of processor each; resident {:.1f} MiB before, at "
      "most {:.1f} MiB\n",
      o.messages, o.size, up.rate, up.processor_us, up.before_mib, up.peak_mib);
  const std::string questions = run_questions(o);
  if (!o.json.empty())
    std::ofstream{o.json} << fmt::format("{{\"ndjson\":{{\"messages\":{},\"size\":{},\"rate\":{:.0f},"
                                         "\"processor_us\":{:.1f},\"peak_mib\":{:.1f}}},"
                                         "\"questions\":{}}}\n",
                                         o.messages, o.size, up.rate, up.processor_us, up.peak_mib,
                                         questions);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "http_bench: {}\n", error.what());
  return 1;
}
