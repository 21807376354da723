#include "cli/ask_parts.hpp"

#include "cli/exit_codes.hpp"
#include "cli/json_view.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace postponed::cli {

namespace json = boost::json;

namespace {

constexpr std::uint64_t page_size = 1000; // the most that the API lists at once

} // namespace

void show_list(conversation& with, const json::value& got, std::string_view key, view by) {
  if (!with.wants_json()) return with.person().print(by(got, with.as()));
  for (const json::value& each : array_at(got, key))
    with.person().print(json_line(each));
}

bool show_pages(conversation& with, const std::vector<std::string>& path, const parameters& filter, view by,
                bool limit_unsaid) {
  const std::uint64_t limit = with.asked().limit; // 0: all
  std::uint64_t shown = 0;
  std::string after;
  bool more = true;
  while (more && (limit == 0 || shown < limit)) {
    parameters query = filter;
    if (!limit_unsaid || limit != default_limit || !after.empty())
      query.emplace_back("limit",
                         std::to_string(limit == 0 ? page_size : std::min(page_size, limit - shown)));
    if (!after.empty()) query.emplace_back("after", after);
    const json::value page = with.get(target(path, query));
    const std::size_t on_page = array_at(page, "messages").size();
    if (with.wants_json() || on_page > 0 || shown == 0) show_list(with, page, "messages", by);
    shown += on_page;
    after = raw_text_at(page, "next");
    more = !after.empty();
  }
  return more;
}

int show_ids(conversation& with, const std::vector<std::string>& path, view by) {
  for (const std::string& id : with.asked().ids) {
    std::vector<std::string> whole = path;
    whole.push_back(id);
    const json::value got = with.get(target(whole));
    with.show(got, by(got, with.as()));
  }
  return success;
}

std::optional<std::uint64_t> agreed(conversation& with, const std::string& where, json::object body,
                                    std::string_view done, int& code) {
  body["dry_run"] = true;
  const json::value got = with.send("POST", where, body);
  const std::uint64_t count = number_at(got, "messages");
  const std::string messages = counted(count, "message");
  if (with.asked().dry_run || count == 0) {
    with.show(got, fmt::format("{} would be {}.\n", messages, done));
    code = success;
    return std::nullopt;
  }
  if (with.asked().yes || with.person().confirm(fmt::format("{} will be {}. Go on?", messages, done)))
    return count;
  with.person().tell("Nothing was done.");
  code = bad_usage;
  return std::nullopt;
}

} // namespace postponed::cli
