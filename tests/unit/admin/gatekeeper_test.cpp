// Who may ask what: hosts, origins, tokens, roles, and guessing.
#include "admin/gatekeeper.hpp"

#include <catch2/catch.hpp>

using namespace postponed;
using namespace postponed::admin;
using namespace std::chrono_literals;

namespace {

const std::string ops = "0123456789abcdef0123456789abcdef", reader = "fedcba9876543210fedcba9876543210";

struct gate {
  gatekeeper it;
  steady_time now{};
  request last{"GET", "/", ""};

  explicit gate(access_rules rules = with_tokens()) { it.accept(std::move(rules)); }
  static access_rules with_tokens() {
    access_rules rules;
    rules.tokens = {{"ops", role::operates, sha256_of(ops)}, {"reader", role::read_only, sha256_of(reader)}};
    return rules;
  }

  std::optional<response> ask(const std::string& method, const std::string& target,
                              const std::string& authorization = {}, const std::string& from = "10.0.0.1") {
    last = {method, target, "localhost:9470"};
    last.authorization = authorization;
    last.remote = from + ":4711";
    last.remote_host = from;
    return it.admit(last, now);
  }
  unsigned status(const std::string& method, const std::string& target, const std::string& authorization = {},
                  const std::string& from = "10.0.0.1") {
    const auto answer = ask(method, target, authorization, from);
    return answer ? answer->status : 200;
  }
};

std::string header_of(const response& from, const std::string& name) {
  for (const auto& [each, value] : from.headers)
    if (each == name) return value;
  return {};
}

} // namespace

TEST_CASE("without tokens everybody who reaches it may do everything, and where from is known") {
  gate open{{}};
  CHECK(open.status("GET", "/api/v1/status") == 200);
  CHECK(open.last.who.name == "local 10.0.0.1:4711");
  CHECK(open.status("POST", "/api/v1/reload") == 200);
  CHECK(open.last.who.may == role::operates);
  request by_socket{"POST", "/api/v1/reload", "whatever"};
  by_socket.local = true;
  by_socket.remote = "uid 1000";
  CHECK(!open.it.admit(by_socket, {}));
  CHECK(by_socket.who.name == "uid 1000");
}

TEST_CASE("with tokens one is needed for all but health, the page's files and what problems mean") {
  gate closed;
  for (const char* const target :
       {"/healthz", "/readyz", "/readyz?x", "/", "/assets/app.js", "/problems", "/problems/conflict"}) {
    INFO(target);
    CHECK(closed.status("GET", target) == 200);
    CHECK(closed.status("HEAD", target) == 200);
    CHECK(closed.status("POST", target) == 401);
  }
  for (const char* const target : {"/metrics", "/api/v1", "/api/v1/status", "/api/v1/events", "/assets", "//",
                                   "/healthz/", "/x?/healthz", "", "http://localhost/"}) {
    INFO(target);
    const auto answer = closed.ask("GET", target);
    REQUIRE(answer);
    CHECK(answer->status == 401);
    CHECK(header_of(*answer, "WWW-Authenticate") == "Bearer realm=\"postponed\"");
    CHECK_THAT(answer->body, Catch::Contains("/problems/token-needed"));
  }
}

TEST_CASE("a token tells who it is and what may be done with it") {
  gate closed;
  CHECK(closed.status("POST", "/api/v1/reload", "Bearer " + ops) == 200);
  CHECK(closed.last.who.name == "ops");
  CHECK(closed.last.who.may == role::operates);
  CHECK(closed.status("GET", "/metrics", "bearer " + reader) == 200); // the scheme's case does not matter
  CHECK(closed.last.who.name == "reader");
  CHECK(closed.last.who.may == role::read_only);
  CHECK(closed.status("HEAD", "/metrics", "Bearer " + reader) == 200);
  for (const char* const method : {"POST", "PATCH", "DELETE", "PUT", "OPTIONS", "get"}) {
    INFO(method);
    const auto answer = closed.ask(method, "/api/v1/messages", "Bearer " + reader);
    REQUIRE(answer);
    CHECK(answer->status == 403);
    CHECK_THAT(answer->body, Catch::Contains("the token reader may only read"));
  }
}

TEST_CASE("what is no token of ours is refused, however near it is") {
  gate closed;
  int host = 0;
  const std::vector<std::string> wrongs{ops.substr(1),
                                        ops + "0",
                                        "0" + ops,
                                        "",
                                        ops + " ",
                                        " " + ops,
                                        std::string(32, 'x'),
                                        "0123456789ABCDEF0123456789abcdef"};
  for (const std::string& wrong : wrongs) {
    INFO(wrong);
    const auto answer =
        closed.ask("GET", "/api/v1/status", "Bearer " + wrong, "10.0.1." + std::to_string(++host));
    REQUIRE(answer);
    CHECK(answer->status == 401);
    CHECK(header_of(*answer, "WWW-Authenticate") == "Bearer realm=\"postponed\", error=\"invalid_token\"");
    CHECK_THAT(answer->body, Catch::Contains("/problems/wrong-token"));
    CHECK(answer->body.find(wrong) == (wrong.empty() ? 0 : std::string::npos)); // it is not said back
  }
  for (const std::string& other : {"Basic " + ops, ops, "Bearer" + ops})
    CHECK_THAT(closed.ask("GET", "/api/v1/status", other)->body, Catch::Contains("/problems/token-needed"));
}

