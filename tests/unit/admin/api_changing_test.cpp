#include "fake_control.hpp"
#include "proto/properties.hpp"

using namespace postponed;
using namespace postponed::admin;
using postponed::test::api_world;
using namespace std::chrono_literals;

namespace {

const wall_time now = test::sample_snapshot().now;

} // namespace

TEST_CASE("letters are discarded and fetched back by filter, and it is written down who did it") {
  api_world world;
  world.control.messages = 12;
  const auto discarded = world.post("/api/v1/dead-letters/bin/discard",
                                    R"({"filter": {"route": "timeouts", "older_than": "1h",
                                        "headers": {"tries": 3, "a": "b"}}, "ids": [4, 5]})");
  CHECK(discarded.at("messages") == 12);
  CHECK(world.control.calls == std::vector<std::string>{"discard"});
  CHECK(world.control.by.dead_letter == "bin");
  CHECK(world.control.by.state == store::letter_state::kept);
  CHECK(world.control.by.route == "timeouts");
  CHECK(world.control.by.died_before == now - 1h);
  CHECK(world.control.by.headers ==
        std::vector<std::pair<std::string, std::string>>{{"tries", "3"}, {"a", "b"}});
  CHECK(world.control.by.ids == std::vector<store::letter_id>{4, 5});
  world.post("/api/v1/dead-letters/bin/restore", "{}");
  CHECK(world.control.by.state == store::letter_state::trash);
  CHECK(world.audited ==
        std::vector<std::string>{"dead letters discarded who=127.0.0.1:4711 dead_letter=bin messages=12",
                                 "dead letters restored who=127.0.0.1:4711 dead_letter=bin messages=12"});
}

TEST_CASE("a dry run counts, changes nothing, and is not written down") {
  api_world world;
  world.control.messages = 12;
  for (const char* what : {"discard", "restore", "replay"}) {
    const auto counted =
        world.post(std::string{"/api/v1/dead-letters/bin/"} + what, R"({"dry_run": true, "ids": [1]})");
    CHECK(counted.at("messages") == 12);
    CHECK(counted.at("dry_run") == true);
  }
  CHECK(world.control.calls == std::vector<std::string>{"count", "count", "count"});
  CHECK(world.audited.empty());
  CHECK(world.post("/api/v1/dead-letters/bin/replay", R"({"dry_run": true, "limit": 5})").at("messages") ==
        5);
}

TEST_CASE("a body that cannot be read changes nothing, and is told with what would be right") {
  api_world world;
  const auto refusal = [&](const std::string& body) {
    return world.refusal(400, "POST", "/api/v1/dead-letters/bin/replay", body);
  };
  CHECK_THAT(refusal(""), Catch::Contains("{} means all"));
  CHECK_THAT(refusal("{\"a\""), Catch::Contains("no JSON"));
  CHECK_THAT(refusal("[1]"), Catch::Contains("an array") && Catch::Contains("object"));
  CHECK_THAT(refusal("{} x"), Catch::Contains("no JSON"));
  CHECK_THAT(refusal(R"({"filters": {}})"), Catch::Contains("\"filters\"") && Catch::Contains("filter, ids"));
  CHECK_THAT(refusal(R"({"filter": {"rout": "x"}})"), Catch::Contains("\"rout\""));
  CHECK_THAT(refusal(R"({"filter": []})"), Catch::Contains("filter in the request"));
  CHECK_THAT(refusal(R"({"filter": {"route": 5}})"), Catch::Contains("route in filter is 5"));
  CHECK_THAT(refusal(R"({"filter": {"older_than": "1y"}})"), Catch::Contains("7d"));
  CHECK_THAT(refusal(R"({"filter": {"headers": {"a": [1]}}})"), Catch::Contains("headers"));
  CHECK_THAT(refusal(R"({"ids": []})"), Catch::Contains("left out for all"));
  CHECK_THAT(refusal(R"({"ids": ["7"]})"), Catch::Contains("whole numbers"));
  CHECK_THAT(refusal(R"({"rate": 0})"), Catch::Contains("more than 0"));
  CHECK_THAT(refusal(R"({"rate": "fast"})"), Catch::Contains("rate"));
  CHECK_THAT(refusal(R"({"rate": 1e25})"), Catch::Contains("1000000000 at most"));
  CHECK_THAT(refusal(R"({"rate": 1e400})"), Catch::Contains("rate"));
  CHECK_THAT(refusal(R"({"canary": -1})"), Catch::Contains("canary"));
  CHECK_THAT(refusal(R"({"limit": 1.5})"), Catch::Contains("limit"));
  CHECK_THAT(refusal(R"({"dry_run": "yes"})"), Catch::Contains("true or false"));
  CHECK_THAT(refusal(R"({"to": {"queue": "a", "exchange": "b"}})"), Catch::Contains("to must be"));
  CHECK_THAT(refusal(R"({"to": {}})"), Catch::Contains("to must be"));
  CHECK_THAT(refusal(R"({"to": {"queue": ""}})"), Catch::Contains("to must be"));
  CHECK_THAT(refusal(R"({"to": {"queue": ")" + std::string(256, 'q') + "\"}}"), Catch::Contains("255"));
  CHECK_THAT(refusal(R"({"from": "disk"})"), Catch::Contains("store"));
  CHECK(world.control.calls.empty());
  CHECK(world.audited.empty());
}

