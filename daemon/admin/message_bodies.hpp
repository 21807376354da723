// What requests about held messages say, in their query or their JSON body. Internal to admin; pure; any
// thread. What cannot be read is told in words in `wrong`, and nothing is answered.
#pragma once

#include "admin/letter_filters.hpp"
#include "admin/message_control.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace postponed::admin {

// {"route" or "queue" or "exchange", "routing_key"; "delay" or "due"; "body" or "body_base64"; "headers",
// "properties"; "idempotency_key"}.
std::optional<schedule_order> schedule_order_from(std::string_view body, std::string& wrong);

// {"delay"} or {"due"}, of a reschedule.
std::optional<message_change> reschedule_from(std::string_view body, std::string& wrong);

// {"filter": {..}, "dry_run": true} or {"filter": {..}, "count": N}, of a reschedule with "delay" or "due".
struct bulk_order {
  message_selection which;
  message_change to;
};
std::optional<bulk_order> bulk_from(message_change::kind what, std::string_view body, std::string& wrong);

struct message_listing {
  store::message_filter by;
  store::horizon_position after;
  std::size_t limit = 100;
};
// route= state= due_from= due_until= header=name:value text= after= limit=
std::optional<message_listing> message_listing_from(const query& asked, std::string& wrong);

// from= until= per= route=; from now, where nothing else is said.
std::optional<store::calendar_query> calendar_from(const query& asked, wall_time now, std::string& wrong);

// A cursor: opaque to people.
std::string cursor_text(const store::horizon_position& at);

} // namespace postponed::admin
