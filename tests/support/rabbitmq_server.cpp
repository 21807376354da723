#include "support/rabbitmq_server.hpp"

#include "support/eventually.hpp"
#include "support/http_get.hpp"

#include <stdexcept>
#include <unistd.h>

namespace postponed::test {

namespace {

using namespace std::chrono_literals;

const std::string script = std::string{POSTPONED_SOURCE_DIR} + "/deploy/throwaway-rabbitmq";

std::uint16_t read_port(const std::filesystem::path& file) {
  const std::string text = read_file(file);
  return text.empty() ? std::uint16_t{0} : static_cast<std::uint16_t>(std::stoi(text));
}

} // namespace

rabbitmq_server::rabbitmq_server(tls with_tls, management with_management)
    : with_tls_(with_tls), with_management_(with_management) {
  start();
}

rabbitmq_server& rabbitmq_server::shared() {
  static rabbitmq_server instance;
  return instance;
}

std::vector<std::string> rabbitmq_server::command() const {
  std::vector<std::string> result{script, folder_ / "broker"};
  if (with_tls_ == tls::yes) result.insert(result.end(), {"--tls", certificates()});
  if (with_management_ == management::yes) result.emplace_back("--management");
  return result;
}

void rabbitmq_server::start() {
  if (process_ && process_->running()) return;
  process::options options;
  options.output = folder_ / "output.log";
  options.end_signal = SIGTERM; // it stops the broker behind it in order
  options.patience = 40s;
  process_ = std::make_unique<process>(command(), options);
  const std::filesystem::path broker = folder_ / "broker";
  eventually([&] { return std::filesystem::exists(broker / "ready") || !process_->running(); }, 120s);
  if (!std::filesystem::exists(broker / "ready"))
    throw std::runtime_error("RabbitMQ does not start:\n" + last_lines(folder_ / "output.log", 40));
  version_ = read_file(broker / "broker-version");
  version_.erase(version_.find_last_not_of('\n') + 1);
  port_ = read_port(broker / "amqp-port");
  tls_port_ = read_port(broker / "amqps-port");
  management_port_ = read_port(broker / "management-port");
}

void rabbitmq_server::stop() {
  process_.reset();
}

void rabbitmq_server::restart() {
  stop();
  start();
}

std::string rabbitmq_server::management_get(const std::string& path) const {
  const http_response answer =
      http_get(management_port_, path, 10s, "Authorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n"); // guest:guest
  if (answer.status != 200)
    throw std::runtime_error(path + " of the management API: " + std::to_string(answer.status) + " " +
                             answer.body);
  return answer.body;
}

std::string rabbitmq_server::uri() const {
  return "amqp://guest:guest@127.0.0.1:" + std::to_string(port_);
}

std::string rabbitmq_server::tls_uri() const {
  return "amqps://guest:guest@localhost:" + std::to_string(tls_port_);
}

std::string rabbitmq_server::control(const std::vector<std::string>& arguments) const {
  std::vector<std::string> command{script, "--ctl", folder_ / "broker"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const std::filesystem::path output = folder_ / "control.log";
  std::filesystem::remove(output);
  process::options options;
  options.output = output;
  process run{command, options};
  if (run.wait(60s) != 0) throw std::runtime_error("rabbitmqctl failed:\n" + read_file(output));
  return read_file(output);
}

std::string fresh_name(const std::string& stem) {
  static int count = 0;
  return stem + "." + std::to_string(::getpid()) + "." + std::to_string(++count);
}

} // namespace postponed::test
