// The daemon as its users run it: the binary, a YAML file, the admin endpoint. Start it on the main thread
// (process.hpp says why). Not thread-safe.
#pragma once

#include "support/http_get.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace postponed::test {

class sidecar {
 public:
  // `yaml` is written to a folder of its own. It should begin with sections(), which names the broker, the
  // store and the admin endpoint with placeholders that are filled in here: {uri}, {folder}, {port}.
  sidecar(const std::string& yaml, const std::string& broker_uri);
  static std::string sections();

  // Runs it and waits until /readyz says 200. Throws std::runtime_error with the end of its log where it
  // ended or is not ready within the deadline. Starting one that runs is a mistake.
  void start(std::chrono::milliseconds deadline = std::chrono::seconds{30});
  // The same without waiting for anything.
  void launch();
  // From the next start on every sync of its store takes so much longer, as on a slow disk.
  void slow_down_syncs(std::chrono::milliseconds by) { slow_sync_ = by; }
  bool wait_until_ready(std::chrono::milliseconds deadline);

  // SIGKILL, and waits until it is gone: what it held in memory is lost.
  void kill9();
  // SIGTERM, and its exit code; nothing where it still runs after the deadline.
  std::optional<int> terminate(std::chrono::milliseconds deadline = std::chrono::seconds{30});
  std::optional<int> wait(std::chrono::milliseconds deadline);
  bool running();
  void hang_up(); // SIGHUP: it reads its file again
  pid_t id() const;

  http_response get(const std::string& path) const;
  http_response post(const std::string& path, const std::string& json) const;
  // The value of a metric's sample as `name` or `name{label="x",..}` exactly as /metrics writes it; nothing
  // where it is not there.
  std::optional<double> metric(const std::string& sample) const;
  std::string log() const { return read_file(log_file()); }
  std::filesystem::path log_file() const { return folder_ / "postponed.log"; }
  std::filesystem::path file() const { return folder_ / "postponed.yaml"; }
  std::filesystem::path store_file() const { return folder_ / "store" / "postponed.db"; }
  std::uint16_t admin_port() const { return port_; }
  // Replaces the YAML file; takes effect at the next start.
  void configure(const std::string& yaml);

 private:
  temp_dir folder_{"daemon"};
  std::string uri_;
  std::uint16_t port_;
  std::chrono::milliseconds slow_sync_{0};
  std::unique_ptr<process> process_;
};

// `text` with each "{name}" replaced by its value; other braces stay.
std::string filled(std::string text, const std::map<std::string, std::string>& values);

struct command_result {
  int code = -1; // as process::wait
  std::string output;
};
// Runs the postponed binary with these arguments to its end, 60 s at most.
command_result run_postponed(const std::vector<std::string>& arguments);

} // namespace postponed::test
