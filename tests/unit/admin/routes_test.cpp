#include "admin/gatekeeper.hpp"
#include "admin/routes.hpp"
#include "sample_snapshot.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

using namespace postponed;
using namespace postponed::admin;
using postponed::test::sample_snapshot;
namespace json = boost::json;

namespace {

response get(const std::string& target, const snapshot& shown = sample_snapshot()) {
  return respond({"GET", target, "localhost:9470"}, shown);
}

// The body of an error, which must have the form of one.
json::object problem_in(const response& from) {
  CHECK(from.content_type == "application/problem+json");
  json::object body = json::parse(from.body).as_object();
  CHECK(body.at("status").to_number<unsigned>() == from.status);
  CHECK(body.at("type").is_string());
  CHECK(body.at("title").is_string());
  CHECK(body.at("detail").is_string());
  return body;
}

} // namespace

TEST_CASE("a daemon that is well is alive and ready") {
  CHECK(get("/healthz").status == 200);
  CHECK(get("/healthz").body == "ok\n");
  const response ready = get("/readyz");
  CHECK(ready.status == 200);
  CHECK(ready.content_type == "application/json");
  CHECK(json::parse(ready.body) == json::parse(R"({"ready": true, "reasons": []})"));
}

TEST_CASE("a daemon that is not ready says why, each reason in words") {
  snapshot shown = sample_snapshot();
  SECTION("a connection is down") {
    shown.connections[1].state = "waiting";
    shown.connections[1].last_error = "connection refused";
    CHECK(reasons_not_ready(shown) ==
          std::vector<std::string>{"the publish connection is waiting: connection refused"});
  }
  SECTION("the broker has a resource alarm") {
    shown.connections[1].blocked = true;
    shown.connections[1].blocked_reason = "low on memory";
    CHECK(reasons_not_ready(shown) ==
          std::vector<std::string>{"the broker blocks the publish connection: low on memory"});
  }
  SECTION("the topology is not there, or is another") {
    shown.topology = {false, "create", {"queue a: have classic, want quorum"}};
    CHECK(reasons_not_ready(shown) ==
          std::vector<std::string>{"the topology is not declared yet",
                                   "topology: queue a: have classic, want quorum"});
  }
  SECTION("a route does not consume, with and without a known cause") {
    shown.routes[0].state = "waiting";
    CHECK(reasons_not_ready(shown) ==
          std::vector<std::string>{"route timeouts does not consume orders.later"});
    shown.routes[0].problem = "no such queue";
    CHECK(reasons_not_ready(shown) ==
          std::vector<std::string>{"route timeouts does not consume orders.later: no such queue"});
  }
  SECTION("the store failed, and all is stopping") {
    shown.store_ok = false;
    shown.store_error = "disk full";
    shown.stopping = true;
    CHECK(reasons_not_ready(shown) == std::vector<std::string>{"stopping", "the store failed: disk full"});
  }
  const response ready = get("/readyz", shown);
  CHECK(ready.status == 503);
  const json::object body = json::parse(ready.body).as_object();
  CHECK(body.at("ready") == false);
  CHECK(body.at("reasons").as_array().size() == reasons_not_ready(shown).size());
}

TEST_CASE("only a failed store makes the daemon unhealthy: a lost broker is no reason to restart it") {
  snapshot shown = sample_snapshot();
  shown.connections[0].state = shown.connections[1].state = "waiting";
  CHECK(get("/healthz", shown).status == 200);
  shown.store_ok = false;
  shown.store_error = "disk full";
  CHECK(get("/healthz", shown).status == 503);
  CHECK_THAT(get("/healthz", shown).body, Catch::Contains("disk full"));
}

