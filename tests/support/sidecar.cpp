#include "support/sidecar.hpp"

#include "support/eventually.hpp"

#include <cstdlib>
#include <stdexcept>

namespace postponed::test {

namespace {

using namespace std::chrono_literals;

} // namespace

std::string sidecar::sections() {
  return "broker:\n"
         "  uris: [\"{uri}\"]\n"
         "store:\n"
         "  path: {folder}/store/postponed.db\n"
         "admin:\n"
         "  listen: 127.0.0.1:{port}\n";
}

sidecar::sidecar(const std::string& yaml, const std::string& broker_uri)
    : uri_(broker_uri), port_(free_port()) {
  std::filesystem::create_directory(folder_ / "store");
  configure(yaml);
}

void sidecar::configure(const std::string& yaml) {
  write_file(file(),
             filled(yaml, {{"uri", uri_}, {"folder", folder_.path()}, {"port", std::to_string(port_)}}));
  // The broker's password is in it; the daemon warns of others who can read it.
  std::filesystem::permissions(file(),
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

void sidecar::launch() {
  if (running()) throw std::logic_error("the daemon runs already");
  process::options options;
  options.output = log_file();
  if (slow_sync_ > 0ms)
    options.environment = {{"LD_PRELOAD", POSTPONED_SLOW_SYNC},
                           {"POSTPONED_SLOW_SYNC_MS", std::to_string(slow_sync_.count())},
                           {"ASAN_OPTIONS", "verify_asan_link_order=0"}}; // ours may stand before it
  process_ =
      std::make_unique<process>(std::vector<std::string>{POSTPONED_BINARY, "run", "-c", file()}, options);
}

bool sidecar::wait_until_ready(std::chrono::milliseconds deadline) {
  eventually([this] { return !running() || get("/readyz").status == 200; }, deadline);
  return running() && get("/readyz").status == 200;
}

void sidecar::start(std::chrono::milliseconds deadline) {
  launch();
  if (wait_until_ready(deadline)) return;
  const std::string state = running() ? "not ready: " + get("/readyz").body : "ended";
  throw std::runtime_error("postponed is " + state + "\n" + last_lines(log_file(), 40));
}

void sidecar::kill9() {
  if (!process_) return;
  process_->signal(SIGKILL);
  process_->wait(10s);
}

std::optional<int> sidecar::terminate(std::chrono::milliseconds deadline) {
  if (!process_) return std::nullopt;
  process_->signal(SIGTERM);
  return process_->wait(deadline);
}

std::optional<int> sidecar::wait(std::chrono::milliseconds deadline) {
  return process_ ? process_->wait(deadline) : std::nullopt;
}

bool sidecar::running() {
  return process_ && process_->running();
}

void sidecar::hang_up() {
  if (process_) process_->signal(SIGHUP);
}

pid_t sidecar::id() const {
  return process_ ? process_->id() : -1;
}

http_response sidecar::get(const std::string& path) const {
  return http_get(port_, path);
}

http_response sidecar::post(const std::string& path, const std::string& json) const {
  return http_send(port_, "POST", path, json);
}

std::optional<double> sidecar::metric(const std::string& sample) const {
  const std::string text = "\n" + get("/metrics").body;
  const std::size_t at = text.find("\n" + sample + " ");
  if (at == std::string::npos) return std::nullopt;
  return std::strtod(text.c_str() + at + sample.size() + 2, nullptr);
}

std::string filled(std::string text, const std::map<std::string, std::string>& values) {
  for (const auto& [name, value] : values) {
    const std::string placeholder = "{" + name + "}";
    for (std::size_t at = 0; (at = text.find(placeholder, at)) != std::string::npos; at += value.size())
      text.replace(at, placeholder.size(), value);
  }
  return text;
}

command_result run_postponed(const std::vector<std::string>& arguments) {
  const temp_dir folder{"command"};
  std::vector<std::string> command{POSTPONED_BINARY};
  command.insert(command.end(), arguments.begin(), arguments.end());
  process::options options;
  options.output = folder / "output";
  process run{command, options};
  command_result result;
  result.code = run.wait(60s).value_or(-1);
  result.output = read_file(folder / "output");
  return result;
}

} // namespace postponed::test
