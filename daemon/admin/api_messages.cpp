// Held messages: listed, looked at, cancelled, moved, released.
#include "admin/api.hpp"
#include "admin/api_answers.hpp"
#include "admin/held_json.hpp"
#include "admin/json_reader.hpp"
#include "admin/message_bodies.hpp"

#include <utility>

namespace postponed::admin {

namespace json = boost::json;

namespace {

using kind = message_change::kind;

std::string_view logged_as(kind what) {
  switch (what) {
  case kind::cancel:
    return "message cancelled";
  case kind::reschedule:
    return "message rescheduled";
  case kind::release:
    break;
  }
  return "message released";
}

std::string_view logged_as_many(kind what) {
  switch (what) {
  case kind::cancel:
    return "messages cancelled";
  case kind::reschedule:
    return "messages rescheduled";
  case kind::release:
    break;
  }
  return "messages released";
}

// Else answers 404: what is no id was never given.
std::optional<held_id> id_of(const call& from, const reply& done) {
  auto id = held_id_from(from.names[0]);
  if (!id) done(problem(404, "there is no message " + from.names[0] + "; an id is as postponed-id has it"));
  return id;
}

void change_one(const api& on, const call& from, const message_change& to, reply done) {
  const auto id = id_of(from, done);
  if (!id) return;
  on.messages().change(
      *id, to,
      or_problem<message_view>(std::move(done), [&on, to, id, asked = from.asked](const message_view& got) {
        log::fields more{{"id", to_string(*id)}};
        if (got.record) more.emplace_back("route", got.record->route);
        if (got.record && to.what != kind::cancel)
          more.emplace_back("due", proto::format_rfc3339(got.record->due));
        on.audit(logged_as(to.what), asked, std::move(more));
        json::object body = got.record ? held_json(*got.record, got.bytes) : view_json(*id, got);
        if (to.what == kind::cancel) body["state"] = "cancelled";
        return json_response(body);
      }));
}

void change_many(const api& on, kind what, const call& from, reply done) {
  std::string wrong;
  auto order = bulk_from(what, from.asked.body, wrong);
  if (!order) return done(problem(400, wrong));
  on.messages().change_all(
      order->which, order->to,
      or_problem<bulk_outcome>(std::move(done), [&on, what, dry = order->which.dry_run,
                                                 asked = from.asked](const bulk_outcome& got) {
        json::object body{{"messages", got.matched}, {"dry_run", dry}};
        if (dry) return json_response(body);
        body["changed"] = got.changed;
        body["missed"] = got.missed;
        on.audit(logged_as_many(what), asked,
                 {{"messages", std::to_string(got.matched)}, {"changed", std::to_string(got.changed)}});
        return json_response(body);
      }));
}

} // namespace

void api::add_messages() {
  table_.add("GET", "/api/v1/messages", [this](const call& from, reply done) {
    std::string wrong;
    const auto asked = message_listing_from(from.query, wrong);
    if (!asked) return done(problem(400, wrong));
    messages().list(asked->by, asked->after, asked->limit,
                    or_problem<store::message_page<store::held_summary>>(
                        std::move(done), [](const store::message_page<store::held_summary>& page) {
                          return json_response(page_json(page));
                        }));
  });
  table_.add("GET", "/api/v1/messages/{id}", [this](const call& from, const reply& done) {
    const auto id = id_of(from, done);
    if (!id) return;
    messages().get(*id, or_problem<message_view>(done, [id](const message_view& got) {
      return json_response(view_json(*id, got));
    }));
  });
  table_.add("DELETE", "/api/v1/messages/{id}", [this](const call& from, reply done) {
    std::string wrong;
    if (!no_body(from.asked.body, wrong)) return done(problem(400, wrong));
    change_one(*this, from, {kind::cancel, {}, {}}, std::move(done));
  });
  table_.add("PATCH", "/api/v1/messages/{id}", [this](const call& from, reply done) {
    std::string wrong;
    const auto to = reschedule_from(from.asked.body, wrong);
    if (!to) return done(problem(400, wrong));
    change_one(*this, from, *to, std::move(done));
  });
  table_.add("POST", "/api/v1/messages/{id}/release", [this](const call& from, reply done) {
    std::string wrong;
    if (!no_body(from.asked.body, wrong)) return done(problem(400, wrong));
    change_one(*this, from, {kind::release, {}, {}}, std::move(done));
  });
  for (const auto& [path, what] : {std::pair{"/api/v1/messages/cancel", kind::cancel},
                                   std::pair{"/api/v1/messages/reschedule", kind::reschedule},
                                   std::pair{"/api/v1/messages/release", kind::release}})
    table_.add("POST", path, [this, to = what](const call& from, reply done) {
      change_many(*this, to, from, std::move(done));
    });
}

} // namespace postponed::admin
