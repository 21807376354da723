// Messages that come by HTTP, one or many.
#include "admin/api.hpp"
#include "admin/api_answers.hpp"
#include "admin/held_json.hpp"
#include "admin/message_bodies.hpp"

#include <utility>

namespace postponed::admin {

namespace json = boost::json;

namespace {

std::string where_of(const schedule_order& order) {
  if (order.route) return *order.route;
  return order.to->exchange + " / " + order.to->routing_key;
}

void schedule_one(const api& on, const call& from, reply done) {
  std::string wrong;
  auto order = schedule_order_from(from.asked.body, wrong);
  if (!order) return done(problem(400, wrong));
  if (!from.asked.idempotency_key.empty()) order->idempotency_key = from.asked.idempotency_key;
  const auto answer = [&on, where = where_of(*order), asked = from.asked](const scheduled& got) {
    if (!got.repeated)
      on.audit("message scheduled", asked,
               {{"id", to_string(got.id)}, {"to", where}, {"due", proto::format_rfc3339(got.due)}});
    response out = json_response(scheduled_json(got), got.repeated ? 200 : 201);
    out.headers.emplace_back("Location", "/api/v1/messages/" + to_string(got.id));
    return out;
  };
  on.messages().schedule(std::move(*order), or_problem<scheduled>(std::move(done), answer));
}

} // namespace

void api::add_scheduling() {
  table_.add("POST", "/api/v1/messages",
             [this](const call& from, reply done) { schedule_one(*this, from, std::move(done)); });
}

} // namespace postponed::admin
