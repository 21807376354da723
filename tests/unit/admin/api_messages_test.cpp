// Held messages over HTTP: what a request must say, and what is answered.
#include "admin/message_bodies.hpp"
#include "admin/ndjson_scheduling.hpp"
#include "fake_control.hpp"

using namespace postponed;
using namespace postponed::admin;
using namespace postponed::test;
using namespace std::chrono_literals;

namespace {

struct messages_api {
  fake_control control;
  fake_messages messages;
  snapshot shown = sample_snapshot();
  std::vector<std::string> audited;
  api it{[this] { return shown; }, control,
         [this](std::string_view what, const log::fields& more) {
           std::string line{what};
           for (const auto& [key, value] : more)
             line.append(" ").append(key).append("=").append(value);
           audited.push_back(line);
         },
         &messages};

  response ask(const std::string& method, const std::string& target, const std::string& body = {}) {
    request asked{method, target, "localhost:9470"};
    asked.body = body;
    asked.remote = "127.0.0.1:4711";
    response got;
    it.handle(asked, [&](response value) { got = std::move(value); });
    return got;
  }
  std::string refusal(unsigned status, const std::string& method, const std::string& target,
                      const std::string& body = {}) {
    const response got = ask(method, target, body);
    INFO(got.body);
    REQUIRE(got.status == status);
    CHECK(got.content_type == "application/problem+json");
    return boost::json::value_to<std::string>(boost::json::parse(got.body).at("detail"));
  }
};

const std::string some_id = to_string(held_id{1, 2, 3});

} // namespace

TEST_CASE("a message is scheduled as it was asked for, and answered with its place when it is durable") {
  messages_api world;
  response got;
  request asked{"POST", "/api/v1/messages", "localhost:9470"};
  asked.body = R"({"queue": "q", "delay": 1500, "body_base64": "AAE=", "headers": {"a": 1}})";
  asked.remote = "127.0.0.1:4711";
  asked.idempotency_key = "key";
  world.it.handle(asked, [&](response value) { got = std::move(value); });
  REQUIRE(world.messages.orders.size() == 1);
  const schedule_order& order = world.messages.orders[0];
  CHECK(order.to == direct_target{"", "q"});
  CHECK(order.delay == 1500ms);
  CHECK(order.content.body == std::string("\x00\x01", 2));
  CHECK(order.idempotency_key == "key");
  CHECK(got.body.empty());
  world.messages.waiting[0](scheduled{{1, 2, 3}, wall_time{60s}, false});
  CHECK(got.status == 201);
  CHECK(got.headers ==
        std::vector<std::pair<std::string, std::string>>{{"Location", "/api/v1/messages/" + some_id}});
  CHECK(world.audited == std::vector<std::string>{"message scheduled who=127.0.0.1:4711 id=" + some_id +
                                                  " to= / q due=1970-01-01T00:01:00.000Z"});
}

TEST_CASE("a request that schedules nothing is told what it should have said") {
  messages_api world;
  const auto refused = [&](const std::string& body) {
    return world.refusal(400, "POST", "/api/v1/messages", body);
  };
  CHECK_THAT(refused(""), Catch::Contains("JSON object"));
  CHECK_THAT(refused("{}"), Catch::Contains("name where"));
  CHECK_THAT(refused(R"({"queue": "q", "exchange": "e", "delay": "1s"})"), Catch::Contains("name where"));
  CHECK_THAT(refused(R"({"queue": "q", "routing_key": "k", "delay": "1s"})"), Catch::Contains("name where"));
  CHECK_THAT(refused(R"({"queue": "q"})"), Catch::Contains("say when"));
  CHECK_THAT(refused(R"({"queue": "q", "delay": "soon"})"), Catch::Contains("1h30m"));
  CHECK_THAT(refused(R"({"queue": "q", "delay": -1})"), Catch::Contains("1h30m"));
  CHECK_THAT(refused(R"({"queue": "q", "due": "tomorrow"})"), Catch::Contains("2026-11-23"));
  CHECK_THAT(refused(R"({"queue": "q", "delay": "1s", "body": null})"), Catch::Contains("null"));
  CHECK_THAT(refused(R"({"queue": "q", "delay": "1s", "body": "a", "body_base64": ""})"),
             Catch::Contains("both"));
  CHECK_THAT(refused(R"({"queue": "q", "delay": "1s", "ttl": 3})"), Catch::Contains("ttl"));
  CHECK(world.messages.orders.empty());
  CHECK(world.audited.empty());
}

TEST_CASE("a message is changed by its id, and it is written down who did it") {
  messages_api world;
  CHECK(world.ask("DELETE", "/api/v1/messages/" + some_id).status == 200);
  CHECK(world.messages.id == held_id{1, 2, 3});
  CHECK(world.messages.to->what == message_change::kind::cancel);
  CHECK(world.ask("PATCH", "/api/v1/messages/" + some_id, R"({"delay": "1h"})").status == 200);
  CHECK(world.messages.to->delay == 1h);
  CHECK(world.ask("PATCH", "/api/v1/messages/" + some_id, R"({"due": "1970-01-02T00:00:00Z"})").status ==
        200);
  CHECK(world.messages.to->due == wall_time{24h});
  CHECK(world.ask("POST", "/api/v1/messages/" + some_id + "/release").status == 200);
  CHECK(world.messages.to->what == message_change::kind::release);
  CHECK(world.audited.size() == 4);
  CHECK(world.audited[0] == "message cancelled who=127.0.0.1:4711 id=" + some_id + " route=held");
  world.refusal(400, "PATCH", "/api/v1/messages/" + some_id,
                R"({"delay": "1h", "due": "1970-01-02T00:00:00Z"})");
  world.refusal(404, "DELETE", "/api/v1/messages/nonsense");
  world.messages.fails = failure{failure::kind::conflict, "no longer held"};
  CHECK_THAT(world.refusal(409, "DELETE", "/api/v1/messages/" + some_id), Catch::Contains("no longer"));
  world.refusal(405, "POST", "/api/v1/messages/" + some_id, "{}");
  CHECK(world.audited.size() == 4);
}

