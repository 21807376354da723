// A postponed daemon of its own for a benchmark: one route, a fresh store in a temporary folder, gone at the
// end.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>

namespace postponed::bench {

class daemon_process {
 public:
  // Starts `binary` against the broker on `port` and waits until it is ready; throws std::runtime_error.
  daemon_process(const std::string& binary, std::uint16_t port, const std::string& name);
  ~daemon_process();
  daemon_process(const daemon_process&) = delete;
  daemon_process& operator=(const daemon_process&) = delete;

  const std::string& intake() const { return intake_; }
  const std::string& destination() const { return destination_; }
  // SIGKILL, and waits until it is gone.
  void kill9();
  // Again with the same store; returns when it is ready, how long that took in seconds.
  double start();
  std::string store_file() const { return folder_ + "/postponed.db"; }

  std::uint16_t admin_port() const { return admin_port_; }
  double resident_mib() const;
  double peak_resident_mib() const; // the most it ever had
  double processor_seconds() const; // user and system, all threads, so far

 private:
  bool ready() const;
  double memory_mib(const char* line) const;

  std::string binary_, folder_, intake_, destination_;
  std::uint16_t admin_port_ = 0;
  pid_t process_ = -1;
};

} // namespace postponed::bench
