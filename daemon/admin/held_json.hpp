// Held messages and their calendar as JSON. Internal to admin; pure; any thread.
#pragma once

#include "admin/message_control.hpp"

#include <boost/json/object.hpp>

#include <vector>

namespace postponed::admin {

// {id, route, due, state, bytes, attempt, first_seen, exchange, routing_key, ..}: what a list shows.
boost::json::object held_json(const held_record& from, std::uint64_t bytes);
// The same with {message, history}; of one that is no longer held {id, state: "finished", history}.
boost::json::object view_json(const held_id& id, const message_view& from);
boost::json::object page_json(const store::message_page<store::held_summary>& from);
boost::json::object calendar_json(const store::calendar_query& asked,
                                  const std::vector<store::calendar_span>& from);
boost::json::object scheduled_json(const scheduled& from);

} // namespace postponed::admin
