#include "admin/api.hpp"
#include "admin/api_answers.hpp"
#include "admin/api_bodies.hpp"
#include "admin/json_reader.hpp"
#include "admin/message_json.hpp"

#include <utility>

namespace postponed::admin {

namespace json = boost::json;

namespace {

response counted(std::uint64_t messages, bool dry_run) {
  return json_response(json::object{{"messages", messages}, {"dry_run", dry_run}});
}

// Discard and restore are alike: of the kept to the trash, of the trash to the kept.
using changer = void (control::*)(store::letter_filter, completion<std::uint64_t>);

struct change {
  std::string_view logged;
  store::letter_state of;
  changer call;
};

void change_letters(const api& on, const change& what, const call& from, reply done) {
  std::string wrong;
  auto asked = selection_from(from.asked.body, from.names[0], on.take().now, wrong);
  if (!asked) return done(problem(400, wrong));
  asked->by.state = what.of;
  const auto act = [&on, what, asked = *asked, request = from.asked,
                    name = from.names[0]](const std::optional<relay::watched_state>&, reply answer) {
    if (asked.dry_run)
      return on.over().count(asked.by,
                             or_problem<std::uint64_t>(std::move(answer), [](std::uint64_t messages) {
                               return counted(messages, true);
                             }));
    (on.over().*what.call)(
        asked.by,
        or_problem<std::uint64_t>(std::move(answer), [&on, what, request, name](std::uint64_t messages) {
          on.audit(what.logged, request, {{"dead_letter", name}, {"messages", std::to_string(messages)}});
          return counted(messages, false);
        }));
  };
  on.with_dead_letter(from.names[0], std::move(done), act);
}

// The body of a replay of one: an edit of the message, and where to.
struct edit {
  json::object changes;
  std::optional<direct_target> to;
};

std::optional<edit> edit_from(std::string_view body, std::string& wrong) {
  auto given = body_object(body, true, wrong);
  if (!given) return std::nullopt;
  json_reader reader{*given, "the request", {"body", "body_base64", "properties", "headers", "to"}, wrong};
  edit out;
  if (const json::object* const to = reader.object("to")) out.to = target_from(*to, wrong);
  if (!wrong.empty()) return std::nullopt;
  out.changes = std::move(*given);
  out.changes.erase("to");
  return out;
}

void replay_one(const api& on, const edit& how, const request& asked, const store::letter& found,
                reply done) {
  if (found.state == store::letter_state::trash)
    return done(problem(409, "message " + std::to_string(found.id) + " is in the trash; restore it first"));
  std::string wrong;
  auto content = edited(found.content, how.changes, wrong);
  if (!content) return done(problem(400, wrong));
  const auto logged = [&on, asked, id = found.id, name = found.dead_letter, edits = !how.changes.empty(),
                       to = how.to] {
    log::fields more{{"dead_letter", name}, {"id", std::to_string(id)}, {"edited", edits ? "true" : "false"}};
    if (to) more.emplace_back("to", to->exchange + " / " + to->routing_key);
    on.audit("dead letter sent again", asked, std::move(more));
    return json_response(json::object{{"id", id}, {"edited", edits}}, 202);
  };
  on.over().replay_one(found.id, std::move(*content), how.to, or_problem<void>(std::move(done), logged));
}

} // namespace

void api::add_changing() {
  table_.add("POST", "/api/v1/dead-letters/{name}/discard", [this](const call& from, reply done) {
    change_letters(*this, {"dead letters discarded", store::letter_state::kept, &control::discard}, from,
                   std::move(done));
  });
  table_.add("POST", "/api/v1/dead-letters/{name}/restore", [this](const call& from, reply done) {
    change_letters(*this, {"dead letters restored", store::letter_state::trash, &control::restore}, from,
                   std::move(done));
  });
  table_.add("POST", "/api/v1/dead-letters/{name}/messages/{id}/replay",
             [this](const call& from, reply done) {
               std::string wrong;
               const auto how = edit_from(from.asked.body, wrong);
               if (!how) return done(problem(400, wrong));
               with_letter(from.names[0], from.names[1], std::move(done),
                           [this, how = *how, asked = from.asked](const store::letter& found, reply answer) {
                             replay_one(*this, how, asked, found, std::move(answer));
                           });
             });
}

} // namespace postponed::admin
