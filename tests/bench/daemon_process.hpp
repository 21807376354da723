// A postponed daemon of its own for a benchmark: routes from an intake to a queue each, a fresh store in a
// temporary folder, gone at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/types.h>

namespace postponed::bench {

struct daemon_shape {
  std::size_t routes = 1;
  double rate = 0;                   // of the last route, a second; 0: without limit
  std::size_t address_space_mib = 0; // RLIMIT_AS; 0: none
  std::string more;                  // further sections of the YAML file
};

class daemon_process {
 public:
  // Starts `binary` against the broker on `port` and waits until it is ready; throws std::runtime_error.
  daemon_process(const std::string& binary, std::uint16_t port, const std::string& name,
                 const daemon_shape& shape = {});
  ~daemon_process();
  daemon_process(const daemon_process&) = delete;
  daemon_process& operator=(const daemon_process&) = delete;

  // Of the route `bench`, or of `bench<number>` where there are several; from 0.
  std::string intake(std::size_t number = 0) const;
  std::string destination(std::size_t number = 0) const;
  // SIGKILL, and waits until it is gone.
  void kill9();
  // Again with the same store; returns when it is ready, how long that took in seconds.
  double start();
  pid_t id() const { return process_; }
  std::string log() const; // of its last start
  std::string store_file() const { return folder_ + "/postponed.db"; }

  std::uint16_t admin_port() const { return admin_port_; }
  double resident_mib() const;
  double peak_resident_mib() const; // the most it ever had
  double processor_seconds() const; // user and system, all threads, so far
  // The value of a sample of /metrics, named as it is written there.
  double metric(const std::string& sample) const;

 private:
  bool ready() const;
  double memory_mib(const char* line) const;

  std::string binary_, folder_, name_;
  daemon_shape shape_;
  std::uint16_t admin_port_ = 0;
  pid_t process_ = -1;
};

} // namespace postponed::bench
