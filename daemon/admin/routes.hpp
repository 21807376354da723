// What the admin endpoint answers: request and snapshot in, response out. Pure; any thread.
#pragma once

#include "admin/snapshot.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postponed::admin {

struct request {
  std::string method; // GET, HEAD, ...
  std::string target; // path and query
  std::string host;   // the Host header, empty where there is none
};

struct response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

// Errors are application/problem+json (RFC 9457). The Host must be a loopback name: a page of elsewhere that
// makes a browser resolve its own name to 127.0.0.1 (DNS rebinding) is refused with 403.
response respond(const request& asked, const snapshot& shown);

// An error's body: {type, title, status, detail}. The detail is a sentence for a person; what is not
// printable ASCII in it, as it came from elsewhere, is shown as '?'.
response problem(unsigned status, std::string_view title, std::string_view detail);

// Why the daemon is not ready, in words; empty: it is.
std::vector<std::string> reasons_not_ready(const snapshot& shown);

} // namespace postponed::admin
