#include "cli/endpoint.hpp"

#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"

#include <boost/url/parse.hpp>
#include <fmt/core.h>

#include <charconv>
#include <fstream>

namespace postponed::cli {

namespace {

constexpr std::string_view unix_scheme = "unix:";

[[noreturn]] void refuse(const std::string& text) {
  throw failure{bad_usage, fmt::format("{} is no address of an admin endpoint; write http://127.0.0.1:9470, "
                                       "https://host:port or unix:/run/postponed/admin.sock",
                                       text)};
}

} // namespace

std::string to_string(const endpoint& where) {
  if (where.by == endpoint::kind::unix_socket) return "unix:" + where.socket;
  const bool six = where.host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", where.by == endpoint::kind::tls ? "https" : "http", six ? "[" : "",
                     where.host, six ? "]" : "", where.port);
}

endpoint endpoint_from_text(const std::string& text) {
  endpoint to;
  if (text.starts_with(unix_scheme)) {
    to.by = endpoint::kind::unix_socket;
    to.socket = text.substr(unix_scheme.size());
    if (to.socket.starts_with("//")) to.socket.erase(0, 2);
    if (to.socket.empty() || to.socket.front() != '/') refuse(text);
    return to;
  }
  const std::string whole =
      text.find("://") == std::string::npos ? "http://" + text : text; // `url` looks at it
  const auto url = boost::urls::parse_uri(whole);
  if (!url || url->has_userinfo() || url->has_query() || url->has_fragment() ||
      (url->encoded_path() != "" && url->encoded_path() != "/"))
    refuse(text);
  if (url->scheme() == "https")
    to.by = endpoint::kind::tls;
  else if (url->scheme() != "http")
    refuse(text);
  to.host = url->host_address();
  if (to.host.empty()) refuse(text);
  if (!url->has_port()) return to;
  const std::string port = url->port(); // port_number() takes 99999 for another
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), to.port);
  if (error != std::errc{} || end != port.data() + port.size() || to.port == 0) refuse(text);
  return to;
}

std::string token_from(const endpoint_options& given) {
  if (given.token_file.empty()) return given.token;
  std::ifstream file{given.token_file};
  std::string token;
  if (!std::getline(file, token) || token.empty())
    throw failure{bad_usage, fmt::format("{}: no token can be read there", given.token_file)};
  if (token.back() == '\r') token.pop_back();
  return token;
}

} // namespace postponed::cli