TEST_CASE("what was meant to choose or to try, and does not, never means all of them") {
  for (const char* what : {"discard", "restore", "replay"}) {
    api_world world;
    const std::string path = std::string{"/api/v1/dead-letters/bin/"} + what;
    for (const char* body : {R"({"ids": null})", R"({"filter": null})", R"({"filter": {"route": null}})",
                             R"({"filter": {}, "dry_run": null})"})
      CHECK_THAT(world.refusal(400, "POST", path, body), Catch::Contains("null; give it a value, or leave"));
    CHECK_THAT(world.refusal(400, "POST", path + "?route=timeouts&dry_run=true", "{}"),
               Catch::Contains("no query") && Catch::Contains("?route=timeouts&dry_run=true"));
    CHECK(world.control.calls.empty());
    CHECK(world.ask("POST", path + "?", "{}").status < 300);
  }
}

TEST_CASE("a body is refused where none is taken") {
  api_world world;
  for (const char* path : {"/api/v1/reload", "/api/v1/replays/3/stop"}) {
    CHECK_THAT(world.refusal(400, "POST", path, R"({"why": "x"})"), Catch::Contains("it may have none"));
    CHECK_THAT(world.refusal(400, "POST", path, "[1"), Catch::Contains("no JSON"));
  }
  CHECK(world.control.calls.empty());
  world.post("/api/v1/replays/3/stop", "{}");
}

TEST_CASE("a replay begins a job as it was asked for") {
  api_world world;
  world.control.messages = 20000;
  const response answer = world.ask("POST", "/api/v1/dead-letters/bin/replay",
                                    R"({"filter": {"reason": "nacked"}, "to": {"exchange": "orders",
                                        "routing_key": "again"}, "rate": 500, "canary": 10, "limit": 9000})");
  CHECK(answer.status == 202);
  CHECK(answer.headers.at(0) == std::pair<std::string, std::string>{"Location", "/api/v1/replays/41"});
  CHECK(world.control.calls == std::vector<std::string>{"replay bin"});
  CHECK(world.control.spec.by.reason == "nacked");
  CHECK(world.control.spec.by.dead_letter == "bin");
  CHECK(world.control.spec.to == direct_target{"orders", "again"});
  CHECK(world.control.spec.rate == 500);
  CHECK(world.control.spec.canary == 10);
  CHECK(world.control.spec.limit == 9000);
  const auto job = boost::json::parse(answer.body);
  CHECK(job.at("id") == 41);
  CHECK(job.at("kind") == "replay");
  CHECK(job.at("state") == "running");
  CHECK(job.at("dead_letter") == "bin");
  CHECK(job.at("total") == 20000);
  CHECK(job.at("filter").at("reason") == "nacked");
  CHECK(job.at("to").at("routing_key") == "again");
  CHECK(world.audited ==
        std::vector<std::string>{
            "replay of dead letters begun who=127.0.0.1:4711 job=41 dead_letter=bin messages=20000"});
  world.post("/api/v1/dead-letters/bin/replay", R"({"to": {"queue": "orders"}})", 202);
  CHECK(world.control.spec.to == direct_target{"", "orders"});
  CHECK(world.control.spec.rate == 0);
}

