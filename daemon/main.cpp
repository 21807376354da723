// postponed: the delay and dead-letter sidecar for RabbitMQ.
#include "admin_endpoint.hpp"
#include "application.hpp"
#include "base/log.hpp"
#include "cli/command_line.hpp"
#include "cli/conversation.hpp"
#include "cli/failure.hpp"
#include "config/load.hpp"
#include "store_commands.hpp"
#include "topology_commands.hpp"
#include "version.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <utility>

namespace {

using namespace postponed;

// Reads the file and prints what is wrong with it; nothing where it cannot be used.
std::optional<config::settings> load(const std::string& file) {
  config::load_outcome outcome = config::load_file(file, config::process_environment());
  for (const config::finding& each : outcome.findings)
    fmt::print(stderr, "{}\n", config::to_string(each));
  return std::move(outcome.value);
}

int check(const cli::check_command& command) {
  if (!load(command.file)) return cli::bad_configuration;
  fmt::print("{}: the configuration is good\n", command.file);
  return cli::success;
}

int run(const cli::run_command& command) {
  auto settings = load(command.file);
  if (!settings) return cli::bad_configuration;
  const auto level = command.log_level == "debug"     ? log::level::debug
                     : command.log_level == "warning" ? log::level::warning
                     : command.log_level == "error"   ? log::level::error
                                                      : log::level::info;
  log::configure(level, command.json_log ? log::format::json : log::format::key_value);
  return run_application(command.file, std::move(*settings));
}

int topology(const cli::topology_command& command) {
  const auto settings = load(command.file);
  if (!settings) return cli::bad_configuration;
  log::configure(log::level::error, log::format::key_value); // what matters is in the answer
  return run_topology_command(command, *settings);
}

int ask(cli::ask_command command) {
  if (const char* const admin = std::getenv("POSTPONED_ADMIN")) command.where.elsewhere = admin;
  if (const char* const token = std::getenv("POSTPONED_TOKEN")) command.where.token = token;
  return cli::perform(command, endpoint_of(command.where));
}

int print(const cli::print_and_exit& what) {
  std::fputs(what.text.c_str(), what.code == cli::success ? stdout : stderr);
  return what.code;
}

} // namespace

int main(int argc, char** argv) {
  try {
    const cli::command command =
        cli::parse(argc, argv, fmt::format("postponed {} ({})", postponed::version, postponed::revision));
    if (const auto* const asked = std::get_if<cli::run_command>(&command)) return run(*asked);
    if (const auto* const asked = std::get_if<cli::check_command>(&command)) return check(*asked);
    if (const auto* const asked = std::get_if<cli::topology_command>(&command)) return topology(*asked);
    if (const auto* const asked = std::get_if<cli::ask_command>(&command)) return ask(*asked);
    if (const auto* const asked = std::get_if<cli::store_command>(&command)) return run_store_command(*asked);
    return print(std::get<cli::print_and_exit>(command));
  } catch (const cli::failure& why) {
    fmt::print(stderr, "postponed: {}\n", why.what());
    return why.exit_code();
  } catch (const std::exception& error) {
    fmt::print(stderr, "postponed: {}\n", error.what());
    return cli::cannot_start;
  }
}