TEST_CASE("who tries many wrong tokens waits, and others do not") {
  gate closed;
  for (int i = 0; i < 20; ++i)
    CHECK(closed.status("GET", "/metrics", "Bearer x") == 401);
  const auto answer = closed.ask("GET", "/metrics", "Bearer x");
  REQUIRE(answer);
  CHECK(answer->status == 429);
  CHECK(header_of(*answer, "Retry-After") == "1");
  CHECK(closed.status("GET", "/metrics", "Bearer " + ops) == 429); // else nothing would be limited
  CHECK(closed.status("GET", "/metrics") == 401);                  // to bring none is no guess
  CHECK(closed.status("GET", "/metrics", "Bearer " + ops, "10.0.0.2") == 200);
  closed.now += 1s;
  CHECK(closed.status("GET", "/metrics", "Bearer " + ops) == 200); // and costs nothing
  CHECK(closed.status("GET", "/metrics", "Bearer x") == 401);
  CHECK(closed.status("GET", "/metrics", "Bearer x") == 429);
  closed.now += 1h;
  for (int i = 0; i < 20; ++i)
    CHECK(closed.status("GET", "/metrics", "Bearer x") == 401);
  CHECK(closed.status("GET", "/metrics", "Bearer x") == 429);
}

TEST_CASE("guesses from ever new addresses take no more memory, and do not let the worst go") {
  gate closed;
  for (int i = 0; i < 20; ++i)
    closed.status("GET", "/metrics", "Bearer x");
  for (int i = 0; i < 5000; ++i)
    closed.status("GET", "/metrics", "Bearer x", "10.1." + std::to_string(i));
  CHECK(closed.status("GET", "/metrics", "Bearer x") == 429);
}

TEST_CASE("other rules count at once") {
  gate closed;
  CHECK(closed.status("GET", "/metrics", "Bearer " + ops) == 200);
  access_rules rules = gate::with_tokens();
  rules.tokens.erase(rules.tokens.begin());
  closed.it.accept(rules);
  CHECK(closed.status("GET", "/metrics", "Bearer " + ops) == 401);
  CHECK(closed.status("GET", "/metrics", "Bearer " + reader) == 200);
}

TEST_CASE("names of the configuration may stand in the Host header, and a page of theirs may change") {
  access_rules rules;
  rules.hosts = {"Postponed.example", "10.0.0.1", "fe80::1"};
  gate open{rules};
  const auto status = [&](const std::string& host, const std::string& origin = {}, bool tls = false) {
    request asked{origin.empty() ? "GET" : "POST", "/api/v1/status", host};
    asked.origin = origin;
    asked.tls = tls;
    const auto answer = open.it.admit(asked, {});
    return answer ? answer->status : 200;
  };
  for (const char* const host : {"postponed.example", "POSTPONED.example:9470", "10.0.0.1:80", "[fe80::1]:80",
                                 "localhost", "127.0.0.1:9470"})
    CHECK(status(host) == 200);
  for (const char* const host : {"example", "x.postponed.example", "postponed.example.evil", "fe80::1", "",
                                 ":80", "postponed.example:", "10.0.0.10", "postponed.example:x"}) {
    INFO(host);
    CHECK(status(host) == (std::string{host} == "postponed.example:" ? 200 : 403)); // an empty port is none
  }
  CHECK(status("postponed.example", "http://postponed.example") == 200);
  CHECK(status("postponed.example", "https://postponed.example") == 403);
  CHECK(status("postponed.example", "https://postponed.example", true) == 200);
  CHECK(status("postponed.example", "http://postponed.example", true) == 403);
  CHECK(status("postponed.example", "http://evil.example") == 403);
  CHECK(status("postponed.example", "null") == 403);
}

TEST_CASE("a token does not help a page of elsewhere") {
  gate closed;
  request asked{"POST", "/api/v1/reload", "localhost"};
  asked.authorization = "Bearer " + ops;
  asked.origin = "http://evil.example";
  CHECK(closed.it.admit(asked, {})->status == 403);
  asked.origin = "";
  asked.host = "evil.example";
  CHECK(closed.it.admit(asked, {})->status == 403);
}

TEST_CASE("where others can reach it, health is told by whatever name it is asked for, and nothing else") {
  access_rules rules = gate::with_tokens();
  const auto status = [&](const char* method, const char* target) {
    gate some{rules};
    request asked{method, target, "10.1.2.3:9470"};
    const auto answer = some.it.admit(asked, {});
    return answer ? answer->status : 200;
  };
  CHECK(status("GET", "/healthz") == 403);
  rules.public_health = true;
  CHECK(status("GET", "/healthz") == 200);
  CHECK(status("GET", "/readyz") == 200);
  CHECK(status("POST", "/healthz") == 403);
  CHECK(status("GET", "/metrics") == 403);
  CHECK(status("GET", "/") == 403);
}
