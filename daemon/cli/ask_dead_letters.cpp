// dead list, show, groups, replay, discard, restore; replays.
#include "cli/conversation.hpp"
#include "cli/exit_codes.hpp"
#include "cli/json_view.hpp"

#include <boost/json/object.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace postponed::cli {

namespace json = boost::json;

namespace {

constexpr std::uint64_t page_size = 1000; // the most that the API lists at once
constexpr std::chrono::milliseconds between_looks{300};

// Messages of one dead letter, page by page; of a queue that is not collected there is one page.
int list_letters(conversation& with) {
  const std::uint64_t limit = with.asked().limit; // 0: all
  std::uint64_t shown = 0;
  std::string after;
  bool more = true;
  while (more && (limit == 0 || shown < limit)) {
    parameters query = letter_query(with.asked().by);
    if (!with.asked().by.from.empty()) query.emplace_back("from", with.asked().by.from);
    // Nobody asked for a number: of a queue the daemon knows how many may be looked at.
    if (limit != default_limit || !after.empty())
      query.emplace_back("limit",
                         std::to_string(limit == 0 ? page_size : std::min(page_size, limit - shown)));
    if (!after.empty()) query.emplace_back("after", after);
    const json::value page = with.get(target({"dead-letters", with.asked().name, "messages"}, query));
    const json::array& messages = array_at(page, "messages");
    if (with.wants_json())
      for (const json::value& each : messages)
        with.person().print(json_line(each));
    else if (!messages.empty() || shown == 0)
      with.person().print(letters_view(page, with.as()));
    shown += messages.size();
    after = raw_text_at(page, "next");
    more = !after.empty();
  }
  if (more && !with.wants_json()) with.person().tell("There are more: --limit N, or 0 for all.");
  return success;
}

int list(conversation& with) {
  if (!with.asked().name.empty()) return list_letters(with);
  const json::value got = with.get(target({"dead-letters"}));
  if (!with.wants_json()) {
    with.person().print(dead_letters_view(got, with.as()));
    return success;
  }
  for (const json::value& each : array_at(got, "dead_letters"))
    with.person().print(json_line(each));
  return success;
}

int show(conversation& with) {
  for (const std::string& id : with.asked().ids) {
    const json::value got = with.get(target({"dead-letters", with.asked().name, "messages", id}));
    with.show(got, letter_view(got, with.as()));
  }
  return success;
}

int groups(conversation& with) {
  const json::value got =
      with.get(target({"dead-letters", with.asked().name, "groups"}, letter_query(with.asked().by)));
  if (!with.wants_json()) {
    with.person().print(groups_view(got, with.as()));
    return success;
  }
  for (const json::value& each : array_at(got, "groups"))
    with.person().print(json_line(each));
  return success;
}

// What a selection finds, counted by the daemon; nothing where nothing is to be done.
std::uint64_t counted_by(conversation& with, const std::string& where, json::object body,
                         std::string_view done) {
  const ask_command& asked = with.asked();
  if (asked.ids.empty() && !is_filtered(asked.by) && !asked.by.all)
    throw failure{bad_usage, "say which: ids, or a filter (--reason, --group, --older-than ..), or --all"};
  body["dry_run"] = true;
  const json::value got = with.send("POST", where, body);
  const std::uint64_t count = number_at(got, "messages");
  if (asked.dry_run || count == 0) {
    with.show(got, fmt::format("{} would be {}.\n", counted(count, "message"), done));
    return 0;
  }
  return count;
}

bool may(conversation& with, std::uint64_t count, std::string_view done) {
  if (with.asked().yes ||
      with.person().confirm(fmt::format("{} will be {}. Go on?", counted(count, "message"), done)))
    return true;
  with.person().tell("Nothing was done.");
  return false;
}

int change(conversation& with, const std::string& path, std::string_view done) {
  const std::string where = target({"dead-letters", with.asked().name, path});
  const json::object body = letter_selection(with.asked().by, with.asked().ids);
  const std::uint64_t count = counted_by(with, where, body, done);
  if (count == 0) return success;
  if (!may(with, count, done)) return bad_usage;
  const json::value got = with.send("POST", where, body);
  with.show(got, fmt::format("{} {}.\n", counted(number_at(got, "messages"), "message"), done));
  return success;
}

// Looks at a replay until it ends or waits for somebody.
int attend(conversation& with, json::value job) {
  const std::string id = raw_text_at(job, "id");
  while (raw_text_at(job, "state") == "running") {
    with.person().progress(number_at(job, "done"), number_at(job, "total"));
    std::this_thread::sleep_for(between_looks);
    job = with.get(target({"replays", id}));
  }
  with.person().end_progress();
  with.show(job, replay_view(job, with.as()));
  const std::string state = raw_text_at(job, "state");
  if (state == "canary" || state == "paused")
    with.person().tell(
        fmt::format("It waits: postponed replays resume {}, or postponed replays stop {}.", id, id));
  return state == "failed" ? refused : success;
}

int replay(conversation& with) {
  const std::string where = target({"dead-letters", with.asked().name, "replay"});
  const json::object body = replay_of(with.asked());
  const std::uint64_t count = counted_by(with, where, body, "sent again");
  if (count == 0) return success;
  if (!may(with, count, "sent again")) return bad_usage;
  const json::value job = with.send("POST", where, body);
  if (!with.asked().replay.detach) return attend(with, job);
  with.show(job, replay_view(job, with.as()));
  return success;
}

int replays(conversation& with) {
  const json::value got = with.get(target({"replays"}));
  if (!with.wants_json()) {
    with.person().print(replays_view(got, with.as()));
    return success;
  }
  for (const json::value& each : array_at(got, "replays"))
    with.person().print(json_line(each));
  return success;
}

int change_replay(conversation& with, const std::string& path) {
  const json::value got = with.send("POST", target({"replays", with.asked().name, path}), nullptr);
  with.show(got, replay_view(got, with.as()));
  return success;
}

int show_replay(conversation& with) {
  const json::value got = with.get(target({"replays", with.asked().name}));
  with.show(got, replay_view(got, with.as()));
  return success;
}

} // namespace

int ask_about_dead_letters(conversation& with) {
  switch (with.asked().what) {
  case verb::dead_show:
    return show(with);
  case verb::dead_groups:
    return groups(with);
  case verb::dead_replay:
    return replay(with);
  case verb::dead_discard:
    return change(with, "discard", "discarded to the trash");
  case verb::dead_restore:
    return change(with, "restore", "restored from the trash");
  case verb::replays:
    return replays(with);
  case verb::replay_show:
    return show_replay(with);
  case verb::replay_pause:
    return change_replay(with, "pause");
  case verb::replay_resume:
    return change_replay(with, "resume");
  case verb::replay_stop:
    return change_replay(with, "stop");
  default:
    return list(with);
  }
}

} // namespace postponed::cli
