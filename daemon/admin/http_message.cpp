#include "admin/http_message.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace postponed::admin {

namespace json = boost::json;

namespace {

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// Names compare without regard to case; a port may follow, and nothing else. An IPv6 address stands in
// brackets.
bool is_loopback(std::string_view host) {
  const std::string name = lower(host);
  for (const std::string_view known : {"localhost", "127.0.0.1", "[::1]"}) {
    if (!name.starts_with(known)) continue;
    const std::string_view rest = std::string_view{name}.substr(known.size());
    if (rest.empty()) return true;
    return rest.front() == ':' && rest.find_first_not_of("0123456789", 1) == std::string_view::npos;
  }
  return false;
}

std::string_view title_of(unsigned status) {
  switch (status) {
  case 400:
    return "Bad Request";
  case 401:
    return "Unauthorized";
  case 403:
    return "Forbidden";
  case 404:
    return "Not Found";
  case 405:
    return "Method Not Allowed";
  case 409:
    return "Conflict";
  case 413:
    return "Content Too Large";
  case 415:
    return "Unsupported Media Type";
  case 417:
    return "Expectation Failed";
  case 422:
    return "Unprocessable Content";
  case 429:
    return "Too Many Requests";
  case 431:
    return "Request Header Fields Too Large";
  case 503:
    return "Service Unavailable";
  case 504:
    return "Gateway Timeout";
  default:
    return "Internal Server Error";
  }
}

} // namespace

response problem(unsigned status, std::string_view title, std::string_view detail) {
  std::string printable{detail};
  for (char& c : printable)
    if (c < ' ' || c > '~') c = '?';
  const json::object body{
      {"type", "about:blank"}, {"title", title}, {"status", status}, {"detail", printable}};
  return {status, "application/problem+json", json::serialize(body) + "\n", {}};
}

response problem(unsigned status, std::string_view detail) {
  return problem(status, title_of(status), detail);
}

std::optional<response> refused(const request& asked) {
  if (!is_loopback(asked.host))
    return problem(403, "the Host header must name localhost, 127.0.0.1 or [::1]");
  const bool reads = asked.method == "GET" || asked.method == "HEAD";
  if (!reads && !asked.origin.empty() && lower(asked.origin) != "http://" + lower(asked.host))
    return problem(403, "a page of " + asked.origin + " may not change anything here; only http://" +
                            asked.host + " may");
  return std::nullopt;
}

} // namespace postponed::admin