TEST_CASE("a queue that is not collected is drained, from its head, without a filter") {
  api_world world;
  CHECK(world.post("/api/v1/dead-letters/heap/replay", R"({"limit": 100})", 202).at("kind") == "drain");
  CHECK(world.control.calls == std::vector<std::string>{"drain heap"});
  CHECK_THAT(world.refusal(400, "POST", "/api/v1/dead-letters/heap/replay", R"({"ids": [1]})"),
             Catch::Contains("collect: true"));
  CHECK(world.post("/api/v1/dead-letters/heap/replay", R"({"dry_run": true})").at("messages") == 30);
  CHECK(world.post("/api/v1/dead-letters/heap/replay", R"({"dry_run": true, "limit": 7})").at("messages") ==
        7);
  world.shown.dead_letters[1].known = false;
  world.shown.dead_letters[1].problem = "no such queue";
  CHECK_THAT(world.refusal(503, "POST", "/api/v1/dead-letters/heap/replay", R"({"dry_run": true})"),
             Catch::Contains("no such queue"));
  world.post("/api/v1/dead-letters/heap/replay", R"({"from": "store", "ids": [1]})", 202);
  CHECK(world.control.calls.back() == "replay heap");
  world.refusal(409, "POST", "/api/v1/dead-letters/bin/replay", R"({"from": "queue"})");
}

TEST_CASE("one message is sent again as it is, or edited, and what is not named stays byte for byte") {
  api_world world;
  store::letter& one = world.control.letters[7];
  one.id = 7;
  one.dead_letter = "bin";
  one.content = {"orders", "created", {}, "old"};
  proto::header_editor headers{{}};
  headers.set_text("tenant", "a");
  headers.set_integer("tries", 3);
  const std::string table = headers.encode();
  proto::properties_view properties;
  properties.content_type = "text/plain";
  properties.message_id = "m";
  properties.headers = table;
  one.content.properties = proto::encode(properties);
  const std::string path = "/api/v1/dead-letters/bin/messages/7/replay";

  CHECK(world.post(path, "", 202).at("edited") == false);
  CHECK(world.control.content.properties == one.content.properties);
  CHECK(world.control.content.body == "old");
  CHECK(!world.control.to);

  world.post(path,
             R"({"body": "new", "to": {"queue": "q"}, "properties": {"content_type": null, "priority": 3,
                       "timestamp": "1970-01-01T00:01:00Z"}, "headers": {"tenant": "b", "tries": null,
                       "n": 5, "f": false}})",
             202);
  CHECK(world.control.to == direct_target{"", "q"});
  const proto::message& sent = world.control.content;
  CHECK(sent.body == "new");
  CHECK(sent.exchange == "orders");
  const auto view = proto::properties_view::parse(sent.properties);
  REQUIRE(view.has_value());
  CHECK(!view->content_type);
  CHECK(view->priority == 3);
  CHECK(view->message_id == "m");
  CHECK(view->timestamp == 60);
  const auto fields = proto::read_table(*view->headers);
  REQUIRE(fields.has_value());
  REQUIRE(fields->size() == 3);
  CHECK(fields->at(0).text() == "b");
  CHECK(fields->at(1).integer() == 5);
  CHECK(fields->at(2).boolean() == false);

  world.post(path, R"({"body_base64": "/wE=", "headers": {"tenant": null, "tries": null}})", 202);
  CHECK(world.control.content.body == "\xff\x01");
  CHECK(!proto::properties_view::parse(world.control.content.properties)->headers);
  CHECK(world.audited.size() == 3);
  CHECK(world.audited[1] ==
        "dead letter sent again who=127.0.0.1:4711 dead_letter=bin id=7 edited=true to= / q");
}

TEST_CASE("an edit that is impossible changes nothing") {
  api_world world;
  store::letter& one = world.control.letters[7];
  one.id = 7;
  one.dead_letter = "bin";
  one.content.properties = std::string(2, '\0');
  const std::string path = "/api/v1/dead-letters/bin/messages/7/replay";
  const auto refusal = [&](const std::string& body) { return world.refusal(400, "POST", path, body); };
  CHECK_THAT(refusal(R"({"text": "x"})"), Catch::Contains("\"text\"") && Catch::Contains("body_base64"));
  CHECK_THAT(refusal(R"({"body": "x", "body_base64": "eA=="})"), Catch::Contains("give one"));
  CHECK_THAT(refusal(R"({"body_base64": "eA"})"), Catch::Contains("base64"));
  CHECK_THAT(refusal(R"({"headers": {"a": {"b": 1}}})"), Catch::Contains("a in headers"));
  CHECK_THAT(refusal(R"({"headers": {"a": 1.5}})"), Catch::Contains("a in headers"));
  CHECK_THAT(refusal("{\"headers\": {\"" + std::string(129, 'n') + "\": 1}}"), Catch::Contains("128"));
  CHECK_THAT(refusal(R"({"properties": {"user_id": "x"}})"), Catch::Contains("user_id"));
  CHECK_THAT(refusal(R"({"properties": {"priority": 256}})"), Catch::Contains("0 to 255"));
  CHECK_THAT(refusal(R"({"properties": {"delivery_mode": 3}})"), Catch::Contains("1 or 2"));
  CHECK_THAT(refusal(R"({"properties": {"timestamp": "today"}})"), Catch::Contains("timestamp"));
  CHECK_THAT(refusal("{\"properties\": {\"type\": \"" + std::string(256, 't') + "\"}}"),
             Catch::Contains("255"));
  one.content.properties = "x";
  CHECK_THAT(refusal(R"({"headers": {"a": 1}})"), Catch::Contains("cannot be read"));
  one.state = store::letter_state::trash;
  CHECK_THAT(world.refusal(409, "POST", path), Catch::Contains("restore it first"));
  CHECK(world.audited.empty());
  for (const std::string& each : world.control.calls)
    CHECK(each == "get 7");
}

