#include "admin/api.hpp"
#include "admin/api_answers.hpp"
#include "admin/json_reader.hpp"
#include "admin/problems.hpp"
#include "admin/text_forms.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace postponed::admin {

namespace json = boost::json;

namespace {

response reloaded(const reload_outcome& how) {
  json::object to;
  if (!how.ok) {
    const problem_kind& kind = problem_kind_named("bad-configuration");
    to["type"] = type_of(kind);
    to["title"] = kind.title;
    to["status"] = kind.status;
    to["detail"] = "the configuration has errors; the former one stays in force";
  }
  to["ok"] = how.ok;
  to["errors"] = strings(how.errors);
  to["warnings"] = strings(how.warnings);
  response answer = json_response(to, how.ok ? 200 : 422);
  if (!how.ok) answer.content_type = "application/problem+json";
  return answer;
}

response differences_response(const std::vector<topology_difference>& found) {
  json::array all;
  for (const topology_difference& each : found)
    all.push_back(json::object{{"what", each.what},
                               {"name", shown_text(each.name)},
                               {"kind", each.kind},
                               {"have", shown_text(each.have)},
                               {"want", shown_text(each.want)}});
  return json_response(json::object{{"same", found.empty()}, {"differences", std::move(all)}});
}

// Empty: there is such a route, in the file or with messages held.
std::string no_such_route(const snapshot& shown, const std::string& name) {
  std::string list;
  for (const route_state& each : shown.routes) {
    if (each.name == name) return {};
    list += (list.empty() ? "" : ", ") + each.name;
  }
  if (shown.counters.routes.contains(name)) return {};
  return "there is no route " + name + "; there are " + list;
}

} // namespace

void api::add_daemon() {
  for (const bool pauses : {true, false})
    table_.add(
        "POST", pauses ? "/api/v1/routes/{name}/pause" : "/api/v1/routes/{name}/resume",
        [this, pauses](const call& from, reply done) {
          std::string wrong;
          const auto given = body_object(from.asked.body, true, wrong);
          if (!given) return done(problem(400, wrong));
          json_reader reader{*given, "the request", {"why"}, wrong};
          const std::string why = reader.text("why").value_or("");
          if (!wrong.empty()) return done(problem(400, wrong));
          const std::string& name = from.names[0];
          if (const std::string missing = no_such_route(take_(), name); !missing.empty())
            return done(problem(404, missing));
          over_.pause_route(
              name, pauses, who_asks(from.asked), why,
              or_problem<void>(std::move(done), [this, pauses, name, why, asked = from.asked] {
                audit(pauses ? "route paused" : "route resumed", asked, {{"route", name}, {"why", why}});
                return json_response(json::object{{"route", name}, {"paused", pauses}});
              }));
        });
  table_.add("POST", "/api/v1/reload", [this](const call& from, reply done) {
    std::string wrong;
    if (!no_body(from.asked.body, wrong)) return done(problem(400, wrong));
    over_.reload(
        who_asks(from.asked),
        or_problem<reload_outcome>(std::move(done), [this, asked = from.asked](const reload_outcome& how) {
          audit("reload", asked, {{"done", how.ok ? "true" : "false"}});
          return reloaded(how);
        }));
  });
  table_.add("GET", "/api/v1/topology", [this](const call&, reply done) {
    over_.topology(or_problem<std::vector<topology_difference>>(std::move(done), differences_response));
  });
  table_.add("GET", "/api/v1/whoami", [](const call& from, const reply& done) {
    done(json_response(
        json::object{{"name", shown_text(who_asks(from.asked))},
                     {"role", from.asked.who.may == role::operates ? "operator" : "read-only"}}));
  });
}

} // namespace postponed::admin
