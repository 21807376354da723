// The views of dead letters and of what was sent again.
#include "cli/json_view.hpp"
#include "cli/view_parts.hpp"
#include "cli/views.hpp"

#include <fmt/format.h>

namespace postponed::cli {

namespace json = boost::json;

namespace {

std::string alerts_of(const json::value& from) {
  std::string to;
  for (const json::value& each : array_at(from, "alerts"))
    to += (to.empty() ? "" : ", ") + text_at(each, "kind");
  if (flag_at(from, "missing")) to += (to.empty() ? "" : ", ") + std::string{"missing"};
  if (number_at(from, "blocked") > 0 || flag_at(from, "blocked"))
    to += (to.empty() ? "" : ", ") + std::string{"blocked"};
  return to;
}

std::string total_of(const json::value& job) {
  return has(job, "total") ? fmt::format("{} of {}", count_text(number_at(job, "done")),
                                         count_text(number_at(job, "total")))
                           : count_text(number_at(job, "done"));
}

} // namespace

std::string dead_letters_view(const json::value& list, const look& as) {
  table to{{{"DEAD LETTER"},
            {"QUEUE"},
            {"COLLECTED"},
            {"DEPTH", true},
            {"STORE", true},
            {"TRASH", true},
            {"OLDEST", true},
            {"PER MINUTE", true},
            {"ALERTS"}},
           {}};
  for (const json::value& each : array_at(list, "dead_letters")) {
    const json::value store = object_at(each, "store");
    const bool known = has(each, "store");
    const std::string alerts = alerts_of(each);
    to.rows.push_back(
        {text_at(each, "name"), dash(text_at(each, "queue")), flag_at(each, "collect") ? "yes" : "no",
         has(each, "depth") ? count_text(number_at(each, "depth")) : "-",
         known ? count_text(number_at(store, "kept")) : "-",
         known ? count_text(number_at(store, "trash")) : "-",
         has(each, "oldest") ? seconds_text(static_cast<std::int64_t>(number_at(each, "oldest_age_seconds")))
                             : "-",
         has(each, "rate_per_minute") ? text_at(each, "rate_per_minute") : "-",
         coloured(dash(alerts), alerts.empty() ? 0 : 31, as)});
  }
  return to.rows.empty() ? "The configuration has no dead letters.\n" : to.text(as.bold);
}

std::string letters_view(const json::value& page, const look& as) {
  if (text_at(page, "from") == "queue") { // not collected: as they lie in the queue
    std::string to;
    std::size_t at = 0;
    for (const json::value& each : array_at(page, "messages")) {
      to += coloured(fmt::format("--- {} from the head of the queue ---", ++at), 1, as) + "\n";
      to += came_with(each) + "\n" + content_view(each, as);
    }
    if (has(page, "warning")) to += "Warning: " + text_at(page, "warning") + "\n";
    return to.empty() ? "The queue is empty.\n" : to;
  }
  table to{{{"ID", true},
            {"DIED"},
            {"ROUTE"},
            {"REASON"},
            {"ERROR", false, 60},
            {"QUEUE"},
            {"REPLAYS", true},
            {"SIZE", true}},
           {}};
  for (const json::value& each : array_at(page, "messages"))
    to.rows.push_back({text_at(each, "id"), relative(raw_text_at(each, "died"), as.now),
                       dash(text_at(each, "route")), dash(text_at(each, "reason")),
                       dash(text_at(each, "error")), dash(text_at(each, "origin_queue")),
                       text_at(each, "replays"), bytes_text(number_at(each, "bytes"))});
  return to.rows.empty() ? "None.\n" : to.text(as.bold);
}

std::string letter_view(const json::value& letter, const look& as) {
  facts to;
  to.add("id", text_at(letter, "id"));
  to.add("state", text_at(letter, "state"));
  to.add("reason", text_at(letter, "reason"));
  to.add("error", text_at(letter, "error"));
  to.add("route", text_at(letter, "route"));
  to.add("died", time_with_relative(letter, "died", as));
  to.add("died in", text_at(letter, "origin_queue"));
  to.add("first seen", time_with_relative(letter, "first_seen", as));
  to.add("discarded", time_with_relative(letter, "discarded", as));
  to.add("came with", came_with(letter));
  to.add("attempt", text_at(letter, "attempt"));
  to.add("replays", text_at(letter, "replays"));
  to.add("group", text_at(letter, "group"));
  to.add("size", bytes_text(number_at(letter, "bytes")));
  return to.text(as) + content_view(object_at(letter, "message"), as);
}

std::string groups_view(const json::value& groups, const look& as) {
  table to{{{"GROUP"}, {"MESSAGES", true}, {"LAST"}, {"ROUTE"}, {"REASON"}, {"ERROR", false, 80}}, {}};
  for (const json::value& each : array_at(groups, "groups"))
    to.rows.push_back({text_at(each, "group"), count_text(number_at(each, "messages")),
                       relative(raw_text_at(each, "last_died"), as.now), dash(text_at(each, "route")),
                       dash(text_at(each, "reason")), dash(text_at(each, "error"))});
  return to.rows.empty() ? "None.\n" : to.text(as.bold);
}

std::string replay_view(const json::value& job, const look& as) {
  facts to;
  to.add("id", text_at(job, "id"));
  to.add("dead letter", text_at(job, "dead_letter"));
  to.add("kind", text_at(job, "kind"));
  to.add("state", text_at(job, "state"));
  to.add("sent", total_of(job));
  to.add("skipped", number_at(job, "skipped") > 0 ? text_at(job, "skipped") : "");
  to.add("error", text_at(job, "error"));
  to.add("rate", has(job, "rate") ? text_at(job, "rate") + "/s" : "");
  to.add("canary", text_at(job, "canary"));
  to.add("begun", time_with_relative(job, "created", as));
  to.add("changed", time_with_relative(job, "updated", as));
  return to.text(as);
}

std::string replays_view(const json::value& list, const look& as) {
  table to{{{"ID", true},
            {"DEAD LETTER"},
            {"KIND"},
            {"STATE"},
            {"SENT", true},
            {"BEGUN"},
            {"CHANGED"},
            {"ERROR", false, 60}},
           {}};
  for (const json::value& each : array_at(list, "replays"))
    to.rows.push_back({text_at(each, "id"), text_at(each, "dead_letter"), text_at(each, "kind"),
                       text_at(each, "state"), total_of(each), relative(raw_text_at(each, "created"), as.now),
                       relative(raw_text_at(each, "updated"), as.now), text_at(each, "error")});
  return to.rows.empty() ? "None.\n" : to.text(as.bold);
}

} // namespace postponed::cli
