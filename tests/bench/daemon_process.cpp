#include "bench/daemon_process.hpp"

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

daemon_process::daemon_process(const std::string& binary, std::uint16_t port, const std::string& name)
    : binary_{binary}, intake_{"bench." + name + ".later"}, destination_{"bench." + name + ".work"},
      admin_port_{free_port()} {
  std::string pattern = (std::filesystem::temp_directory_path() / "postponed-bench-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"mkdtemp failed"};
  folder_ = pattern;
  const std::string yaml = folder_ + "/postponed.yaml";
  std::ofstream{yaml} << fmt::format(R"(broker:
  uris: ["amqp://guest:guest@127.0.0.1:{}/"]
  confirm_window: 2000
  prefetch: 2000
store: {{path: {}/postponed.db}}
admin: {{listen: "127.0.0.1:{}"}}
topology:
  queues: [{{name: {}}}, {{name: {}}}, {{name: bench.dead}}]
routes:
  - {{name: bench, queue: {}, release: {{queue: {}}}, dead_letter: dead}}
dead_letters:
  - {{name: dead, queue: bench.dead}}
)",
                                     port, folder_, admin_port_, intake_, destination_, intake_,
                                     destination_);
  start();
}

double daemon_process::start() {
  const auto begin = std::chrono::steady_clock::now();
  const std::string yaml = folder_ + "/postponed.yaml";
  process_ = ::fork();
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int log = ::open((folder_ + "/log").c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
    ::dup2(log, STDERR_FILENO);
    ::execl(binary_.c_str(), binary_.c_str(), "run", "-c", yaml.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  for (int tries = 0; !ready(); ++tries) {
    if (tries == 6000 || ::waitpid(process_, nullptr, WNOHANG) == process_) {
      std::stringstream log;
      log << std::ifstream{folder_ + "/log"}.rdbuf();
      throw std::runtime_error{"the daemon did not become ready:\n" + log.str()};
    }
    ::usleep(5000);
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
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
  std::ifstream stat{fmt::format("/proc/{}/stat", process_)};
  std::string text((std::istreambuf_iterator<char>(stat)), std::istreambuf_iterator<char>());
  std::istringstream fields{text.substr(text.rfind(')') + 2)};
  std::string skipped;
  for (int i = 0; i < 11; ++i)
    fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

} // namespace postponed::bench
