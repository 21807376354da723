#include "admin/http_forms.hpp"

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include <utility>

namespace postponed::admin {

namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

// For what is no page, and brings no policy of its own: it may load nothing and be shown in no frame.
constexpr std::string_view bare_policy = "default-src 'none'; frame-ancestors 'none'";

template <typename Header>
void set_fields(Header& to, const response& from) {
  to.set(http::field::content_type, from.content_type);
  to.set(http::field::cache_control, "no-store");
  to.set("X-Content-Type-Options", "nosniff");
  to.set("Referrer-Policy", "no-referrer");
  to.set("Content-Security-Policy", bare_policy);
  to.set("Cross-Origin-Resource-Policy", "same-origin");
  for (const auto& [name, value] : from.headers)
    to.set(name, value);
}

} // namespace

request request_of(const request_header& got) {
  request asked;
  asked.method = std::string{got.method_string()};
  asked.target = std::string{got.target()};
  asked.host = std::string{got[http::field::host]};
  asked.origin = std::string{got[http::field::origin]};
  asked.content_type = std::string{got[http::field::content_type]};
  asked.idempotency_key = std::string{got["Idempotency-Key"]};
  asked.if_none_match = std::string{got[http::field::if_none_match]};
  asked.authorization = std::string{got[http::field::authorization]};
  asked.last_event_id = std::string{got["Last-Event-ID"]};
  return asked;
}

std::optional<response> malformed(const request_header& got) {
  if (got.count(http::field::host) > 1)
    return problem("malformed-request", "there is more than one Host header; send one");
  if (got.version() == 11 && got.count(http::field::host) == 0)
    return problem("malformed-request", "there is no Host header; HTTP/1.1 requires it");
  // Who stands before this server (a proxy, say) may have taken the other of two lengths for the right one.
  const std::size_t encodings = got.count(http::field::transfer_encoding);
  if (encodings > 0 && got.count(http::field::content_length) > 0)
    return problem("malformed-request", "a request has either Content-Length or Transfer-Encoding, not both");
  if (encodings > 1 || (encodings == 1 && (got.version() != 11 ||
                                           !beast::iequals(got[http::field::transfer_encoding], "chunked"))))
    return problem("malformed-request", "the only Transfer-Encoding of a request is chunked, with HTTP/1.1");
  if (got.count(http::field::expect) > 0 && !beast::iequals(got[http::field::expect], "100-continue"))
    return problem(417, "the only Expect that can be met is 100-continue");
  return std::nullopt;
}

std::optional<response> refusal(const beast::error_code& error, const http_limits& limits) {
  if (error == http::error::header_limit)
    return problem(431, "a header may have " + std::to_string(limits.header_bytes) + " bytes");
  if (error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
  if (error == http::error::bad_content_length || error == http::error::multiple_content_length ||
      error == http::error::bad_transfer_encoding)
    return problem("malformed-request", "how long the body is has no one answer: " + error.message() +
                                            "; send one Content-Length, or Transfer-Encoding: chunked");
  if (error.category() == http::make_error_code(http::error::end_of_stream).category())
    return problem("malformed-request", "this is no HTTP request: " + error.message());
  return std::nullopt;
}

response too_large(const http_limits& limits) {
  return problem(413, "a body may have " + std::to_string(limits.body_bytes) + " bytes");
}

whole_response message_of(response&& from, unsigned version, bool head, bool keep_alive) {
  whole_response to{static_cast<http::status>(from.status), version};
  set_fields(to, from);
  to.body() = std::move(from.body);
  to.keep_alive(keep_alive);
  to.prepare_payload();
  if (head) to.body().clear(); // the length stays
  return to;
}

std::string head_of_stream(const response& from, bool chunked) {
  http::fields fields;
  set_fields(fields, from);
  fields.set(http::field::connection, "close");
  if (chunked) fields.set(http::field::transfer_encoding, "chunked");
  std::string text = (chunked ? "HTTP/1.1 " : "HTTP/1.0 ") + std::to_string(from.status) + " " +
                     std::string{http::obsolete_reason(static_cast<http::status>(from.status))} + "\r\n";
  for (const auto& each : fields)
    text += std::string{each.name_string()} + ": " + std::string{each.value()} + "\r\n";
  return text + "\r\n";
}

} // namespace postponed::admin
