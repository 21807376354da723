// list, show, schedule, cancel, reschedule, release, calendar.
#include "cli/ask_parts.hpp"
#include "cli/conversation.hpp"
#include "cli/exit_codes.hpp"
#include "cli/input.hpp"
#include "cli/json_view.hpp"
#include "cli/view_parts.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <fmt/core.h>

namespace postponed::cli {

namespace json = boost::json;

namespace {

int list(conversation& with) {
  const bool more = show_pages(with, {"messages"}, message_query(with.asked().by), messages_view, false);
  if (more && !with.wants_json())
    with.person().tell(fmt::format("There are more: --limit {}, or 0 for all.", with.asked().limit * 10));
  return success;
}

struct change {
  std::string_view method; // of one
  std::string_view path;   // of many, and of one where `method` is POST
  std::string_view done;   // cancelled
};

change change_of(verb what) {
  if (what == verb::cancel) return {"DELETE", "cancel", "cancelled"};
  if (what == verb::reschedule) return {"PATCH", "reschedule", "rescheduled"};
  return {"POST", "release", "released"};
}

json::object new_due_of(const ask_command& asked) {
  return asked.what == verb::reschedule ? new_due(asked.delay, asked.due) : json::object{};
}

// One after another; a refusal of one does not keep the others from it.
int change_ids(conversation& with, const change& how) {
  int code = success;
  for (const std::string& id : with.asked().ids) {
    const bool own_path = how.method == "POST";
    const std::string where =
        own_path ? target({"messages", id, std::string{how.path}}) : target({"messages", id});
    const json::object due = new_due_of(with.asked());
    try {
      const json::value got =
          with.send(how.method, where, due.empty() ? json::value(nullptr) : json::value(due));
      with.show(got, fmt::format("{} {}{}\n", id, how.done,
                                 with.asked().what == verb::reschedule
                                     ? ", due " + time_with_relative(got, "due", with.as())
                                     : ""));
    } catch (const failure& why) {
      if (why.exit_code() != refused) throw;
      with.person().tell(fmt::format("{}: {}", on_one_line(id), why.what()));
      code = refused;
    }
  }
  return code;
}

int change_many(conversation& with, const change& how) {
  const ask_command& asked = with.asked();
  if (!is_filtered(asked.by) && !asked.by.all)
    throw failure{bad_usage, "say which: ids, or a filter (--route, --due-until, --header ..), or --all"};
  const std::string where = target({"messages", std::string{how.path}});
  json::object body = new_due_of(asked);
  body["filter"] = message_filter(asked.by);
  int code = success;
  const auto count = agreed(with, where, body, how.done, code);
  if (!count) return code;
  body["count"] = *count;
  const json::value got = with.send("POST", where, body);
  std::string text = fmt::format("{} {}.\n", counted(number_at(got, "changed"), "message"), how.done);
  if (number_at(got, "missed") > 0)
    text += fmt::format("{} went meanwhile, and {} not {}.\n", count_text(number_at(got, "missed")),
                        number_at(got, "missed") == 1 ? "was" : "were", how.done);
  with.show(got, text);
  return success;
}

int change_messages(conversation& with) {
  const ask_command& asked = with.asked();
  const change how = change_of(asked.what);
  if (asked.what == verb::reschedule && asked.delay.empty() == asked.due.empty())
    throw failure{bad_usage, "say when: --delay 1h, or --due 2026-11-27T09:00:00Z; one of the two"};
  if (!asked.ids.empty() && (is_filtered(asked.by) || asked.by.all || asked.dry_run))
    throw failure{bad_usage, "give ids, or a filter; not both"};
  return asked.ids.empty() ? change_many(with, how) : change_ids(with, how);
}

// Result lines of an upload, in pieces as they come.
class result_reader {
 public:
  explicit result_reader(conversation& with) : with_{with} {}
  void feed(std::string_view piece) {
    lines_.feed(piece, [this](std::string_view text) { line(text); });
    if (!with_.wants_json()) with_.person().progress(held_ + refused_, 0);
  }
  std::uint64_t held() const { return held_; }
  std::uint64_t refused_lines() const { return refused_; }

 private:
  void line(std::string_view text) {
    if (with_.wants_json()) with_.person().print(json_line(std::string{text}));
    boost::system::error_code error;
    const json::value result = json::parse(json::string_view{text.data(), text.size()}, error);
    if (has(result, "id")) {
      ++held_;
      return;
    }
    ++refused_;
    if (with_.wants_json()) return;
    with_.person().end_progress();
    with_.person().tell(fmt::format("line {}: {}", text_at(result, "line"), text_at(result, "error")));
  }

  conversation& with_;
  line_splitter lines_;
  std::uint64_t held_ = 0, refused_ = 0;
};

int schedule_lines(conversation& with) {
  input_file lines{with.asked().message.ndjson};
  result_reader results{with};
  const http_client::answer got = with.client().upload(
      target({"messages"}), [&](std::string& piece) { return lines.read(piece); },
      [&](std::string_view piece) { results.feed(piece); });
  with.person().end_progress();
  if (got.status != 200) throw refusal(got);
  if (!with.wants_json())
    with.person().print(fmt::format("{} held, {} refused.\n", counted(results.held(), "message"),
                                    count_text(results.refused_lines())));
  return results.refused_lines() == 0 ? success : refused;
}

int schedule(conversation& with) {
  const schedule_options& from = with.asked().message;
  if (!from.ndjson.empty()) return schedule_lines(with);
  std::string body = from.body;
  if (!from.body_file.empty()) body = input_file{from.body_file}.whole();
  const json::value got =
      with.send("POST", target({"messages"}), message_of(from, std::move(body)), from.idempotency_key);
  with.show(got, fmt::format("{} due {}{}\n", text_at(got, "id"), time_with_relative(got, "due", with.as()),
                             flag_at(got, "repeated") ? "; it was held already" : ""));
  return success;
}

int calendar(conversation& with) {
  const ask_command& asked = with.asked();
  parameters query;
  for (const auto& [name, value] : {std::pair{"per", asked.per}, std::pair{"from", asked.from},
                                    std::pair{"until", asked.until}, std::pair{"route", asked.by.route}})
    if (!value.empty()) query.emplace_back(name, value);
  const json::value got = with.get(target({"calendar"}, query));
  with.show(got, calendar_view(got, with.as()));
  return success;
}

} // namespace

int ask_about_messages(conversation& with) {
  switch (with.asked().what) {
  case verb::show:
    return show_ids(with, {"messages"}, message_view);
  case verb::schedule:
    return schedule(with);
  case verb::calendar:
    return calendar(with);
  case verb::list:
    return list(with);
  default:
    return change_messages(with);
  }
}

} // namespace postponed::cli
