// The section admin: where it listens, and who may ask.
#include "config/secrets.hpp"
#include "config/sections.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

namespace postponed::config {

namespace {

constexpr std::size_t shortest_token = 16; // bytes
constexpr std::size_t longest_token = 4096;
constexpr std::size_t longest_socket = 107; // what sockaddr_un holds

// What a header can say after "Bearer " (RFC 6750, section 2.1).
bool can_be_sent(const std::string& token) {
  return std::all_of(token.begin(), token.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"-._~+/="}.find(c) != std::string_view::npos;
  });
}

enum class reach { none, loopback, others, everywhere }; // none: it is no address

reach reach_of(const std::string& host) {
  ::in_addr four{};
  ::in6_addr six{};
  if (::inet_pton(AF_INET, host.c_str(), &four) == 1) {
    if (four.s_addr == INADDR_ANY) return reach::everywhere;
    return host.starts_with("127.") ? reach::loopback : reach::others;
  }
  if (::inet_pton(AF_INET6, host.c_str(), &six) != 1) return reach::none;
  if (IN6_IS_ADDR_UNSPECIFIED(&six)) return reach::everywhere;
  return IN6_IS_ADDR_LOOPBACK(&six) ? reach::loopback : reach::others;
}

void read_token_file(reading& in, place at, admin_token_settings& into) {
  std::string why;
  bool world_readable = false;
  auto text = read_file(into.file, why, &world_readable);
  const std::string make = "openssl rand -hex 32 >" + into.file;
  if (!text) {
    in.error(at, "cannot read the token file " + into.file + ": " + why,
             "make one, readable by the user that runs postponed: " + make);
    return;
  }
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  if (text->size() < shortest_token)
    in.error(at,
             "the token in " + into.file + " has fewer than " + std::to_string(shortest_token) +
                 " bytes and could be guessed",
             "make a longer one: " + make);
  else if (text->size() > longest_token || !can_be_sent(*text))
    in.error(at, "what is in " + into.file + " is no token: one line of letters, digits and -._~+/=",
             "make one: " + make);
  if (world_readable)
    in.warning(at, "everybody may read the token file " + into.file, "chmod o-r " + into.file);
  into.value = std::move(*text);
}

void read_token(reading& in, const YAML::Node& node, std::vector<admin_token_settings>& all) {
  section token{in, node, "token", "a token"};
  admin_token_settings one;
  one.at = token.at("name");
  token.required_name("name", one.name, "dashboard");
  token.required("file", "/etc/postponed/dashboard.token");
  token.text("file", one.file);
  token.choice("role", {"read-only", "operator"}, [&](std::size_t which) { one.operates = which == 1; });
  if (!one.file.empty()) read_token_file(in, token.at("file"), one);
  for (const admin_token_settings& other : all) {
    if (!one.name.empty() && other.name == one.name)
      in.error(one.at, "there are two tokens " + one.name, "give each a name of its own");
    if (!one.value.empty() && other.value == one.value)
      in.error(token.at("file"), "the tokens " + other.name + " and " + one.name + " are the same",
               "make a token for each: who did what is told by it");
  }
  all.push_back(std::move(one));
}

void read_tls(reading& in, const YAML::Node& node, admin_settings& into) {
  section tls{in, node, "admin_tls", "admin.tls"};
  admin_tls_settings files;
  tls.required("certificate_file", "/etc/postponed/admin.pem");
  tls.text("certificate_file", files.certificate_file);
  tls.required("key_file", "/etc/postponed/admin.key");
  tls.text("key_file", files.key_file);
  into.tls = std::move(files);
}

void read_listen(reading& in, const std::string& listen, admin_settings& into) {
  const std::string fix = "write listen: 127.0.0.1:9470, or unix:/run/postponed/admin.sock";
  if (listen.starts_with("unix:")) {
    into.socket = listen.substr(5);
    if (!into.socket.starts_with('/') || into.socket.size() > longest_socket)
      in.error(into.at, "the path of a unix socket begins with / and has at most 107 bytes", fix);
    return;
  }
  const std::size_t colon = listen.rfind(':');
  std::string host = colon == std::string::npos ? "" : listen.substr(0, colon);
  std::uint32_t port = 0;
  const char* const begin = listen.data() + (colon == std::string::npos ? listen.size() : colon + 1);
  const auto [end, error] = std::from_chars(begin, listen.data() + listen.size(), port);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  if (host.empty() || error != std::errc{} || end != listen.data() + listen.size() || port > 65535 ||
      bracketed != (host.find(':') != std::string::npos)) {
    in.error(into.at, "listen is not address:port", fix);
    return;
  }
  if (reach_of(host) == reach::none) {
    in.error(into.at, host + " is no address: a name may mean several", fix);
    return;
  }
  into.host = host;
  into.port = static_cast<std::uint16_t>(port);
}

// What others can reach needs to know who asks, and by which names.
void check_reach(reading& in, const admin_settings& all) {
  if (!all.socket.empty() || reach_of(all.host) == reach::loopback) return;
  if (all.tokens.empty())
    in.error(
        all.at, "others can reach " + all.host + ", and admin.tokens has none: anybody could change anything",
        "add tokens: [{name: ops, file: /etc/postponed/ops.token, role: operator}], or listen on 127.0.0.1");
  if (reach_of(all.host) == reach::everywhere && all.allowed_hosts.empty())
    in.error(all.at,
             "it listens on every address, and admin.allowed_hosts has no name by which it may be asked for",
             "add allowed_hosts: [postponed.example]");
  if (!all.tls && !all.tokens.empty())
    in.warning(all.at, "tokens go to " + all.host + " in clear text",
               "add tls: {certificate_file: .., key_file: ..}, unless something before it does TLS");
}

} // namespace

void read_admin(reading& in, const YAML::Node& node, admin_settings& into) {
  section admin{in, node, "admin", "admin"};
  into.at = admin.at("listen");
  std::optional<std::string> listen;
  admin.text("listen", listen);
  if (listen) read_listen(in, *listen, into);
  admin.list("tokens", [&](const YAML::Node& each) { read_token(in, each, into.tokens); });
  admin.map(
      "tls", [&](const YAML::Node& each) { read_tls(in, each, into); }, "admin_tls");
  admin.list("allowed_hosts", [&](const YAML::Node& each) {
    const auto name = scalar_of(in, each, "a name in allowed_hosts");
    if (!name) return;
    if (name->empty() || name->find_first_of("/:@* \t") != std::string::npos)
      in.error(place_of(each), *name + " is no name of a host",
               "write postponed.example: no scheme, no port");
    else
      into.allowed_hosts.push_back(*name);
  });
  check_reach(in, into);
}

} // namespace postponed::config
