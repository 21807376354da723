#include "admin_endpoint.hpp"

#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"
#include "config/load.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace postponed {

namespace {

// What listens everywhere is asked for here.
std::string reachable(const std::string& host) {
  if (host == "0.0.0.0") return "127.0.0.1";
  return host == "::" ? "::1" : host;
}

cli::endpoint endpoint_from(const config::admin_settings& admin) {
  cli::endpoint to;
  if (!admin.socket.empty()) {
    to.by = cli::endpoint::kind::unix_socket;
    to.socket = admin.socket;
  } else {
    to.host = reachable(admin.host);
    to.port = admin.port;
  }
  if (admin.tls && admin.socket.empty()) {
    to.by = cli::endpoint::kind::tls;
    to.ca_file = admin.tls->certificate_file;
    to.is_own_file = true;
  }
  // One that may change something, where there is one.
  const auto operates = std::find_if(admin.tokens.begin(), admin.tokens.end(),
                                     [](const config::admin_token_settings& each) { return each.operates; });
  if (operates != admin.tokens.end())
    to.token = operates->value;
  else if (!admin.tokens.empty())
    to.token = admin.tokens.front().value;
  return to;
}

} // namespace

cli::endpoint endpoint_of(const cli::endpoint_options& given) {
  cli::endpoint to;
  if (!given.admin.empty()) {
    to = cli::endpoint_from_text(given.admin);
  } else if (!given.config.empty()) {
    const config::load_outcome loaded = config::load_file(given.config, config::process_environment());
    for (const config::finding& each : loaded.findings)
      if (!loaded.value || each.level == config::finding::severity::error)
        fmt::print(stderr, "{}\n", config::to_string(each));
    if (!loaded.value)
      throw cli::failure{cli::bad_configuration,
                         given.config + " has errors; say where the daemon is with --admin instead"};
    to = endpoint_from(loaded.value->admin);
  } else if (!given.elsewhere.empty()) {
    to = cli::endpoint_from_text(given.elsewhere);
  }
  if (!given.ca_file.empty()) {
    to.ca_file = given.ca_file;
    to.is_own_file = false;
  }
  if (std::string token = cli::token_from(given); !token.empty()) to.token = std::move(token);
  return to;
}

} // namespace postponed
