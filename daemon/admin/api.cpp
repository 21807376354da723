#include "admin/api.hpp"

#include "admin/api_answers.hpp"
#include "admin/problems.hpp"
#include "admin/routes.hpp"
#include "admin/text_forms.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace postponed::admin {

namespace {

std::string names_of(const std::vector<relay::watched_state>& all) {
  std::string list;
  for (const relay::watched_state& each : all)
    list += (list.empty() ? "" : ", ") + each.name;
  return list;
}

} // namespace

unsigned status_of(failure::kind what) {
  switch (what) {
  case failure::kind::not_found:
    return 404;
  case failure::kind::conflict:
    return 409;
  case failure::kind::invalid:
    return 422;
  case failure::kind::unavailable:
    return 503;
  case failure::kind::failed:
    break;
  }
  return 500;
}

response json_response(const boost::json::value& body, unsigned status) {
  return {status, "application/json", boost::json::serialize(body) + "\n", {}};
}

boost::json::array strings(const std::vector<std::string>& from) {
  boost::json::array to;
  for (const std::string& each : from)
    to.emplace_back(shown_text(each));
  return to;
}

response problem(const failure& from) {
  return problem(status_of(from.what), from.why);
}

api::api(std::function<snapshot()> take, control& over, audit_log audit, message_control* messages)
    : take_{std::move(take)}, over_{over}, messages_{messages}, audit_{std::move(audit)} {
  add_pages(table_, take_);
  add_problem_pages(table_);
  add_reading();
  add_changing();
  add_replays();
  add_daemon();
  if (messages_ == nullptr) return;
  add_messages();
  add_scheduling();
  add_calendar();
}

void api::handle(request asked, reply done) const {
  // To pass over a query would be to pass over a filter or a dry_run in it.
  const std::size_t mark = asked.target.find('?');
  if (asked.method == "POST" && mark < asked.target.size() - 1)
    return done(problem(400, "a POST takes no query; what was meant by " + asked.target.substr(mark) +
                                 " belongs into its body, as JSON"));
  table_.handle(std::move(asked), std::move(done));
}

stream_handler api::stream_for(const request& head) const {
  if (head.method == "POST" && head.target.find('?') != std::string::npos) return {}; // handle() refuses it
  return table_.stream_for(head);
}

void api::tell_events_of(event_feed& feed) {
  table_.add_stream("GET", "/api/v1/events",
                    [&feed](const call& from, const std::shared_ptr<exchange>& with) {
                      serve_events(feed, from.asked, with);
                    });
}

void api::audit(std::string_view what, const request& asked, log::fields more) const {
  if (!who_asks(asked).ends_with(asked.remote)) more.insert(more.begin(), {"from", asked.remote});
  more.insert(more.begin(), {"who", who_asks(asked)});
  audit_(what, more);
}

void api::with_dead_letter(std::string name, reply done,
                           std::function<void(std::optional<relay::watched_state>, reply)> then) const {
  const snapshot now = take_();
  const auto known = std::find_if(now.dead_letters.begin(), now.dead_letters.end(),
                                  [&](const relay::watched_state& each) { return each.name == name; });
  if (known != now.dead_letters.end()) return then(*known, std::move(done));
  const std::string names = names_of(now.dead_letters);
  over_.totals([name = std::move(name), names, done = std::move(done),
                then = std::move(then)](outcome<std::vector<store::letter_totals>> got) {
    if (!got) return done(problem(got.error()));
    const bool left = std::any_of(got->begin(), got->end(),
                                  [&](const store::letter_totals& each) { return each.dead_letter == name; });
    if (left) return then(std::nullopt, done);
    done(problem(404, "there is no dead letter " + name +
                          (names.empty() ? "; the configuration has none" : "; there are " + names)));
  });
}

} // namespace postponed::admin