TEST_CASE("many are changed only with a filter and their count") {
  messages_api world;
  const auto got =
      world.ask("POST", "/api/v1/messages/cancel",
                R"({"filter": {"route": "held", "state": "waiting", "headers": {"n": 1}}, "count": 12})");
  CHECK(got.status == 200);
  CHECK(world.messages.which->by.route == "held");
  CHECK(world.messages.which->by.dead_lettering == false);
  CHECK(world.messages.which->by.headers == std::vector<std::pair<std::string, std::string>>{{"n", "1"}});
  CHECK(world.messages.which->count == 12u);
  CHECK(world.audited.size() == 1);
  CHECK(world.ask("POST", "/api/v1/messages/release", R"({"filter": {}, "dry_run": true})").status == 200);
  CHECK(world.messages.which->dry_run);
  CHECK(world.audited.size() == 1);
  CHECK_THAT(world.refusal(400, "POST", "/api/v1/messages/cancel", "{}"), Catch::Contains("say which"));
  CHECK_THAT(world.refusal(400, "POST", "/api/v1/messages/cancel", R"({"filter": {}})"),
             Catch::Contains("count"));
  CHECK_THAT(world.refusal(400, "POST", "/api/v1/messages/cancel", R"({"filter": null, "count": 3})"),
             Catch::Contains("null"));
  CHECK_THAT(world.refusal(400, "POST", "/api/v1/messages/reschedule", R"({"filter": {}, "count": 1})"),
             Catch::Contains("delay"));
}

TEST_CASE("lists and calendars are asked for by their parameters") {
  messages_api world;
  const auto got =
      world.ask("GET", "/api/v1/messages?route=held&state=dead_lettering&header=a:b&after=77.2&limit=7"
                       "&due_from=1970-01-01T00:00:05Z");
  CHECK(got.status == 200);
  CHECK(world.messages.by.dead_lettering == true);
  CHECK(world.messages.by.due_from == wall_time{5s});
  CHECK(world.messages.after == store::horizon_position{wall_time{77us}, 2});
  CHECK(world.messages.limit == 7);
  const auto page = boost::json::parse(got.body).as_object();
  CHECK(page.at("next") == "77.2");
  CHECK(page.at("messages").at(0).at("id") == boost::json::string{some_id});
  const auto whole = boost::json::parse(world.ask("GET", "/api/v1/messages/" + some_id).body).as_object();
  CHECK(whole.at("message").at("body") == "hello");
  CHECK(whole.at("history").at(0).at("what") == "stored");
  for (const char* bad :
       {"?limit=0", "?limit=1001", "?after=5", "?state=odd", "?text=", "?what=1", "?due_from=now"})
    world.refusal(400, "GET", std::string{"/api/v1/messages"} + bad);
  const auto calendar = boost::json::parse(
      world.ask("GET", "/api/v1/calendar?per=hour&from=1970-01-01T00:00:00Z&until=1970-01-02T00:00:00Z")
          .body);
  CHECK(calendar.at("spans").at(0).at("messages") == 3);
  CHECK(calendar.at("spans").at(0).at("resolution_seconds") == 3600);
  for (const char* bad : {"?per=week", "?from=now", "?from=1971-01-01T00:00:00Z&until=1970-01-01T00:00:00Z",
                          "?per=minute&from=1970-01-01T00:00:00Z&until=1971-01-01T00:00:00Z"})
    world.refusal(400, "GET", std::string{"/api/v1/calendar"} + bad);
}

TEST_CASE("lines that come in any pieces are answered in order, when durable, whatever order that is") {
  fake_messages messages;
  std::vector<std::string> written;
  const auto work = std::make_shared<ndjson_scheduling>(
      messages, [&](std::string&& lines) { written.push_back(std::move(lines)); });
  const std::string line = R"({"queue": "q", "delay": "1s"})";
  const std::string all = line + "\n" + line + "\r\n\nnonsense\n" + line;
  for (const char each : all)
    work->feed({&each, 1});
  CHECK(messages.orders.size() == 2);
  CHECK(written.empty());
  CHECK(work->bytes_under_way() == 2 * line.size() + 8);
  work->finish();
  REQUIRE(messages.waiting.size() == 3);
  messages.waiting[1](scheduled{{1, 2, 3}, wall_time{60s}, false});
  CHECK(written.empty());
  messages.waiting[0](failure{failure::kind::invalid, "no"});
  REQUIRE(written.size() == 1);
  CHECK(written[0] ==
        "{\"line\":1,\"status\":422,\"error\":\"no\"}\n"
        "{\"id\":\"" +
            some_id +
            "\",\"due\":\"1970-01-01T00:01:00.000Z\",\"repeated\":false,\"line\":2,\"status\":201}\n" +
            written[0].substr(written[0].find("{\"line\":4")));
  CHECK_FALSE(work->idle());
  messages.waiting[2](scheduled{{1, 3, 3}, wall_time{60s}, true});
  CHECK(work->idle());
  CHECK(work->held() == 2);
  CHECK(work->refused() == 2);
  CHECK_THAT(written.back(), Catch::Contains("\"line\":5,\"status\":200"));
  CHECK(work->bytes_under_way() == 0);
}
