// Between Beast's messages and those of http_message.hpp, and what of a header is refused before anybody
// looks at what it asks for. Internal to the server; pure; any thread.
#pragma once

#include "admin/http_limits.hpp"
#include "admin/http_message.hpp"

#include <boost/beast/core/error.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <optional>
#include <string>

namespace postponed::admin {

using request_header = boost::beast::http::request_header<>;
using whole_response = boost::beast::http::response<boost::beast::http::string_body>;

// Without the body and without who asks.
request request_of(const request_header& got);

// What makes a header ambiguous or impossible to serve; nothing where it is fine: how long the body is must
// have one answer, and there is one Host.
std::optional<response> malformed(const request_header& got);

// A request that could not be read; nothing where the peer is simply gone or too slow.
std::optional<response> refusal(const boost::beast::error_code& error, const http_limits& limits);
response too_large(const http_limits& limits);

whole_response message_of(response&& from, unsigned version, bool head, bool keep_alive);
// Status line and header of an answer in pieces, which ends its connection.
std::string head_of_stream(const response& from, bool chunked);

} // namespace postponed::admin
