// What will fire when.
#include "admin/api.hpp"
#include "admin/api_answers.hpp"
#include "admin/held_json.hpp"
#include "admin/message_bodies.hpp"

#include <utility>

namespace postponed::admin {

void api::add_calendar() {
  table_.add("GET", "/api/v1/calendar", [this](const call& from, reply done) {
    std::string wrong;
    const auto asked = calendar_from(from.query, take_().now, wrong);
    if (!asked) return done(problem(400, wrong));
    messages().calendar(*asked, or_problem<std::vector<store::calendar_span>>(
                                    std::move(done), [asked](const std::vector<store::calendar_span>& spans) {
                                      return json_response(calendar_json(*asked, spans));
                                    }));
  });
}

} // namespace postponed::admin
