#include "admin/problems.hpp"

#include "admin/router.hpp"

#include <algorithm>
#include <cassert>

namespace postponed::admin {

namespace {

constexpr problem_kind kinds[] = {
    {"bad-request", 400, "Bad Request",
     "The request cannot be read, or says what makes no sense where it stands: a parameter that is not "
     "known, "
     "a value of the wrong form, a body that is no JSON. The detail names it and says what would be right."},
    {"malformed-request", 400, "Malformed Request",
     "What came is no HTTP/1.1 request, or an ambiguous one: two lengths of the body, a Transfer-Encoding "
     "other than chunked, no Host or two. The connection is closed. Proxies between should be looked at."},
    {"token-needed", 401, "Token Needed",
     "The configuration has tokens (admin.tokens), and the request brought none. Send Authorization: Bearer "
     "TOKEN; on the page, sign in."},
    {"wrong-token", 401, "Wrong Token",
     "The token is none of those that admin.tokens names. Compare it with the file; a token that was changed "
     "counts from the next reload on."},
    {"forbidden", 403, "Forbidden", "Who asks may not do this."},
    {"read-only-token", 403, "Read-only Token",
     "The token may read, and the request would change something. Use a token with role: operator."},
    {"unknown-host", 403, "Unknown Host",
     "The Host header names none of the names by which the daemon may be asked for: loopback's, the address "
     "that it listens on, and admin.allowed_hosts. This keeps pages of elsewhere out that resolve their own "
     "name to this address (DNS rebinding). Add the name to admin.allowed_hosts."},
    {"foreign-origin", 403, "Foreign Origin",
     "A browser says that a page of another site asks for a change. Only the daemon's own page may."},
    {"not-found", 404, "Not Found", "There is no such path, or nothing of that name or id."},
    {"method-not-allowed", 405, "Method Not Allowed",
     "The path is there and does not take this method; the header Allow lists those that it takes."},
    {"conflict", 409, "Conflict",
     "It is there, and not in a state in which this can be done: a message that was released or cancelled, a "
     "replay that has ended, another number of messages than was confirmed."},
    {"body-too-large", 413, "Content Too Large",
     "The body is larger than is taken at once. Messages by the thousand go as lines of JSON "
     "(application/x-ndjson), which may be of any length."},
    {"wrong-content-type", 415, "Unsupported Media Type",
     "The body must be JSON and said to be: Content-Type: application/json. Lines of JSON "
     "(application/x-ndjson) are taken at /api/v1/messages."},
    {"unmet-expectation", 417, "Expectation Failed",
     "The header Expect asks for something other than 100-continue."},
    {"impossible", 422, "Unprocessable Content",
     "The request is understood, and cannot be done as it is: no such route, a due time too far off, a "
     "message that is too large. The detail says which."},
    {"bad-configuration", 422, "Bad Configuration",
     "The configuration file has errors, which are listed, each with its place and what to do. The former "
     "configuration stays in force."},
    {"too-many-logins", 429, "Too Many Requests",
     "Too many wrong tokens came from this address. Wait as long as Retry-After says; meanwhile right ones "
     "are not looked at either."},
    {"header-too-large", 431, "Request Header Fields Too Large",
     "The header is larger than is taken. Shorten the query, or send fewer header fields."},
    {"internal", 500, "Internal Server Error",
     "The store failed, or the daemon could not do what it should. Its log says more; /healthz tells whether "
     "it is still well."},
    {"unavailable", 503, "Service Unavailable",
     "Not now: the broker is away, or the daemon is stopping. Try again later."},
    {"too-many-streams", 503, "Too Many Streams",
     "As many events and uploads are under way as are served at once. Close some, or try again later."},
    {"too-slow", 504, "Gateway Timeout",
     "No answer came within the deadline. What was asked for may still be done: look before it is asked for "
     "again."},
};

std::string described(const problem_kind& kind) {
  return type_of(kind) + "\n" + std::to_string(kind.status) + " " + std::string{kind.title} + "\n\n" +
         std::string{kind.meaning} + "\n";
}

response text(std::string body) {
  return {200, "text/plain; charset=utf-8", std::move(body), {}};
}

} // namespace

std::span<const problem_kind> problem_kinds() {
  return kinds;
}

const problem_kind& problem_kind_named(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kinds), std::end(kinds), [&](const auto& each) { return each.name == name; });
  assert(found != std::end(kinds));
  return found != std::end(kinds) ? *found : problem_kind_for(500);
}

const problem_kind& problem_kind_for(unsigned status) {
  const auto of = [](unsigned wanted) {
    return std::find_if(std::begin(kinds), std::end(kinds),
                        [=](const problem_kind& each) { return each.status == wanted; });
  };
  const auto* const found = of(status);
  return found != std::end(kinds) ? *found : *of(500);
}

std::string type_of(const problem_kind& kind) {
  return "/problems/" + std::string{kind.name};
}

void add_problem_pages(router& to) {
  to.add("GET", "/problems", [](const call&, const reply& done) {
    std::string all;
    for (const problem_kind& each : kinds)
      all += (all.empty() ? "" : "\n\n") + described(each);
    done(text(std::move(all)));
  });
  to.add("GET", "/problems/{name}", [](const call& from, const reply& done) {
    for (const problem_kind& each : kinds)
      if (each.name == from.names[0]) return done(text(described(each)));
    done(problem(404, "there is no problem " + from.names[0] + "; /problems lists them"));
  });
}

} // namespace postponed::admin
