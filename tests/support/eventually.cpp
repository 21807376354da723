#include "support/eventually.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <random>
#include <stdexcept>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace postponed::test {

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds deadline) {
  using namespace std::chrono_literals;
  const auto end = std::chrono::steady_clock::now() + deadline;
  std::chrono::milliseconds pause = 2ms;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return condition();
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds{50});
  }
  return true;
}

std::uint16_t free_port() {
  static thread_local std::mt19937 generator{std::random_device{}()};
  std::uniform_int_distribution<int> any{20000, 31999};
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const auto port = static_cast<std::uint16_t>(any(generator));
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) break;
    // As servers do: otherwise the remains of an earlier connection would make a free port look taken.
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool free = ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    if (free) return port;
  }
  throw std::runtime_error("no free port");
}

} // namespace postponed::test
