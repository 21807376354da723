#include "cli/command_line.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace postponed::cli;

namespace {

command parsed(std::vector<const char*> words) {
  words.insert(words.begin(), "postponed");
  return parse(static_cast<int>(words.size()), words.data(), "postponed 1 (x)");
}

ask_command asked(const std::vector<const char*>& words) {
  const command got = parsed(words);
  if (const auto* const printed = std::get_if<print_and_exit>(&got)) FAIL(printed->text);
  return std::get<ask_command>(got);
}

std::string refusal(const std::vector<const char*>& words) {
  const command got = parsed(words);
  const auto& printed = std::get<print_and_exit>(got);
  CHECK(printed.code == bad_usage);
  return printed.text;
}

} // namespace

TEST_CASE("each command that asks is known by its words") {
  const std::vector<std::pair<std::vector<const char*>, verb>> all{
      {{"status"}, verb::status},
      {{"whoami"}, verb::whoami},
      {{"list"}, verb::list},
      {{"show", "1-2-3"}, verb::show},
      {{"schedule", "--queue", "q", "--delay", "1h", "body"}, verb::schedule},
      {{"cancel", "1-2-3"}, verb::cancel},
      {{"reschedule", "--all", "--delay", "1h"}, verb::reschedule},
      {{"release", "1-2-3"}, verb::release},
      {{"calendar"}, verb::calendar},
      {{"routes"}, verb::routes},
      {{"routes", "pause", "r"}, verb::route_pause},
      {{"routes", "resume", "r"}, verb::route_resume},
      {{"dead", "list"}, verb::dead_list},
      {{"dead", "show", "d", "1"}, verb::dead_show},
      {{"dead", "groups", "d"}, verb::dead_groups},
      {{"dead", "replay", "d", "--all"}, verb::dead_replay},
      {{"dead", "discard", "d", "1", "2"}, verb::dead_discard},
      {{"dead", "restore", "d", "--all"}, verb::dead_restore},
      {{"replays"}, verb::replays},
      {{"replays", "show", "1"}, verb::replay_show},
      {{"replays", "pause", "1"}, verb::replay_pause},
      {{"replays", "resume", "1"}, verb::replay_resume},
      {{"replays", "stop", "1"}, verb::replay_stop},
      {{"reload"}, verb::reload},
      {{"topology"}, verb::topology},
      {{"events"}, verb::events}};
  for (const auto& [words, what] : all) {
    INFO(words[0]);
    CHECK(asked(words).what == what);
  }
}

TEST_CASE("options go where they belong") {
  const ask_command list = asked({"list", "--route", "r", "--header", "a:b", "--header", "c", "--limit", "0",
                                  "--json", "--admin", "unix:/x", "-c", "f.yaml", "--token-file", "t"});
  CHECK(list.by.route == "r");
  CHECK(list.by.headers == std::vector<std::string>{"a:b", "c"});
  CHECK(list.limit == 0);
  CHECK(list.json);
  CHECK(list.where.admin == "unix:/x");
  CHECK(list.where.config == "f.yaml");
  CHECK(list.where.token_file == "t");
  CHECK(asked({"list"}).limit == default_limit);

  const ask_command replay = asked({"dead", "replay", "d", "1", "2", "--rate", "2.5", "--canary", "3",
                                    "--to-queue", "q", "--yes", "--detach"});
  CHECK(replay.name == "d");
  CHECK(replay.ids == std::vector<std::string>{"1", "2"});
  CHECK(replay.replay.rate == 2.5);
  CHECK(replay.replay.canary == 3);
  CHECK(replay.yes);
  CHECK(replay.replay.detach);
}

TEST_CASE("an option that may be repeated takes one word, and leaves the next for what it is") {
  const ask_command scheduled = asked({"schedule", "--queue", "q", "--delay", "1h", "--header", "tenant=acme",
                                       "--property", "type=order", "a=b"});
  CHECK(scheduled.message.headers == std::vector<std::string>{"tenant=acme"});
  CHECK(scheduled.message.properties == std::vector<std::string>{"type=order"});
  CHECK(scheduled.message.body == "a=b");
  const ask_command cancelled = asked({"cancel", "--header", "tenant:acme", "1-2-3"});
  CHECK(cancelled.by.headers == std::vector<std::string>{"tenant:acme"});
  CHECK(cancelled.ids == std::vector<std::string>{"1-2-3"});
  const ask_command listed = asked({"dead", "list", "--header", "n:3", "orders"});
  CHECK(listed.name == "orders");
  CHECK(listed.by.headers == std::vector<std::string>{"n:3"});
}

