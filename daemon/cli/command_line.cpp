#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <sstream>

namespace postponed::cli {

namespace {

constexpr const char* about =
    "Delays, and looks after failed, RabbitMQ messages: one process beside any application.\n"
    "It consumes the queues named in a YAML file, holds each message on disk until it is due,\n"
    "publishes it again, and parks what cannot be delivered in dead-letter queues.";

constexpr const char* closing =
    "Examples:\n"
    "  postponed check /etc/postponed/postponed.yaml     look for mistakes, start nothing\n"
    "  postponed run -c /etc/postponed/postponed.yaml    run in the foreground; SIGTERM drains and stops\n"
    "\n"
    "Exit codes: 0 done; 1 the configuration has errors; 2 wrong usage; 3 cannot start (store in use\n"
    "or damaged, address taken); 4 the store failed while running (start again).\n";

} // namespace

command parse(int argc, const char* const* argv, const std::string& version) {
  CLI::App app{about, "postponed"};
  app.footer(closing);
  app.set_version_flag("-V,--version", version);
  app.require_subcommand(1);

  run_command run;
  std::string log_format = "kv";
  CLI::App* const run_app = app.add_subcommand("run", "Run the daemon in the foreground");
  run_app->add_option("-c,--config", run.file, "The YAML file")->required()->type_name("FILE");
  run_app->add_option("--log-format", log_format, "kv (key=value) or json")
      ->check(CLI::IsMember({"kv", "json"}))
      ->capture_default_str()
      ->type_name("FORMAT");
  run_app->add_option("--log-level", run.log_level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str()
      ->type_name("LEVEL");

  check_command check;
  CLI::App* const check_app =
      app.add_subcommand("check", "Report every mistake in a configuration file, with its place and the fix");
  check_app->add_option("file", check.file, "The YAML file")->required()->type_name("FILE");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out, err;
    const int code = app.exit(error, out, err);
    if (code == 0) return print_and_exit{success, out.str()};
    return print_and_exit{bad_usage, err.str()};
  }
  run.json_log = log_format == "json";
  if (run_app->parsed()) return run;
  return check;
}

} // namespace postponed::cli
