#include "admin/api.hpp"
#include "admin/api_answers.hpp"
#include "admin/api_bodies.hpp"
#include "admin/json_reader.hpp"
#include "admin/letters_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <charconv>

namespace postponed::admin {

namespace json = boost::json;

namespace {

response dry_run(std::uint64_t messages, std::uint64_t limit) {
  const std::uint64_t sent = limit > 0 ? std::min(limit, messages) : messages;
  return json_response(json::object{{"messages", sent}, {"dry_run", true}});
}

response begun(const api& on, const request& asked, const std::string& name, const store::job& job) {
  on.audit(job.what == store::job::kind::drain ? "drain of a dead-letter queue begun"
                                               : "replay of dead letters begun",
           asked,
           {{"job", std::to_string(job.id)}, {"dead_letter", name}, {"messages", std::to_string(job.total)}});
  response answer = json_response(job_json(job), 202);
  answer.headers.emplace_back("Location", "/api/v1/replays/" + std::to_string(job.id));
  return answer;
}

void replay(const api& on, const replay_order& order, const request& asked, const std::string& name,
            const std::optional<relay::watched_state>& known, reply done) {
  const bool collected = !known || known->collect;
  const bool drains = order.drain.value_or(!collected);
  if (drains && collected)
    return done(problem(409, name + " is collected: its messages are in the store; leave out from"));
  if (drains && order.selective)
    return done(problem(400, name + " is not collected: its queue is sent again from the head, with to, "
                                    "rate, canary and limit alone; collect: true in the configuration "
                                    "makes its messages selectable"));
  if (order.dry_run && !drains)
    return on.over().count(order.spec.by, or_problem<std::uint64_t>(
                                              std::move(done), [limit = order.spec.limit](std::uint64_t all) {
                                                return dry_run(all, limit);
                                              }));
  if (order.dry_run && !known->known)
    return done(problem(503, "how many messages " + name + " has is not known yet" +
                                 (known->problem.empty() ? "" : ": " + known->problem)));
  if (order.dry_run) return done(dry_run(known->depth, order.spec.limit));
  on.over().replay(drains ? store::job::kind::drain : store::job::kind::replay, name, order.spec,
                   or_problem<store::job>(std::move(done), [&on, asked, name](const store::job& job) {
                     return begun(on, asked, name, job);
                   }));
}

// The job's id; 0 where it is none.
std::int64_t id_from(const std::string& text) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  return error == std::errc{} && end == text.data() + text.size() && id > 0 ? id : 0;
}

response no_such_job(const std::string& id) {
  return problem(404, "there is no replay " + id + "; /api/v1/replays lists those that there are");
}

struct named_change {
  std::string_view path, logged;
  job_change to;
};

} // namespace

void api::add_replays() {
  table_.add("POST", "/api/v1/dead-letters/{name}/replay", [this](const call& from, reply done) {
    std::string wrong;
    const auto order = replay_from(from.asked.body, from.names[0], take_().now, wrong);
    if (!order) return done(problem(400, wrong));
    with_dead_letter(from.names[0], std::move(done),
                     [this, order = *order, asked = from.asked,
                      name = from.names[0]](const std::optional<relay::watched_state>& known, reply answer) {
                       replay(*this, order, asked, name, known, std::move(answer));
                     });
  });
  table_.add("GET", "/api/v1/replays", [this](const call&, reply done) {
    over_.jobs(or_problem<std::vector<store::job>>(std::move(done), [](const std::vector<store::job>& jobs) {
      json::array all;
      for (const store::job& each : jobs)
        all.push_back(job_json(each));
      return json_response(json::object{{"replays", std::move(all)}});
    }));
  });
  table_.add("GET", "/api/v1/replays/{id}", [this](const call& from, reply done) {
    over_.job(id_from(from.names[0]),
              or_problem<std::optional<store::job>>(
                  std::move(done), [id = from.names[0]](const std::optional<store::job>& found) {
                    return found ? json_response(job_json(*found)) : no_such_job(id);
                  }));
  });
  for (const named_change& each : {named_change{"pause", "replay paused", job_change::pause},
                                   named_change{"resume", "replay resumed", job_change::resume},
                                   named_change{"stop", "replay stopped", job_change::stop}})
    table_.add(
        "POST", "/api/v1/replays/{id}/" + std::string{each.path}, [this, each](const call& from, reply done) {
          const std::int64_t id = id_from(from.names[0]);
          if (id == 0) return done(no_such_job(from.names[0]));
          std::string wrong;
          if (!no_body(from.asked.body, wrong)) return done(problem(400, wrong));
          over_.change_job(id, each.to,
                           or_problem<store::job>(
                               std::move(done), [this, each, asked = from.asked](const store::job& job) {
                                 audit(each.logged, asked, {{"job", std::to_string(job.id)}});
                                 return json_response(job_json(job));
                               }));
        });
}

} // namespace postponed::admin
