#include "bench/flow.hpp"

#include "base/encodings.hpp"
#include "bench/wire_client.hpp"
#include "proto/confirm_window.hpp"
#include "proto/rfc3339.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <optional>
#include <random>
#include <sstream>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace postponed::bench {

namespace {

using steady = std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

constexpr std::size_t window = 2000;

} // namespace

pid_t in_child(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  int code = 1;
  try {
    work();
    code = 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench: {}\n", error.what());
  }
  ::_exit(code);
}

void expect_success(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error{"a child of the benchmark failed"};
}

double processor_seconds(pid_t process) {
  std::ifstream stat{fmt::format("/proc/{}/stat", process)};
  const std::string text((std::istreambuf_iterator<char>(stat)), std::istreambuf_iterator<char>());
  if (text.empty()) throw std::runtime_error{fmt::format("there is no process {}", process)};
  std::istringstream fields{text.substr(text.rfind(')') + 2)};
  std::string skipped;
  for (int i = 0; i < 11; ++i)
    fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double processor_seconds_of_children() {
  rusage used{};
  ::getrusage(RUSAGE_CHILDREN, &used);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

idle_share::ticks idle_share::now() {
  std::ifstream stat{"/proc/stat"};
  std::string name;
  if (!(stat >> name) || name != "cpu") throw std::runtime_error{"/proc/stat does not begin with cpu"};
  ticks result;
  double part = 0;
  // user, nice, system, idle, iowait, irq, softirq, steal; what follows is counted in user already.
  for (int i = 0; i < 8 && stat >> part; ++i) {
    result.all += part;
    if (i == 3 || i == 4) result.idle += part;
  }
  return result;
}

double idle_share::since() const {
  const ticks to = now();
  return (to.idle - from_.idle) / (to.all - from_.all);
}

void publish(std::uint16_t port, const target& to, std::size_t count, std::size_t size,
             const std::function<std::int64_t(std::size_t)>& delay_ms, double rate,
             std::string (*properties)(std::int64_t), bool mandatory) {
  if (properties == nullptr) properties = properties_with_delay;
  wire_client client{port, "bench publisher"};
  client.open_channel(1, true);
  std::string body(std::max<std::size_t>(size, sizeof(std::uint64_t)), 'x');
  std::size_t sent = 0;
  proto::confirm_window unconfirmed;
  std::vector<proto::confirm_window::settled> settled;
  const auto begin = steady::now();
  const auto on_event = [&](proto::session_event& each) {
    if (const auto* const ack = std::get_if<proto::event::confirmed>(&each))
      unconfirmed.on_confirmed(ack->tag, ack->multiple, settled);
    settled.clear();
  };
  while (sent < count || !unconfirmed.empty()) {
    std::optional<steady::time_point> next; // when the next one is to be sent
    while (sent < count && unconfirmed.size() < window) {
      if (rate > 0) {
        const auto at =
            begin + std::chrono::duration_cast<steady::duration>(seconds{static_cast<double>(sent) / rate});
        if (at > steady::now()) {
          next = at;
          break;
        }
      }
      const std::int64_t delay = delay_ms(sent);
      const std::uint64_t due =
          now_us() + static_cast<std::uint64_t>(std::max<std::int64_t>(delay, 0)) * 1000;
      std::memcpy(body.data(), &due, sizeof due);
      unconfirmed.add(
          client.session().publish(1, to.exchange, to.routing_key, properties(delay), body, mandatory), sent,
          0);
      ++sent;
      if (client.session().output().size() > 262144) break;
    }
    client.pump(std::chrono::milliseconds{next ? 0 : 1}, on_event);
    // Not woken by every confirm: the load is to take little of the processor.
    if (next) std::this_thread::sleep_until(*next);
  }
}

arrivals consume(std::uint16_t port, const std::string& queue, std::size_t count,
                 std::chrono::seconds patience, std::uint16_t prefetch) {
  const auto begin = steady::now();
  wire_client client{port, "bench consumer"};
  client.open_channel(1, false);
  client.session().qos(1, prefetch);
  client.session().consume(1, queue, "bench");
  arrivals result;
  std::uint64_t last_tag = 0;
  auto deadline = steady::now() + patience;
  while (result.late_ms.size() < count) {
    const std::size_t before = result.late_ms.size();
    client.pump(std::chrono::milliseconds{100}, [&](proto::session_event& each) {
      const auto* const message = std::get_if<proto::event::delivered>(&each);
      if (message == nullptr) return;
      std::uint64_t due = 0;
      std::memcpy(&due, message->content.body.data(), sizeof due);
      result.late_ms.push_back((static_cast<double>(now_us()) - static_cast<double>(due)) / 1000.0);
      result.at_s.push_back(seconds{steady::now() - begin}.count());
      result.octets += message->content.body.size();
      last_tag = message->tag;
    });
    if (result.late_ms.size() != before) {
      client.session().ack(1, last_tag, true);
      deadline = steady::now() + patience;
    }
    if (steady::now() > deadline)
      throw std::runtime_error{fmt::format("{} of {} messages arrived", result.late_ms.size(), count)};
  }
  result.last = steady::now();
  client.pump(std::chrono::milliseconds{10}, [](proto::session_event&) {});
  return result;
}

steady_flow::steady_flow(std::uint16_t port, const target& from, double rate, std::size_t seconds,
                         std::size_t size, std::string (*properties)(std::int64_t))
    : port_{port}, count_{static_cast<std::size_t>(rate * static_cast<double>(seconds))}, load_{in_child([&] {
        std::mt19937 random{7};
        std::uniform_int_distribution<std::int64_t> delay{1000, 5000};
        publish(
            port, from, count_, size, [&](std::size_t) { return delay(random); }, rate, properties);
      })} {}

arrivals steady_flow::take(const std::string& to, std::size_t others) {
  arrivals got = consume(port_, to, count_ + others, std::chrono::seconds{60});
  expect_success(load_);
  return got;
}

std::string scheduled_line(const std::string& route, std::int64_t due_us, std::size_t size) {
  std::string body(std::max<std::size_t>(size, sizeof due_us), 'x');
  std::memcpy(body.data(), &due_us, sizeof due_us);
  return fmt::format("{{\"route\":\"{}\",\"due\":\"{}\",\"body_base64\":\"{}\"}}\n", route,
                     proto::format_rfc3339(proto::wall_time{std::chrono::microseconds{due_us}}),
                     base64(body));
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1,
                         static_cast<std::size_t>(share * static_cast<double>(values.size())))];
}

} // namespace postponed::bench
