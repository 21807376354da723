// How late messages are, at the consumer: a steady flow with delays of 1 to 5 s through postponed (and
// without one through the bare relay, the limit of any sidecar), through a queue with TTL and a dead-letter
// exchange, and through the delayed-message-exchange plugin; and through postponed beside what might disturb
// it. One run, one broker.
//
//   lateness_bench --port N --daemon PATH [--seconds 20] [--rate 1000] [--spike 100000] [--backlog 1000000]
//                  [--catch-up 5000] [--only alone|ways|smeared|catch-up] [--plugin] [--json FILE]
//
// A smeared spike: so many due at once, on another route, which lets 2,000 a second go. A backlog: so many
// that became due while the daemon was down, 20,000 a second, on the same route, to the same queue; the flow
// begins with the start of the daemon. An ack: from a message's arrival at the daemon until it is durable, by
// the daemon's own metrics. Exit 0 when everything arrived, whatever the figures: judging them is the
// reader's.
#include "bench/daemon_process.hpp"
#include "bench/flow.hpp"
#include "bench/http_client.hpp"
#include "bench/ways.hpp"
#include "bench/wire_client.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sys/wait.h>
#include <thread>
#include <vector>

using namespace postponed::bench;

namespace {

using namespace std::chrono_literals;

constexpr double overdue_ms = 5000; // what is later is the backlog's: no message of the flow is

struct options {
  std::uint16_t port = 0;
  std::string daemon, json, only;
  std::size_t seconds = 20, spike = 100000, backlog = 1000000;
  double rate = 1000, catch_up = 5000;
  bool plugin = false;
};

std::size_t messages_of(const options& o) {
  return static_cast<std::size_t>(o.rate * static_cast<double>(o.seconds));
}

class report {
 public:
  void row(const std::string& key, const std::string& name, const std::vector<double>& late_ms) {
    const double p50 = percentile(late_ms, 0.5), p99 = percentile(late_ms, 0.99),
                 most = percentile(late_ms, 1);
    fmt::print("{:<46} {:>8} {:>9.2f} {:>9.2f} {:>9.2f}\n", name, late_ms.size(), p50, p99, most);
    std::fflush(stdout);
    if (percentile(late_ms, 0) < 0) throw std::runtime_error{"a message came before its time"};
    add(key, fmt::format("{{\"p50\":{:.3f},\"p99\":{:.3f},\"max\":{:.3f}}}", p50, p99, most));
  }
  void add(const std::string& key, const std::string& value) {
    json_ += fmt::format("{}\"{}\":{}", json_.empty() ? "" : ",", key, value);
  }
  const std::string& json() const { return json_; }

 private:
  std::string json_;
};

// How long an ack waits, and how full the commits are; since the last time it was asked.
class intake_figures {
 public:
  explicit intake_figures(const daemon_process& daemon) : daemon_{daemon} { take(); }
  std::string line(const std::string& name) {
    const std::vector<double> before = now_;
    take();
    const double taken = now_[1] - before[1], commits = now_[3] - before[3];
    if (taken == 0 || commits == 0) {
      fmt::print("{:<46} nothing was\n", name);
      return "null";
    }
    const double hold_ms = (now_[0] - before[0]) / taken * 1e3,
                 commit_ms = (now_[2] - before[2]) / commits * 1e3;
    const double rows = (now_[4] - before[4]) / commits;
    fmt::print("{:<46} ack after {:.2f} ms in the mean, of which a commit {:.2f} ms; {:.1f} rows a commit\n",
               name, hold_ms, commit_ms, rows);
    return fmt::format("{{\"ack_ms\":{:.3f},\"commit_ms\":{:.3f},\"rows_a_commit\":{:.1f}}}", hold_ms,
                       commit_ms, rows);
  }