TEST_CASE("the status shows everything as JSON") {
  const response got = get("/api/v1/status?pretty");
  CHECK(got.status == 200);
  CHECK(got.content_type == "application/json");
  const json::object body = json::parse(got.body).as_object();
  CHECK(body.at("version") == "0.1.0");
  CHECK(body.at("started") == "2026-11-23T00:00:00.000Z");
  CHECK(body.at("uptime_seconds") == 90);
  CHECK(body.at("ready") == true);
  CHECK(body.at("connections").as_array().size() == 2);
  CHECK(body.at("connections").at(1).at("reconnects") == 3);
  const json::object& route = body.at("routes").at(0).as_object();
  CHECK(route.at("name") == "timeouts");
  CHECK(route.at("queue") == "orders.later");
  CHECK(route.at("state") == "consuming");
  CHECK(route.at("held").at("messages") == 7);
  CHECK(route.at("confirmed") == 10);
  CHECK(route.at("dead_lettered").at("bad_delay") == 2);
  CHECK(route.at("lateness_ms").at("p50_at_most").to_number<double>() == 2);
  CHECK(route.at("lateness_ms").at("p99_at_most").to_number<double>() == 50);
  CHECK(route.at("late").at("spread") == 25);
  CHECK(route.at("paused") == true);
  CHECK(body.at("dead_letters").as_array().empty());
  CHECK(body.at("reload") == json::parse(R"({"ok": true, "at": null, "errors": [], "warnings": []})"));
  CHECK(body.at("store").at("wal_bytes") == 4096);
  CHECK(body.at("topology").at("mode") == "create");
  CHECK(body.at("relay").at("in_flight") == 13);
}

TEST_CASE(
    "the status knows no percentile where nothing was released, or where it lies beyond the last bound") {
  snapshot shown = sample_snapshot();
  relay::lateness_histogram& lateness = shown.counters.routes["timeouts"].lateness;
  lateness = relay::make_lateness_histogram();
  const auto percentiles = [&] {
    return json::parse(get("/api/v1/status", shown).body).at("routes").at(0).at("lateness_ms");
  };
  CHECK(percentiles().at("p50_at_most").is_null());
  lateness.observe(1);
  lateness.observe(1e9);
  CHECK(percentiles().at("p50_at_most").to_number<double>() == 1);
  CHECK(percentiles().at("p99_at_most").is_null());
  CHECK(percentiles().at("messages") == 2);
}

TEST_CASE("the status shows routes that only the file knows, and those that only the store knows") {
  snapshot shown = sample_snapshot();
  shown.routes.insert(shown.routes.begin(), {"fresh", "fresh.later", "waiting", "no such queue"});
  shown.counters.routes["gone"].held_messages = 1;
  shown.counters.routes["gone"].configured = false;
  shown.counters.routes["@bin"].held_messages = 1; // sent again from a dead letter
  shown.store.paused = {{"timeouts", true, "ann", "the shop is closed", shown.now}};
  const json::array routes = json::parse(get("/api/v1/status", shown).body).at("routes").as_array();
  REQUIRE(routes.size() == 4);
  CHECK(routes[0].at("name") == "fresh");
  CHECK(routes[0].at("problem") == "no such queue");
  CHECK(routes[0].at("intake") == 0);
  CHECK(routes[1].at("name") == "timeouts");
  CHECK(routes[1].at("paused_by") == "ann");
  CHECK(routes[1].at("paused_why") == "the shop is closed");
  CHECK(routes[2].at("name") == "@bin");
  CHECK(routes[2].at("state") == "internal");
  CHECK(routes[3].at("name") == "gone");
  CHECK(routes[3].at("state") == "orphan");
}

TEST_CASE("the status shows dead letters, and a reload that was refused") {
  snapshot shown = sample_snapshot();
  relay::watched_state bin;
  bin.name = "bin";
  bin.queue = "orders.dead";
  bin.known = true;
  bin.depth = 12;
  shown.dead_letters = {bin};
  shown.reload = {false, shown.now, {"a.yaml:3:5: no such key \xff; remove it"}, {}};
  const json::object body = json::parse(get("/api/v1/status", shown).body).as_object();
  CHECK(body.at("dead_letters").at(0).at("name") == "bin");
  CHECK(body.at("dead_letters").at(0).at("depth") == 12);
  CHECK(body.at("reload").at("ok") == false);
  CHECK(body.at("reload").at("at") == "2026-11-23T00:01:30.000Z");
  CHECK(body.at("reload").at("errors").at(0) == "a.yaml:3:5: no such key \xEF\xBF\xBD; remove it");
}

