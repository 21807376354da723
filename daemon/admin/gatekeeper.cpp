#include "admin/gatekeeper.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace postponed::admin {

namespace {

constexpr double most_attempts = 20;    // wrong tokens at once
constexpr double attempts_a_second = 1; // and then
constexpr std::size_t remembered_peers = 1024;

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// Names compare without regard to case; a port may follow, and nothing else.
bool names(const std::string& host, const std::string& known) {
  if (!host.starts_with(known)) return false;
  const std::string_view rest = std::string_view{host}.substr(known.size());
  return rest.empty() ||
         (rest.front() == ':' && rest.find_first_not_of("0123456789", 1) == std::string_view::npos);
}

bool is_known(std::string_view given, const std::vector<std::string>& hosts) {
  const std::string host = lower(given);
  for (const char* const known : {"localhost", "127.0.0.1", "[::1]"}) // an IPv6 address stands in brackets
    if (names(host, known)) return true;
  return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& each) {
    const bool bare_v6 = each.find(':') != std::string::npos;
    return names(host, bare_v6 ? "[" + lower(each) + "]" : lower(each));
  });
}

bool reads(const request& asked) {
  return asked.method == "GET" || asked.method == "HEAD";
}

std::string_view path_of(const request& asked) {
  return std::string_view{asked.target}.substr(0, asked.target.find('?'));
}

bool is_health(std::string_view path) {
  return path == "/healthz" || path == "/readyz";
}

// Without a token: whether it lives, and what the page is made of, so that somebody can sign in on it. No
// metrics: they name routes and queues.
bool is_open(std::string_view path) {
  return is_health(path) || path == "/" || path.starts_with("/assets/") || path == "/problems" ||
         path.starts_with("/problems/");
}

response challenge(std::string_view kind, std::string_view detail, const char* how) {
  response answer = problem(kind, detail);
  answer.headers.emplace_back("WWW-Authenticate", how);
  return answer;
}

} // namespace

std::optional<response> refused(const request& asked, const std::vector<std::string>& hosts) {
  // A browser cannot be made to speak to a unix socket.
  if (!asked.local && !is_known(asked.host, hosts)) {
    std::string also;
    for (const std::string& each : hosts)
      also += ", " + each;
    return problem("unknown-host", "the Host header must name localhost, 127.0.0.1, [::1]" + also +
                                       ", or what is added to admin.allowed_hosts");
  }
  const std::string own = (asked.tls ? "https://" : "http://") + lower(asked.host);
  if (!reads(asked) && !asked.origin.empty() && lower(asked.origin) != own)
    return problem("foreign-origin",
                   "a page of " + asked.origin + " may not change anything here; only " + own + " may");
  return std::nullopt;
}

void gatekeeper::accept(access_rules rules) {
  rules_ = std::move(rules);
  wrong_.clear();
}

std::optional<response> gatekeeper::admit(request& asked, steady_time now) {
  const std::string_view path = path_of(asked);
  if (!(rules_.public_health && reads(asked) && is_health(path)))
    if (auto refusal = refused(asked, rules_.hosts)) return refusal;
  if (rules_.tokens.empty()) {
    asked.who = {(asked.local ? "" : "local ") + asked.remote, role::operates};
    return std::nullopt;
  }
  if (reads(asked) && is_open(path)) return std::nullopt;
  return identify(asked, now);
}

std::optional<response> gatekeeper::identify(request& asked, steady_time now) {
  static constexpr std::string_view scheme = "bearer ";
  const std::string_view given = asked.authorization;
  if (lower(given.substr(0, scheme.size())) != scheme)
    return challenge("token-needed",
                     "a token is needed: send Authorization: Bearer TOKEN; the files that admin.tokens names "
                     "hold them",
                     "Bearer realm=\"postponed\"");
  attempts& tried = attempts_of(asked.remote_host, now);
  if (tried.left < 1) {
    response later = problem("too-many-logins", "too many wrong tokens came from " + asked.remote_host);
    later.headers.emplace_back(
        "Retry-After", std::to_string(static_cast<int>(std::ceil((1 - tried.left) / attempts_a_second))));
    return later;
  }
  const access_token* const found = token_of(given.substr(scheme.size()));
  if (found == nullptr) {
    tried.left -= 1;
    log::warning("a wrong token for the admin endpoint", {{"from", asked.remote}});
    return challenge("wrong-token", "this token is none of those that admin.tokens names",
                     "Bearer realm=\"postponed\", error=\"invalid_token\"");
  }
  asked.who = {found->name, found->may};
  if (found->may == role::read_only && !reads(asked))
    return problem("read-only-token", "the token " + found->name + " may only read");
  return std::nullopt;
}

// All of them are compared, each whole: the time that it takes tells nothing of how near a guess was.
const access_token* gatekeeper::token_of(std::string_view given) const {
  const sha256_digest digest = sha256_of(given);
  const access_token* found = nullptr;
  for (const access_token& each : rules_.tokens)
    if (same_digest(each.digest, digest)) found = &each;
  return found;
}

gatekeeper::attempts& gatekeeper::attempts_of(const std::string& host, steady_time now) {
  const auto refilled = [now](const attempts& of) {
    const double seconds = std::chrono::duration<double>(now - of.at).count();
    return std::min(most_attempts, of.left + seconds * attempts_a_second);
  };
  // Who has not failed for some time is as good as new; of too many at once those who failed least go.
  if (wrong_.size() >= remembered_peers && !wrong_.contains(host)) {
    const auto most = std::max_element(wrong_.begin(), wrong_.end(), [&](const auto& a, const auto& b) {
      return refilled(a.second) < refilled(b.second);
    });
    wrong_.erase(most);
  }
  const auto [place, added] = wrong_.try_emplace(host, attempts{most_attempts, now});
  place->second = {refilled(place->second), now};
  return place->second;
}

} // namespace postponed::admin
