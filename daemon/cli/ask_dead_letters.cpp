// dead list, show, groups, replay, discard, restore; replays.
#include "cli/ask_parts.hpp"
#include "cli/conversation.hpp"
#include "cli/exit_codes.hpp"
#include "cli/json_view.hpp"

#include <boost/json/object.hpp>
#include <fmt/core.h>

#include <chrono>
#include <thread>

namespace postponed::cli {

namespace json = boost::json;

namespace {

constexpr std::chrono::milliseconds between_looks{300};

// Messages of one dead letter; of a queue that is not collected there is one page, and the daemon knows how
// many may be looked at.
int list_letters(conversation& with) {
  parameters filter = letter_query(with.asked().by);
  if (!with.asked().by.from.empty()) filter.emplace_back("from", with.asked().by.from);
  const bool more =
      show_pages(with, {"dead-letters", with.asked().name, "messages"}, filter, letters_view, true);
  if (more && !with.wants_json()) with.person().tell("There are more: --limit N, or 0 for all.");
  return success;
}

int list(conversation& with) {
  if (!with.asked().name.empty()) return list_letters(with);
  show_list(with, with.get(target({"dead-letters"})), "dead_letters", dead_letters_view);
  return success;
}

int groups(conversation& with) {
  const std::string where =
      target({"dead-letters", with.asked().name, "groups"}, letter_query(with.asked().by));
  show_list(with, with.get(where), "groups", groups_view);
  return success;
}

// Everything is meant only by who says so.
void need_selection(const ask_command& asked) {
  if (asked.ids.empty() && !is_filtered(asked.by) && !asked.by.all)
    throw failure{bad_usage, "say which: ids, or a filter (--reason, --group, --older-than ..), or --all"};
}

int change(conversation& with, const std::string& path, std::string_view done) {
  const std::string where = target({"dead-letters", with.asked().name, path});
  const json::object body = letter_selection(with.asked().by, with.asked().ids);
  need_selection(with.asked());
  int code = success;
  if (!agreed(with, where, body, done, code)) return code;
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
  need_selection(with.asked());
  int code = success;
  if (!agreed(with, where, body, "sent again", code)) return code;
  const json::value job = with.send("POST", where, body);
  if (!with.asked().replay.detach) return attend(with, job);
  with.show(job, replay_view(job, with.as()));
  return success;
}

int replays(conversation& with) {
  show_list(with, with.get(target({"replays"})), "replays", replays_view);
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
    return show_ids(with, {"dead-letters", with.asked().name, "messages"}, letter_view);
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