TEST_CASE("the index lists what there is, and all of it is there") {
  const std::string index = get("/api/v1").body;
  std::size_t listed = 0;
  for (std::size_t at = 0; (at = index.find("\n  /", at)) != std::string::npos; ++at, ++listed) {
    const std::string path = index.substr(at + 3, index.find(' ', at + 3) - at - 3);
    INFO(path);
    CHECK(get(path).status == 200);
  }
  CHECK(listed == 6);
  CHECK_THAT(get("/metrics").content_type, Catch::StartsWith("text/plain; version=0.0.4"));
}

TEST_CASE("what is not there is a problem of its own") {
  const response missing = get("/nowhere?a=1");
  CHECK(missing.status == 404);
  CHECK_THAT(problem_in(missing).at("detail").as_string().c_str(), Catch::Contains("/nowhere;"));
  CHECK(get("/healthz/").status == 404);
  CHECK(get("").status == 404);
  // The path is the peer's: it may not break the JSON, nor bring bytes that are no UTF-8 into it.
  const json::object odd = problem_in(get("/\"\xff\n"));
  CHECK_THAT(odd.at("detail").as_string().c_str(), Catch::Contains("/\"??"));
}

TEST_CASE("other methods are refused with those that are taken") {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", ""}) {
    const response refused = respond({method, "/metrics", "localhost"}, sample_snapshot());
    CHECK(refused.status == 405);
    problem_in(refused);
    REQUIRE(refused.headers.size() == 1);
    CHECK(refused.headers[0] == std::pair<std::string, std::string>{"Allow", "GET, HEAD"});
  }
  CHECK(respond({"HEAD", "/metrics", "localhost"}, sample_snapshot()).status == 200);
  CHECK(respond({"POST", "/nowhere", "localhost"}, sample_snapshot()).status == 404);
}

TEST_CASE("only a loopback name in the Host header is answered: no page of elsewhere reads the daemon") {
  const auto status = [](const char* host) {
    return respond({"GET", "/healthz", host}, sample_snapshot()).status;
  };
  for (const char* host :
       {"localhost", "LocalHost:9470", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:9470"}) {
    INFO(host);
    CHECK(status(host) == 200);
  }
  for (const char* host :
       {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[::1].evil.example",
        "localhost:80.evil.example", "::1", "[::1", "127.0.0.2", "evil.example:9470", "[", "]"}) {
    INFO(host);
    CHECK(status(host) == 403);
  }
  problem_in(respond({"GET", "/healthz", "evil.example"}, sample_snapshot()));
}

TEST_CASE("a page of elsewhere may not ask for a change, and a page of ours may") {
  const auto guard = [](const char* method, const char* host, const char* origin) {
    request asked{method, "/x", host};
    asked.origin = origin;
    return refused(asked);
  };
  CHECK(!guard("POST", "localhost:9470", "")); // no browser
  CHECK(!guard("POST", "localhost:9470", "http://localhost:9470"));
  CHECK(!guard("POST", "[::1]:9470", "HTTP://[::1]:9470"));
  CHECK(!guard("GET", "localhost:9470", "http://evil.example"));
  for (const char* origin : {"null", "http://evil.example", "http://localhost", "http://localhost:80",
                             "https://localhost:9470", "http://localhost:9470.evil.example"}) {
    INFO(origin);
    const auto refusal = guard("POST", "localhost:9470", origin);
    REQUIRE(refusal);
    CHECK(refusal->status == 403);
    problem_in(*refusal);
  }
  CHECK(guard("DELETE", "localhost", "http://127.0.0.1"));
}