TEST_CASE("what would be left out without a word is refused") {
  const std::vector<std::vector<const char*>> all{
      {"schedule", "--queue", "q", "--body-file", "f", "body"},
      {"schedule", "--ndjson", "f", "--route", "r"},
      {"schedule", "--ndjson", "f", "--queue", "q"},
      {"schedule", "--ndjson", "f", "--exchange", "x"},
      {"schedule", "--ndjson", "f", "--routing-key", "k"},
      {"schedule", "--ndjson", "f", "--delay", "1h"},
      {"schedule", "--ndjson", "f", "--due", "2026-11-27T09:00:00Z"},
      {"schedule", "--ndjson", "f", "--header", "a=b"},
      {"schedule", "--ndjson", "f", "--property", "type=t"},
      {"schedule", "--ndjson", "f", "--idempotency-key", "k"},
      {"schedule", "--ndjson", "f", "--body-file", "g"},
      {"schedule", "--ndjson", "f", "body"},
      {"cancel", "--all", "--route", "r"},
      {"dead", "list", "--reason", "nacked"},
      {"dead", "list", "--state", "trash"},
      {"dead", "replay", "d", "--all", "--rate", "0"},
      {"dead", "replay", "d", "--all", "--rate", "-1"},
      {"dead", "replay", "d", "--all", "--canary", "0"},
      {"dead", "replay", "d", "--all", "--limit", "0"}};
  for (const std::vector<const char*>& words : all) {
    std::string line;
    for (const char* const word : words)
      line += std::string{word} + " ";
    INFO(line);
    const command got = parsed(words);
    const auto* const printed = std::get_if<print_and_exit>(&got);
    CHECK((printed != nullptr && printed->code == bad_usage));
  }
}

TEST_CASE("what is done to a store's file, and what is checked, planned and run") {
  CHECK(std::get<store_command>(parsed({"store", "check", "f"})).what == store_command::kind::check);
  const auto backup = std::get<store_command>(parsed({"store", "backup", "f", "g"}));
  CHECK(backup.what == store_command::kind::backup);
  CHECK(backup.file == "f");
  CHECK(backup.to == "g");
  CHECK(std::get<store_command>(parsed({"store", "export", "f"})).what ==
        store_command::kind::export_messages);
  CHECK(std::get<check_command>(parsed({"check", "f"})).file == "f");
  CHECK_FALSE(std::get<topology_command>(parsed({"plan", "f"})).apply);
  CHECK(std::get<topology_command>(parsed({"apply", "f", "--json"})).apply);
  CHECK(std::get<run_command>(parsed({"run", "-c", "f", "--log-format", "json"})).json_log);
}

TEST_CASE("a mistake is told, with what there is") {
  CHECK_THAT(refusal({"lst"}), Catch::Contains("lst is no command; there are run, check"));
  CHECK_THAT(refusal({"dead", "drop"}),
             Catch::Contains("drop is no command; there are list, show, groups, replay"));
  CHECK_THAT(refusal({"show"}), Catch::Contains("ids is required"));
  CHECK_THAT(refusal({"list", "--nix"}), Catch::Contains("--nix"));
  CHECK_THAT(refusal({"dead", "replay", "d", "--rate", "fast"}), Catch::Contains("fast"));
  CHECK_THAT(refusal({"completion", "tcsh"}), Catch::Contains("tcsh"));
}

TEST_CASE("help and version are printed, and are no mistake") {
  const auto version = std::get<print_and_exit>(parsed({"--version"}));
  CHECK(version.code == success);
  CHECK(version.text == "postponed 1 (x)\n");
  const auto help = std::get<print_and_exit>(parsed({"dead", "replay", "--help"}));
  CHECK(help.code == success);
  CHECK_THAT(help.text, Catch::Contains("--canary N"));
  CHECK_THAT(help.text, Catch::Contains("Example"));
}
