#include "config/web_address.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <charconv>
#include <string_view>

namespace postponed::config {

namespace {

web_outcome refused(std::string problem, std::string fix) {
  return {{}, std::move(problem), std::move(fix)};
}

// What both have in common; `called` and `shape` for findings.
web_outcome parse_web(const std::string& text, const std::string& called, const std::string& shape) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) return refused(called + " is not a URL", shape);
  const boost::urls::url_view& url = *parsed;
  const std::string scheme{url.scheme().data(), url.scheme().size()};
  if (scheme != "http" && scheme != "https")
    return refused(called + " begins with http:// or https://, not " + scheme + "://", shape);
  web_outcome result;
  result.value.tls = scheme == "https";
  result.value.host = url.encoded_host_address().decode();
  if (result.value.host.empty()) return refused(called + " names no host", shape);
  if (url.has_port()) {
    const std::string_view digits{url.port().data(), url.port().size()};
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), result.value.port);
    if (error != std::errc{} || end != digits.data() + digits.size() || result.value.port == 0)
      return refused("the port of " + called + " is not between 1 and 65535", shape);
  } else {
    result.value.port = result.value.tls ? 15671 : 15672;
  }
  if (url.has_userinfo()) {
    result.value.user = url.encoded_user().decode();
    if (url.has_password()) result.value.password = url.encoded_password().decode();
  }
  return result;
}

} // namespace

web_outcome parse_management(const std::string& text) {
  const std::string shape = "write http://user:password@host:15672/, special characters percent-encoded";
  web_outcome result = parse_web(text, "management", shape);
  if (!result.problem.empty()) return result;
  const boost::urls::url_view url = boost::urls::parse_uri(text).value();
  std::string_view path{url.encoded_path().data(), url.encoded_path().size()};
  // Most often a password that was not encoded, as in an address of the broker.
  if (url.has_query() || url.has_fragment() || path.find('@') != std::string_view::npos)
    return refused("management has no ? or # part, and no @ after the host",
                   "in user and password write %3F for ?, %23 for #, %40 for @, %2F for /");
  while (path.ends_with('/'))
    path.remove_suffix(1);
  if (path.ends_with("/api"))
    return refused("management names the path that it is served under, without /api",
                   "leave out /api at the end");
  result.value.path = path;
  return result;
}

web_outcome parse_webhook(const std::string& text) {
  return parse_web(text, "webhook", "write http://host:port/path or https://host/path");
}

} // namespace postponed::config
