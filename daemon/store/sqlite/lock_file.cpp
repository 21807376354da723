#include "store/sqlite/lock_file.hpp"

#include <array>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace postponed::store::sqlite {

namespace {

// "process 1234 (postponed), since 2026-11-23 21:13:05 UTC"
std::string about_us() {
  std::string name;
  std::getline(std::ifstream{"/proc/self/comm"}, name);
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> since{};
  std::strftime(since.data(), since.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return "process " + std::to_string(::getpid()) + " (" + name + "), since " + since.data() + "\n";
}

} // namespace

lock_file::~lock_file() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

lock_file::lock_file(lock_file&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}

lock_file& lock_file::operator=(lock_file&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

int lock_file::acquire(const std::string& path, std::string& holder) {
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor_ < 0) return errno;
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    std::array<char, 128> text{};
    const ssize_t got = ::pread(descriptor_, text.data(), text.size(), 0);
    if (got > 0) holder.assign(text.data(), static_cast<std::size_t>(got));
    while (!holder.empty() && holder.back() == '\n')
      holder.pop_back();
    return error;
  }
  const std::string mine = about_us();
  if (::ftruncate(descriptor_, 0) != 0 || ::pwrite(descriptor_, mine.data(), mine.size(), 0) < 0)
    return errno;
  return 0;
}

} // namespace postponed::store::sqlite
