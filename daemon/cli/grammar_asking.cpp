// The commands that ask a running daemon.
#include "cli/grammar.hpp"

namespace postponed::cli {

namespace {

constexpr const char* where_group = "Where the daemon is";
constexpr const char* which_group = "Which";

std::vector<CLI::Option*> in_group(CLI::App& of, const std::string& group) {
  return of.get_options([&](const CLI::Option* each) { return each->get_group() == group; });
}

// 0 would be taken for no limit.
const CLI::Validator positive{[](const std::string& text) {
                                double number = 0;
                                return CLI::detail::lexical_cast(text, number) && number > 0
                                           ? std::string{}
                                           : text +
                                                 " is no number above 0; leave the option out for no limit";
                              },
                              "", "positive"};

} // namespace

CLI::App* grammar::ask(CLI::App& to, const std::string& name, verb what, const std::string& about,
                       const std::string& footer) {
  CLI::App* const added = to.add_subcommand(name, about);
  if (!footer.empty()) added->footer("\n" + footer);
  added->add_flag("--json", ask_.json, "The API's JSON, with exact times; lists as a line each");
  added
      ->add_option("--admin", ask_.where.admin,
                   "http://host:port, https://host:port or unix:/path; else POSTPONED_ADMIN")
      ->type_name("URL")
      ->group(where_group);
  added->add_option("-c,--config", ask_.where.config, "The daemon's YAML file, for its admin section")
      ->type_name("FILE")
      ->group(where_group);
  added->add_option("--token-file", ask_.where.token_file, "A file whose first line is the token")
      ->type_name("FILE")
      ->group(where_group);
  added->add_option("--ca", ask_.where.ca_file, "PEM of who signed the daemon's certificate")
      ->type_name("FILE")
      ->group(where_group);
  verbs_.emplace_back(added, what);
  return added;
}

void grammar::message_filter(CLI::App& to) {
  to.add_option("--route", ask_.by.route, "Of this route")->type_name("NAME")->group(which_group);
  to.add_option("--state", ask_.by.state, "waiting or dead_lettering")
      ->type_name("STATE")
      ->group(which_group);
  to.add_option("--due-from", ask_.by.due_from, "Due at this time or later, as 2026-11-27T09:00:00Z")
      ->type_name("TIME")
      ->group(which_group);
  to.add_option("--due-until", ask_.by.due_until, "Due before this time")
      ->type_name("TIME")
      ->group(which_group);
  to.add_option("--header", ask_.by.headers, "With this header: name:value, or a name alone for any value")
      ->allow_extra_args(false) // one word each time: the next may be an id, or the body
      ->type_name("HEADER")
      ->group(which_group);
  to.add_option("--text", ask_.by.text, "With this text in body or routing key")
      ->type_name("TEXT")
      ->group(which_group);
}

void grammar::letter_filter(CLI::App& to) {
  to.add_option("--route", ask_.by.route, "That came by this route")->type_name("NAME")->group(which_group);
  to.add_option("--reason", ask_.by.reason, "That failed for this reason, as attempts_exhausted")
      ->type_name("REASON")
      ->group(which_group);
  to.add_option("--queue", ask_.by.queue, "That died in this queue")->type_name("NAME")->group(which_group);
  to.add_option("--group", ask_.by.group, "Of this group, as dead groups shows them")
      ->type_name("GROUP")
      ->group(which_group);
  to.add_option("--older-than", ask_.by.older_than, "That died longer ago, as 1h or 7d")
      ->type_name("AGE")
      ->group(which_group);
  to.add_option("--newer-than", ask_.by.newer_than, "That died since")->type_name("AGE")->group(which_group);
  to.add_option("--header", ask_.by.headers, "With this header: name:value, or a name alone for any value")
      ->allow_extra_args(false) // one word each time: the next may be an id, or the body
      ->type_name("HEADER")
      ->group(which_group);
  to.add_option("--text", ask_.by.text, "With this text in body, error or key")
      ->type_name("TEXT")
      ->group(which_group);
}

void grammar::bulk(CLI::App& to, const std::string& which) {
  to.add_option("ids", ask_.ids, which)->type_name("ID");
  const std::vector<CLI::Option*> filters = in_group(to, which_group);
  CLI::Option* const all = to.add_flag("--all", ask_.by.all, "Every one")->group(which_group);
  for (CLI::Option* const each : filters)
    all->excludes(each); // a person who says both means one of them
  to.add_flag("--dry-run", ask_.dry_run, "Only say how many it would be");
  to.add_flag("-y,--yes", ask_.yes, "Do not ask: for scripts");
}

void grammar::limit(CLI::App& to) {
  to.add_option("--limit", ask_.limit, "So many at most; 0: all")->capture_default_str()->type_name("N");
}

void grammar::add_asking() {
  ask(app_, "status", verb::status,
      "How the daemon is: ready or why not, what it holds, routes, dead letters");
  ask(app_, "events", verb::events, "Follow what happens, until Ctrl-C",
      "Example:\n  postponed events --json | jq 'select(.event == \"changed\")'");
  ask(app_, "reload", verb::reload, "Have the daemon read its configuration file again",
      "A file with errors changes nothing: each is printed with its place, and the exit code is 1.");
  ask(app_, "topology", verb::topology, "In what broker and configuration differ, as the daemon sees it",
      "Exit codes: 0 the same; 2 they differ.");
  ask(app_, "whoami", verb::whoami, "As whom the daemon knows you, and what you may do");
}

void grammar::add_messages() {
  CLI::App* const list =
      ask(app_, "list", verb::list, "List held messages, the next due first",
          "Example:\n  postponed list --route order-timeouts --due-until 2026-11-27T09:00:00Z");
  message_filter(*list);
  limit(*list);
  ask(app_, "show", verb::show, "Show held messages whole: headers, body, history")
      ->add_option("ids", ask_.ids, "As list shows them")
      ->required()
      ->type_name("ID");
  CLI::App* const schedule = ask(
      app_, "schedule", verb::schedule, "Hold a message, or thousands",
      "Examples:\n"
      "  postponed schedule --route order-timeouts --delay 15m '{\"order\": 42}'\n"
      "  postponed schedule --queue mails --due 2026-11-27T09:00:00Z --body-file mail.json \\\n"
      "      --header tenant=acme --header retries:=3 --property content_type=application/json\n"
      "  postponed schedule --ndjson messages.ndjson    a line each, as POST /api/v1/messages takes them");
  schedule_options& message = ask_.message;
  CLI::Option* const body =
      schedule->add_option("body", message.body, "The body, as text")->type_name("BODY");
  schedule->add_option("--body-file", message.body_file, "The body out of a file; -: standard input")
      ->type_name("FILE")
      ->excludes(body);
  schedule->add_option("--route", message.route, "By this route")->type_name("NAME");
  schedule->add_option("--queue", message.queue, "Straight to this queue")->type_name("NAME");
  schedule->add_option("--exchange", message.exchange, "To this exchange")->type_name("NAME");
  schedule->add_option("--routing-key", message.routing_key, "With this key")->type_name("KEY");
  schedule->add_option("--delay", message.delay, "So long from now, as 90s, 1h30m or 7d")->type_name("DELAY");
  schedule->add_option("--due", message.due, "At this time, as 2026-11-27T09:00:00Z")->type_name("TIME");
  schedule->add_option("--header", message.headers, "name=text, or name:=JSON for a number, true or false")
      ->allow_extra_args(false)
      ->type_name("HEADER");
  schedule->add_option("--property", message.properties, "content_type=.., message_id=.., priority:=5 ..")
      ->allow_extra_args(false)
      ->type_name("PROPERTY");
  schedule
      ->add_option("--idempotency-key", message.idempotency_key, "Held once, however often this is repeated")
      ->type_name("KEY");
  CLI::Option* const lines =
      schedule
          ->add_option("--ndjson", message.ndjson,
                       "Lines of JSON out of a file, a message each; -: standard input")
          ->type_name("FILE");
  for (const char* const said_by_each_line :
       {"body", "--body-file", "--route", "--queue", "--exchange", "--routing-key", "--delay", "--due",
        "--header", "--property", "--idempotency-key"})
    lines->excludes(schedule->get_option(said_by_each_line));
  const auto change = [&](const std::string& name, verb what, const std::string& text,
                          const std::string& footer) {
    CLI::App* const added = ask(app_, name, what, text, footer);
    message_filter(*added);
    bulk(*added, "As list shows them; else a filter");
    return added;
  };
  change("cancel", verb::cancel, "Forget held messages, unpublished",
         "Of a filter it is first said how many they are, and asked.\n"
         "Example:\n  postponed cancel --route reminders --header tenant:acme");
  CLI::App* const move = change("reschedule", verb::reschedule, "Give held messages another due time",
                                "Example:\n  postponed reschedule --route reminders --delay 2h --dry-run");
  move->add_option("--delay", ask_.delay, "So long from now")->type_name("DELAY");
  move->add_option("--due", ask_.due, "At this time")->type_name("TIME");
  change("release", verb::release, "Publish held messages now", "");
  CLI::App* const calendar = ask(app_, "calendar", verb::calendar, "How many messages are due when");
  calendar->add_option("--per", ask_.per, "minute, hour, day or month")->type_name("SPAN");
  calendar->add_option("--from", ask_.from, "From this time; now where it is left out")->type_name("TIME");
  calendar->add_option("--until", ask_.until, "Until this time")->type_name("TIME");
  calendar->add_option("--route", ask_.by.route, "Of this route")->type_name("NAME");
}

void grammar::add_routes() {
  CLI::App* const routes =
      ask(app_, "routes", verb::routes, "The routes: what they hold, how late they are; pause, resume");
  const auto add = [&](const std::string& name, verb what, const std::string& text) {
    CLI::App* const added = ask(*routes, name, what, text);
    added->add_option("route", ask_.name, "Its name")->required()->type_name("NAME");
    return added;
  };
  add("pause", verb::route_pause, "Hold what is due, too, until resumed; it survives a restart")
      ->add_option("--why", ask_.why, "For who finds it paused")
      ->type_name("TEXT");
  add("resume", verb::route_resume, "Release again");
}

void grammar::add_dead_letters() {
  CLI::App* const dead =
      app_.add_subcommand("dead", "Dead letters: why messages failed, and sending them again");
  dead->require_subcommand(1);
  const auto add = [&](const std::string& name, verb what, const std::string& text,
                       const std::string& footer = {}) {
    CLI::App* const added = ask(*dead, name, what, text, footer);
    CLI::Option* const of =
        added->add_option("dead-letter", ask_.name, "Its name in the configuration")->type_name("NAME");
    if (what != verb::dead_list) of->required();
    return added;
  };
  CLI::App* const list =
      add("list", verb::dead_list, "The dead letters with depth and age; of one, its messages",
          "Of a queue that is not collected, its head is looked at.\n"
          "Example:\n  postponed dead list orders --reason attempts_exhausted --newer-than 1h");
  letter_filter(*list);
  list->add_option("--state", ask_.by.state, "kept or trash")->type_name("STATE")->group(which_group);
  list->add_option("--from", ask_.by.from, "store or queue")->type_name("WHERE")->group(which_group);
  for (CLI::Option* const each : in_group(*list, which_group))
    each->needs(list->get_option("dead-letter")); // the messages are selected, not the dead letters
  limit(*list);
  add("show", verb::dead_show, "Show messages of the store whole")
      ->add_option("ids", ask_.ids, "As dead list shows them")
      ->required()
      ->type_name("ID");
  CLI::App* const groups =
      add("groups", verb::dead_groups, "Failures that are alike, with how many they are");
  letter_filter(*groups);
  groups->add_option("--state", ask_.by.state, "kept or trash")->type_name("STATE")->group(which_group);
  CLI::App* const replay = add(
      "replay", verb::dead_replay, "Send dead letters again, to where they came from or elsewhere",
      "It is first said how many they are, and asked; then progress is shown until it ends. Ctrl-C ends the\n"
      "looking on, not the replay.\n"
      "Example:\n  postponed dead replay orders --group 0f3a5c7e9b1d2f40 --canary 10 --rate 500");
  letter_filter(*replay);
  bulk(*replay, "As dead list shows them; else a filter");
  replay->add_option("--from", ask_.by.from, "store or queue")->type_name("WHERE")->group(which_group);
  replay->add_option("--rate", ask_.replay.rate, "So many a second at most")->check(positive)->type_name("N");
  replay->add_option("--canary", ask_.replay.canary, "After so many wait for replays resume")
      ->check(positive)
      ->type_name("N");
  replay->add_option("--limit", ask_.replay.limit, "So many at most")->check(positive)->type_name("N");
  replay->add_option("--to-queue", ask_.replay.to_queue, "To this queue")->type_name("NAME");
  replay->add_option("--to-exchange", ask_.replay.to_exchange, "To this exchange")->type_name("NAME");
  replay->add_option("--to-routing-key", ask_.replay.to_routing_key, "With this key")->type_name("KEY");
  replay->add_flag("--detach", ask_.replay.detach, "Do not look on until it ends");
  for (const auto& [name, what, text] :
       {std::tuple{"discard", verb::dead_discard,
                   "Move dead letters to the trash, from which they can be restored"},
        std::tuple{"restore", verb::dead_restore, "Fetch dead letters back from the trash"}}) {
    CLI::App* const added = add(name, what, text);
    letter_filter(*added);
    bulk(*added, "As dead list shows them; else a filter");
  }
}

void grammar::add_replays() {
  CLI::App* const replays =
      ask(app_, "replays", verb::replays, "What is, and was, sent again; pause, resume, stop");
  for (const auto& [name, what, text] :
       {std::tuple{"show", verb::replay_show, "Show one"},
        std::tuple{"pause", verb::replay_pause, "Pause one"},
        std::tuple{"resume", verb::replay_resume, "Have one go on, also after its canary"},
        std::tuple{"stop", verb::replay_stop, "End one; what was sent stays sent"}})
    ask(*replays, name, what, text)
        ->add_option("id", ask_.name, "As replays shows it")
        ->required()
        ->type_name("ID");
}

} // namespace postponed::cli