 private:
  void take() {
    now_.clear();
    for (const char* each :
         {"postponed_hold_seconds_sum", "postponed_hold_seconds_count", "postponed_store_commit_seconds_sum",
          "postponed_store_commit_seconds_count", "postponed_store_committed_rows_total"})
      now_.push_back(daemon_.metric(each));
  }
  const daemon_process& daemon_;
  std::vector<double> now_;
};

// `count` lines of JSON, whose bodies say when they are due: evenly over `within`, from `due` on.
void upload_for(const daemon_process& daemon, const std::string& route, std::size_t count,
                std::chrono::system_clock::time_point due, std::chrono::microseconds within) {
  const auto from = std::chrono::duration_cast<std::chrono::microseconds>(due.time_since_epoch());
  upload(daemon.admin_port(), count, [&](std::size_t i, std::string& to) {
    to += scheduled_line(route, (from + within * i / count).count(), 1024);
  });
  if (std::chrono::system_clock::now() > due)
    throw std::runtime_error{"scheduling took too long; take fewer"};
}

std::chrono::seconds time_to_schedule(std::size_t count) {
  return std::chrono::seconds{5 + static_cast<int>(count / 20000)};
}

void run_alone(const options& o, report& to) {
  daemon_process daemon{o.daemon, o.port, "alone"};
  intake_figures intake{daemon};
  const double processor = daemon.processor_seconds();
  const idle_share idle;
  steady_flow flow{o.port, daemon.intake(), o.rate, o.seconds};
  const arrivals got = flow.take(daemon.destination());
  const double idle_percent = idle.since() * 100;
  const double processor_us =
      (daemon.processor_seconds() - processor) * 1e6 / static_cast<double>(got.late_ms.size());
  to.row("alone", "postponed", got.late_ms);
  fmt::print(
      "{:<46} {:.0f} us of postponed's processor a message; the machine idle for {:.0f} % of the time\n", "",
      processor_us, idle_percent);
  to.add("alone_processor_us", fmt::format("{:.1f}", processor_us));
  to.add("alone_idle_percent", fmt::format("{:.1f}", idle_percent));
  to.add("intake_low", intake.line(fmt::format("taken at {:.0f}/s", o.rate)));
  const std::size_t burst = o.spike / 2;
  const pid_t load = in_child([&] {
    publish(
        o.port, daemon.intake(), burst, 1024, [](std::size_t) { return std::int64_t{30000}; }, 0);
  });
  expect_success(load);
  to.add("intake_high", intake.line("taken as fast as the broker gives"));
}

void run_smeared(const options& o, report& to) {
  daemon_shape shape;
  shape.routes = 2;
  shape.rate = 2000;
  daemon_process daemon{o.daemon, o.port, "smeared", shape};
  const auto due = std::chrono::system_clock::now() + time_to_schedule(o.spike);
  upload_for(daemon, "bench1", o.spike, due, 0us);
  // Or the broker would be busy with a queue that grows.
  const pid_t others = in_child([&] { consume(o.port, daemon.destination(1), o.spike, 60s); });
  std::this_thread::sleep_until(due - 1s);
  steady_flow flow{o.port, daemon.intake(), o.rate, o.seconds};
  const arrivals got = flow.take(daemon.destination());
  ::kill(others, SIGKILL); // it may have some left to come
  int ended = 0;
  ::waitpid(others, &ended, 0);
  if (WIFEXITED(ended) && WEXITSTATUS(ended) != 0)
    throw std::runtime_error{"the smeared messages were not consumed"};
  to.row("beside_smeared_spike", fmt::format("beside {} due at once, let go by 2,000/s", o.spike),
         got.late_ms);
}

void run_catch_up(const options& o, report& to) {
  daemon_shape shape;
  shape.more = fmt::format("catch_up: {{rate: {:.0f}}}\n", o.catch_up);
  daemon_process daemon{o.daemon, o.port, "catchup", shape};
  const auto due = std::chrono::system_clock::now() + time_to_schedule(o.backlog);
  const std::chrono::seconds downtime{1 + o.backlog / 20000};
  upload_for(daemon, "bench", o.backlog, due, downtime);
  daemon.kill9();
  std::this_thread::sleep_until(due + downtime + std::chrono::milliseconds{static_cast<int>(overdue_ms)} +
                                2s);
  // Ready, and with it already releasing: the flow is published meanwhile.
  steady_flow flow{o.port, daemon.intake(), o.rate, o.seconds};
  const double ready = daemon.start();
  const arrivals got = flow.take(daemon.destination(), o.backlog);
  std::vector<double> fresh;
  std::vector<std::size_t> a_second(static_cast<std::size_t>(got.at_s.back()) + 1);
  double last = 0, first = got.at_s.back();
  for (std::size_t i = 0; i < got.late_ms.size(); ++i) {
    if (got.late_ms[i] < overdue_ms) {
      fresh.push_back(got.late_ms[i]);
      continue;
    }
    ++a_second[static_cast<std::size_t>(got.at_s[i])];
    first = std::min(first, got.at_s[i]);
    last = got.at_s[i];
  }
  if (got.late_ms.size() - fresh.size() != o.backlog)
    throw std::runtime_error{"a message of the flow was overdue"};
  std::vector<double> rates(a_second.begin(), a_second.end());
  to.row("beside_backlog", fmt::format("beside {} overdue", o.backlog), fresh);
  fmt::print("the {} overdue: ready after {:.2f} s, then out in {:.1f} s, {:.0f}/s, at most {:.0f} in a "
             "second; resident "
             "{:.1f} MiB at most\n",
             o.backlog, ready, last - first, static_cast<double>(o.backlog) / (last - first),
             percentile(rates, 1), daemon.peak_resident_mib());
  to.add("backlog",
         fmt::format("{{\"messages\":{},\"seconds\":{:.1f},\"most_in_a_second\":{:.0f},\"peak_mib\":{:.1f}}}",
                     o.backlog, last - first, percentile(rates, 1), daemon.peak_resident_mib()));
}

// A flow without a delay: "late" is what its way through the broker takes.
void run_undelayed(const options& o, report& to, const std::string& key, const std::string& name,
                   const std::string& into, const std::string& out_of) {
  const pid_t load = in_child([&] {
    publish(
        o.port, into, messages_of(o), 1024, [](std::size_t) { return std::int64_t{-1}; }, o.rate);
  });
  const arrivals got = consume(o.port, out_of, messages_of(o), std::chrono::seconds{60});
  expect_success(load);
  to.row(key, name, got.late_ms);
}

// One passage: of a postponed message's lateness, the part after it was published.
void run_straight(const options& o, report& to) {
  const std::string queue = "bench.straight";
  declare_queues(o.port, {queue});
  run_undelayed(o, to, "straight", "straight through a queue, no delay", queue, queue);
}

// Both passages, as a message of postponed's has them, and what any sidecar does between: what is left for
// postponed to be late by.
void run_bare(const options& o, report& to) {
  const bare_relay relay{o.port, "steady", messages_of(o)};
  run_undelayed(o, to, "bare", "the bare relay, no delay", relay.from(), relay.to());
  relay.expect_done();
}

void run_way(const options& o, report& to, const std::string& key, const std::string& name, const way& by) {
  steady_flow flow{o.port, by.from, o.rate, o.seconds, 1024, by.properties};
  to.row(key, name, flow.take(by.to).late_ms);
}

} // namespace