TEST_CASE("replays are listed, shown, paused, resumed and stopped") {
  api_world world;
  store::job one;
  one.id = 41;
  one.at = store::job::state::canary;
  one.total = 100;
  one.done = 10;
  world.control.known_jobs = {one};
  CHECK(world.get("/api/v1/replays").at("replays").at(0).at("state") == "canary");
  CHECK(world.get("/api/v1/replays/41").at("done") == 10);
  CHECK_THAT(world.refusal(404, "GET", "/api/v1/replays/42"), Catch::Contains("42"));
  CHECK(world.post("/api/v1/replays/41/pause", "").at("state") == "paused");
  world.post("/api/v1/replays/41/resume", "");
  world.post("/api/v1/replays/41/stop", "");
  world.refusal(404, "POST", "/api/v1/replays/last/stop");
  CHECK(world.control.calls ==
        std::vector<std::string>{"jobs", "job 41", "job 42", "pause 41", "resume 41", "stop 41"});
  CHECK(world.audited == std::vector<std::string>{"replay paused who=127.0.0.1:4711 job=41",
                                                  "replay resumed who=127.0.0.1:4711 job=41",
                                                  "replay stopped who=127.0.0.1:4711 job=41"});
  world.control.fails = failure{failure::kind::conflict, "it is done"};
  CHECK(world.refusal(409, "POST", "/api/v1/replays/41/stop") == "it is done");
  CHECK(world.audited.size() == 3);
}

TEST_CASE("a route is paused and resumed, with who and why") {
  api_world world;
  CHECK(world.post("/api/v1/routes/timeouts/pause", R"({"why": "shop closed"})").at("paused") == true);
  CHECK(world.post("/api/v1/routes/timeouts/resume", "").at("paused") == false);
  CHECK(world.control.calls == std::vector<std::string>{"pause timeouts 127.0.0.1:4711 shop closed",
                                                        "resume timeouts 127.0.0.1:4711 "});
  CHECK(world.audited.at(0) == "route paused who=127.0.0.1:4711 route=timeouts why=shop closed");
  CHECK_THAT(world.refusal(404, "POST", "/api/v1/routes/other/pause"), Catch::Contains("there are timeouts"));
  CHECK_THAT(world.refusal(400, "POST", "/api/v1/routes/timeouts/pause", R"({"because": "x"})"),
             Catch::Contains("may have why"));
  CHECK(world.control.calls.size() == 2);
}

TEST_CASE("a reload answers the errors of the file, and both outcomes are written down") {
  api_world world;
  world.control.reloads = {true, {}, {"a.yaml:1:1: odd; mend it"}};
  CHECK(world.post("/api/v1/reload", "").at("warnings").at(0) == "a.yaml:1:1: odd; mend it");
  world.control.reloads = {false, {"a.yaml:3:5: no such key; remove it"}, {}};
  const response refused = world.ask("POST", "/api/v1/reload");
  CHECK(refused.status == 422);
  CHECK(refused.content_type == "application/problem+json");
  CHECK(boost::json::parse(refused.body).at("errors").at(0) == "a.yaml:3:5: no such key; remove it");
  CHECK(world.audited == std::vector<std::string>{"reload who=127.0.0.1:4711 done=true",
                                                  "reload who=127.0.0.1:4711 done=false"});
}

TEST_CASE("the topology shows in what broker and file differ") {
  api_world world;
  CHECK(world.get("/api/v1/topology").at("same") == true);
  world.control.differences = {{"queue", "orders", "different", "classic", "quorum"}};
  const auto found = world.get("/api/v1/topology");
  CHECK(found.at("same") == false);
  CHECK(
      found.at("differences") ==
      boost::json::parse(
          R"([{"what": "queue", "name": "orders", "kind": "different", "have": "classic", "want": "quorum"}])"));
}
