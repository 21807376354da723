// A child process: its own process group, output into a file, ended by its id at the latest by the
// destructor. It is also signalled by the kernel when the thread that started it ends, so that a test that
// crashed leaves nothing running (start it on a thread that lives long enough: the main one). Not
// thread-safe.
#pragma once

#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace postponed::test {

class process {
 public:
  struct options {
    std::filesystem::path output;                   // stdout and stderr, appended; empty: /dev/null
    std::map<std::string, std::string> environment; // in addition to ours
    std::filesystem::path directory;                // to run in; empty: ours
    int end_signal = SIGKILL;                       // when the starting thread ends
    std::chrono::milliseconds patience{0};          // the destructor: SIGTERM, and only after this SIGKILL
  };

  // command[0] is searched on the path. Throws std::system_error where it cannot be started; a command that
  // is not found ends with exit code 127.
  process(const std::vector<std::string>& command, options chosen);
  explicit process(const std::vector<std::string>& command) : process(command, options{}) {}
  ~process();
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  pid_t id() const { return id_; }
  bool running();
  // Nothing where it has ended.
  void signal(int number);
  // How it ended: its exit code, or 128 + the signal. Nothing where it still runs after `deadline`.
  std::optional<int> wait(std::chrono::milliseconds deadline);

 private:
  std::optional<int> reap(int flags);

  pid_t id_ = -1;
  std::optional<int> ended_;
  std::chrono::milliseconds patience_;
};

} // namespace postponed::test
