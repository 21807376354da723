// A request and its response, as the admin endpoint's handlers see them: no socket, no Beast. Pure data; any
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postponed::admin {

enum class role : std::uint8_t { read_only, operates };

// Who asks: the name of the token, or where the connection comes from; empty: nobody looked.
struct identity {
  std::string name;
  role may = role::operates;
};

struct request {
  std::string method;   // GET, HEAD, ...
  std::string target;   // path and query
  std::string host;     // the Host header, empty where there is none
  std::string origin{}; // the Origin header: the page that a browser shows; empty where there is none
  std::string body{};
  std::string content_type{};
  std::string idempotency_key{}; // the header of that name
  std::string if_none_match{};   // the If-None-Match header
  std::string authorization{};   // the Authorization header
  std::string last_event_id{};   // the Last-Event-ID header
  std::string remote{};          // who is at the other end: address and port, or "uid 1000" of a unix socket
  std::string remote_host{};     // the same without the port
  bool local = false;            // by a unix socket
  bool tls = false;
  identity who{};
};

struct response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

// Called once, on the io_context's thread, now or later; a second call is ignored, and so is one that comes
// after the connection or its patience has ended.
using reply = std::function<void(response)>;

// An error's body, application/problem+json (RFC 9457): {type, title, status, detail}; the kinds are those of
// problems.hpp. The detail is a sentence for a person; what is not printable ASCII in it, as it came from
// elsewhere, is shown as '?'.
response problem(std::string_view kind, std::string_view detail);
// Of the kind that stands for the status.
response problem(unsigned status, std::string_view detail);

// For the log: the token's name, or where it came from.
std::string who_asks(const request& asked);

} // namespace postponed::admin
