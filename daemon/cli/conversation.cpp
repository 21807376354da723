#include "cli/conversation.hpp"

#include "cli/exit_codes.hpp"
#include "cli/json_view.hpp"
#include "cli/view_parts.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/core.h>

#include <chrono>

namespace postponed::cli {

namespace json = boost::json;

namespace {

json::value result_of(const http_client::answer& from) {
  if (from.status < 200 || from.status > 299) throw refusal(from);
  boost::system::error_code error;
  json::value value = json::parse(from.body, error);
  if (error)
    throw failure{no_answer,
                  fmt::format("what answers is no postponed: {} {}", from.status, from.content_type)};
  return value;
}

} // namespace

failure refusal(const http_client::answer& from) {
  boost::system::error_code error;
  const json::value said = json::parse(from.body, error);
  std::string text = error || !has(said, "title")
                         ? fmt::format("the daemon answers {}: {}", from.status, on_one_line(from.body))
                         : fmt::format("{}: {}", text_at(said, "title"), text_at(said, "detail"));
  for (const json::value& each : array_at(said, "errors"))
    text += "\n" + text_of(each);
  if (from.status == 401) text += "\nGive a token with --token-file FILE or in POSTPONED_TOKEN.";
  const bool configuration = raw_text_at(said, "type").ends_with("/bad-configuration");
  return failure{configuration ? bad_configuration : refused, text};
}

look conversation::as() const {
  return {std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()),
          person_.colours()};
}

json::value conversation::get(const std::string& target) const {
  return result_of(client_.ask("GET", target));
}

json::value conversation::send(std::string_view method, const std::string& target, const json::value& body,
                               const std::string& idempotency_key) const {
  return result_of(
      client_.ask(method, target, body.is_null() ? std::string{} : json::serialize(body), idempotency_key));
}

void conversation::show(const json::value& result, const std::string& text) const {
  person_.print(asked_.json ? json_line(result) : text);
}

int perform(const ask_command& asked, endpoint where) {
  conversation with{asked, std::move(where)};
  switch (asked.what) {
  case verb::list:
  case verb::show:
  case verb::schedule:
  case verb::cancel:
  case verb::reschedule:
  case verb::release:
  case verb::calendar:
    return ask_about_messages(with);
  case verb::dead_list:
  case verb::dead_show:
  case verb::dead_groups:
  case verb::dead_replay:
  case verb::dead_discard:
  case verb::dead_restore:
  case verb::replays:
  case verb::replay_show:
  case verb::replay_pause:
  case verb::replay_resume:
  case verb::replay_stop:
    return ask_about_dead_letters(with);
  case verb::status:
  case verb::whoami:
  case verb::routes:
  case verb::route_pause:
  case verb::route_resume:
  case verb::reload:
  case verb::topology:
  case verb::events:
    break;
  }
  return ask_about_daemon(with);
}

} // namespace postponed::cli
