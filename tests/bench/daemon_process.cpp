#include "bench/daemon_process.hpp"

#include "bench/flow.hpp"
#include "bench/http_client.hpp"

#include <fmt/core.h>

#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace postponed::bench {

namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::uint16_t free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  ::bind(probe, reinterpret_cast<const sockaddr*>(&address), size);
  ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(probe);
  return ntohs(address.sin_port);
}

} // namespace

daemon_process::daemon_process(const std::string& binary, std::uint16_t port, const std::string& name,
                               const daemon_shape& shape)
    : binary_{binary}, name_{name}, shape_{shape}, admin_port_{free_port()} {
  std::string pattern = (std::filesystem::temp_directory_path() / "postponed-bench-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"mkdtemp failed"};
  folder_ = pattern;
  std::string queues, routes;
  for (std::size_t i = 0; i < shape_.routes; ++i) {
    queues += fmt::format("{{name: {}}}, {{name: {}}}, ", intake(i), destination(i));
    routes += fmt::format(
        "  - {{name: bench{}, queue: {}, release: {{queue: {}}}, dead_letter: dead{}}}\n",
        shape_.routes == 1 ? "" : std::to_string(i), intake(i), destination(i),
        shape_.rate > 0 && i + 1 == shape_.routes ? fmt::format(", rate: {:.0f}", shape_.rate) : "");
  }
  std::ofstream{folder_ + "/postponed.yaml"}
      << fmt::format(R"(broker:
  uris: ["amqp://guest:guest@127.0.0.1:{}/"]
  confirm_window: 2000
  prefetch: 2000
store: {{path: {}/postponed.db}}
admin: {{listen: "127.0.0.1:{}"}}
topology:
  queues: [{}{{name: bench.dead}}]
routes:
{}dead_letters:
  - {{name: dead, queue: bench.dead}}
{})",
                     port, folder_, admin_port_, queues, routes, shape_.more);
  start();
}

std::string daemon_process::intake(std::size_t number) const {
  return fmt::format("bench.{}.later{}", name_, number == 0 ? "" : std::to_string(number));
}

std::string daemon_process::destination(std::size_t number) const {
  return fmt::format("bench.{}.work{}", name_, number == 0 ? "" : std::to_string(number));
}

double daemon_process::start() {
  const auto begin = std::chrono::steady_clock::now();
  const std::string yaml = folder_ + "/postponed.yaml";
  process_ = ::fork();
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int log = ::open((folder_ + "/log").c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
    ::dup2(log, STDERR_FILENO);
    if (const rlim_t most = shape_.address_space_mib << 20; most > 0) {
      const rlimit limit{most, most};
      ::setrlimit(RLIMIT_AS, &limit);
    }
    ::execl(binary_.c_str(), binary_.c_str(), "run", "-c", yaml.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  for (int tries = 0; !ready(); ++tries) {
    if (tries == 6000 || ::waitpid(process_, nullptr, WNOHANG) == process_) {
      throw std::runtime_error{"the daemon did not become ready:\n" + log()};
    }
    ::usleep(5000);
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::string daemon_process::log() const {
  std::stringstream text;
  text << std::ifstream{folder_ + "/log"}.rdbuf();
  return text.str();
}

void daemon_process::kill9() {
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

daemon_process::~daemon_process() {
  ::kill(process_, SIGTERM);
  ::waitpid(process_, nullptr, 0);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

bool daemon_process::ready() const {
  const int connection = ::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = loopback(admin_port_);
  std::string answer;
  if (::connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const std::string ask = "GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    if (::send(connection, ask.data(), ask.size(), MSG_NOSIGNAL) > 0) {
      std::array<char, 512> buffer{};
      const ssize_t got = ::recv(connection, buffer.data(), buffer.size(), 0);
      if (got > 0) answer.assign(buffer.data(), static_cast<std::size_t>(got));
    }
  }
  ::close(connection);
  return answer.find(" 200 ") != std::string::npos;
}

double daemon_process::memory_mib(const char* line) const {
  std::ifstream status{fmt::format("/proc/{}/status", process_)};
  for (std::string each; std::getline(status, each);)
    if (each.starts_with(line)) return std::stod(each.substr(std::strlen(line))) / 1024;
  throw std::runtime_error{"the daemon is gone"};
}

double daemon_process::resident_mib() const {
  return memory_mib("VmRSS:");
}

double daemon_process::peak_resident_mib() const {
  return memory_mib("VmHWM:");
}

double daemon_process::processor_seconds() const {
  return bench::processor_seconds(process_);
}

double daemon_process::metric(const std::string& sample) const {
  std::istringstream lines{http_client{admin_port_}.get("/metrics")};
  for (std::string each; std::getline(lines, each);)
    if (each.starts_with(sample + " ")) return std::stod(each.substr(sample.size() + 1));
  throw std::runtime_error{"no metric " + sample};
}

} // namespace postponed::bench
