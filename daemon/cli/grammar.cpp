#include "cli/grammar.hpp"

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
    "  postponed plan /etc/postponed/postponed.yaml      in what broker and file differ; touch nothing\n"
    "  postponed status                                  how the running daemon is\n"
    "  postponed list --due-until 2026-11-27T09:00:00Z   what is due until then\n"
    "  postponed schedule --queue mails --delay 1h '{}'  hold a message\n"
    "  postponed dead groups orders                      why messages failed\n"
    "  postponed dead replay orders --group 0f3a.. --canary 10\n"
    "\n"
    "Where the daemon is: --admin, else the admin section of -c FILE, else POSTPONED_ADMIN, else\n"
    "http://127.0.0.1:9470. A token: --token-file, else POSTPONED_TOKEN, else the file's own.\n"
    "\n"
    "Exit codes: 0 done; 1 the configuration has errors; 2 wrong usage, or a confirmation was not given;\n"
    "3 cannot start (store in use or damaged, address taken, topology.mode verify and the broker differs),\n"
    "or the daemon cannot be reached; 4 the store failed while running (start again), or is damaged; 5 the\n"
    "daemon refuses. Of plan, apply and topology: 0 the same; 2 broker and file differ; 3 no answer.\n";

constexpr const char* about_topology =
    "\n\n+ missing on the broker, ~ different (what it has -> what the file wants), ? unknown to the file.\n"
    "With broker.management in the file, RabbitMQ's management API is asked for everything. Without it AMQP "
    "tells\n"
    "of exchanges and queues that the file lists, and not of bindings, policies and anything else; each is "
    "then\n"
    "named as not checked.\n"
    "Exit codes: 0 the same; 1 the configuration has errors; 2 they differ; 3 the broker gives no answer.";

const CLI::App* add_topology_command(CLI::App& to, const std::string& name, const std::string& what,
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

grammar::grammar(const std::string& version) : app_{about, "postponed"} {
  app_.set_version_flag("-V,--version", version);
  app_.require_subcommand(1);
  add_local();
  add_asking();
  add_messages();
  add_routes();
  add_dead_letters();
  add_replays();
  add_store();
  add_self();
  app_.footer(closing); // last: subcommands inherit it
}

void grammar::add_local() {
  CLI::App* const run = app_.add_subcommand("run", "Run the daemon in the foreground");
  run->add_option("-c,--config", run_.file, "The YAML file")->required()->type_name("FILE");
  run->add_option("--log-format", log_format_, "kv (key=value) or json")
      ->check(CLI::IsMember({"kv", "json"}))
      ->capture_default_str()
      ->type_name("FORMAT");
  run->add_option("--log-level", run_.log_level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str()
      ->type_name("LEVEL");
  run_app_ = run;
  CLI::App* const check = app_.add_subcommand(
      "check", "Report every mistake in a configuration file, with its place and the fix");
  check->add_option("file", check_.file, "The YAML file")->required()->type_name("FILE");
  check_app_ = check;
  plan_app_ = add_topology_command(
      app_, "plan", "Show in what the broker's topology and the file differ; touch nothing", topology_);
  apply_app_ = add_topology_command(
      app_, "apply", "Create what the broker is missing; delete, change or redeclare nothing", topology_);
}

void grammar::add_store() {
  CLI::App* const store = app_.add_subcommand("store", "Look after a store's file while no daemon has it");
  store->require_subcommand(1);
  const auto add = [&](const std::string& name, store_command::kind what, const std::string& text) {
    CLI::App* const added = store->add_subcommand(name, text);
    added->add_option("file", store_.file, "The store's file, store.path of the configuration")
        ->required()
        ->type_name("FILE");
    store_kinds_.emplace_back(added, what);
    return added;
  };
  add("check", store_command::kind::check,
      "Read everything: the file's structure, and each held message's checksum")
      ->add_flag("--json", store_.json, "For scripts");
  add("backup", store_command::kind::backup, "Write a consistent copy")
      ->add_option("to", store_.to, "Where to; it must not be there")
      ->required()
      ->type_name("FILE");
  add("export", store_command::kind::export_messages,
      "Print every held message as a line of JSON, as schedule --ndjson takes it")
      ->footer("\nExample:\n  postponed store export held.db | postponed schedule --ndjson -");
}

void grammar::add_self() {
  CLI::App* const completion =
      app_.add_subcommand("completion", "Print what makes a shell complete these commands");
  completion->add_option("shell", shell_, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->type_name("SHELL");
  completion->footer("\nExamples:\n"
                     "  postponed completion bash > /etc/bash_completion.d/postponed\n"
                     "  postponed completion zsh > \"${fpath[1]}/_postponed\"\n"
                     "  postponed completion fish > ~/.config/fish/completions/postponed.fish");
  completion_app_ = completion;
  CLI::App* const man = app_.add_subcommand("man", "Print the man page");
  man->footer("\nExample:\n  postponed man > /usr/local/share/man/man1/postponed.1");
  man_app_ = man;
}

command grammar::chosen() {
  if (run_app_->parsed()) {
    run_.json_log = log_format_ == "json";
    return run_;
  }
  if (check_app_->parsed()) return check_;
  if (plan_app_->parsed()) return topology_;
  if (apply_app_->parsed()) {
    topology_.apply = true;
    return topology_;
  }
  if (completion_app_->parsed()) return print_and_exit{success, completion_script(app_, shell_)};
  if (man_app_->parsed()) return print_and_exit{success, man_page(app_)};
  for (const auto& [app, what] : store_kinds_)
    if (app->parsed()) {
      store_.what = what;
      return store_;
    }
  for (const auto& [app, what] : verbs_)
    if (app->parsed()) ask_.what = what; // the innermost is the last
  return ask_;
}

} // namespace postponed::cli