int main(int argc, char** argv) try {
  options o;
  CLI::App app{"How late messages are, at the consumer"};
  app.add_option("--port", o.port, "The broker's port on 127.0.0.1")->required();
  app.add_option("--daemon", o.daemon, "The postponed binary")->required();
  app.add_option("--seconds", o.seconds, "Length of each flow")->capture_default_str();
  app.add_option("--rate", o.rate, "Messages a second of it")->capture_default_str();
  app.add_option("--spike", o.spike, "Messages due at once beside it")->capture_default_str();
  app.add_option("--backlog", o.backlog, "Messages overdue beside it")->capture_default_str();
  app.add_option("--catch-up", o.catch_up, "catch_up.rate for them")->capture_default_str();
  app.add_option("--only", o.only, "One of alone, ways, smeared, catch-up")
      ->check(CLI::IsMember({"alone", "ways", "smeared", "catch-up"}));
  app.add_flag("--plugin", o.plugin, "The broker has the delayed-message-exchange plugin: measure it, too");
  app.add_option("--json", o.json, "Also write the figures there");
  CLI11_PARSE(app, argc, argv);

  report to;
  fmt::print("{:<46} {:>8} {:>9} {:>9} {:>9}\n",
             fmt::format("{:.0f}/s, delays of 1-5 s; late by, ms", o.rate), "messages", "p50", "p99", "max");
  const auto wanted = [&](const char* name) { return o.only.empty() || o.only == name; };
  if (wanted("alone")) run_alone(o, to);
  if (wanted("alone")) run_bare(o, to);
  if (wanted("ways")) run_straight(o, to);
  if (wanted("ways")) run_way(o, to, "ttl_dlx", "TTL + DLX", expiring_queue(o.port, "steady"));
  if (wanted("ways") && o.plugin) run_way(o, to, "plugin", "the plugin", delayed_exchange(o.port, "steady"));
  if (wanted("smeared")) run_smeared(o, to);
  if (wanted("catch-up")) run_catch_up(o, to);
  if (!o.json.empty()) std::ofstream{o.json} << fmt::format("{{\"rate\":{:.0f},{}}}\n", o.rate, to.json());
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "lateness_bench: {}\n", error.what());
  return 1;
}
