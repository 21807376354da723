// A message as JSON, for a person to read and to edit. Pure; any thread.
#pragma once

#include "proto/message.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>

namespace postponed::admin {

// {exchange, routing_key, properties: {content_type, ...}, headers: {name: value}, body | body_base64}.
// Headers are strings, numbers, booleans, null, RFC 3339 for timestamps, arrays and objects; bytes that are
// no text are {"base64": ..}, and NaN, +Inf and -Inf strings. A body that is UTF-8 is shown as text.
// Properties or headers that do not parse stand as base64 under raw_properties.
boost::json::object message_json(const proto::message& from);

// The message with these changes: {body | body_base64, properties: {name: value or null},
// headers: {name: value or null}}. What is not named stays byte for byte; null removes; a header becomes a
// string, a whole number or a boolean. Nothing, and `wrong` set, where that is impossible.
std::optional<proto::message> edited(const proto::message& from, const boost::json::object& changes,
                                     std::string& wrong);

} // namespace postponed::admin
