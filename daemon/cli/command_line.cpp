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
    "  postponed plan /etc/postponed/postponed.yaml      in what the broker and the file differ; touch "
    "nothing\n"
    "  postponed apply /etc/postponed/postponed.yaml     create what is missing on the broker, and nothing "
    "else\n"
    "\n"
    "Exit codes: 0 done; 1 the configuration has errors; 2 wrong usage; 3 cannot start (store in use\n"
    "or damaged, address taken, topology.mode verify and the broker differs); 4 the store failed while\n"
    "running (start again). Of plan and apply: 0 the same; 2 broker and file differ; 3 no answer from the "
    "broker.\n";

constexpr const char* about_topology =
    "\n\n+ missing on the broker, ~ different (what it has -> what the file wants), ? unknown to the file.\n"
    "With broker.management in the file, RabbitMQ's management API is asked for everything. Without it AMQP "
    "tells\n"
    "of exchanges and queues that the file lists, and not of bindings, policies and anything else; each is "
    "then\n"
    "named as not checked.\n"
    "Exit codes: 0 the same; 1 the configuration has errors; 2 they differ; 3 the broker gives no answer.";

CLI::App* add_topology_command(CLI::App& to, const std::string& name, const std::string& what,
                               topology_command& into) {
  CLI::App* const added = to.add_subcommand(name, what);
  added->footer(about_topology);
  added->add_option("file", into.file, "The YAML file")->required()->type_name("FILE");
  added->add_flag("--json", into.json, "For scripts");
  added->add_flag("--ignore-unknown", into.ignore_unknown,
                  "Leave out what the file does not list: on a broker shared with others");
  return added;
}

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

  topology_command plan, apply;
  apply.apply = true;
  CLI::App* const plan_app = add_topology_command(
      app, "plan", "Show in what the broker's topology and the file differ; touch nothing", plan);
  CLI::App* const apply_app = add_topology_command(
      app, "apply", "Create what the broker is missing; delete, change or redeclare nothing", apply);

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
  if (plan_app->parsed()) return plan;
  if (apply_app->parsed()) return apply;
  return check;
}

} // namespace postponed::cli
