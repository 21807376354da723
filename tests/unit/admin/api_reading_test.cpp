#include "admin/letter_filters.hpp"
#include "admin/text_forms.hpp"
#include "fake_control.hpp"
#include "proto/properties.hpp"

using namespace postponed;
using namespace postponed::admin;
using postponed::test::api_world;
using namespace std::chrono_literals;

namespace {

const wall_time now = test::sample_snapshot().now;

store::letter sample_letter() {
  store::letter one;
  one.id = 7;
  one.dead_letter = "bin";
  one.queue = "orders.dead";
  one.route = "timeouts";
  one.reason = "attempts_exhausted";
  one.error = "cannot\xff reach 10.0.0.1";
  one.origin_queue = "orders";
  one.routing_key = "order.created";
  one.died = now - 1h;
  one.attempt = 6;
  one.group = 0xabcdef0123456789;
  one.bytes = 100;
  return one;
}

} // namespace

TEST_CASE("dead letters are listed with what the watch, the counters and the store know of them") {
  api_world world;
  world.shown.dead_letters[0].oldest = now - 90s;
  world.shown.dead_letters[0].alerts = {{relay::alert_kind::depth, 12, 10, now - 5s}};
  world.shown.dead_letters[1].missing = true;
  world.shown.counters.dead_letters["bin"].collected = 55;
  world.control.known_totals = {
      {"bin", 12, 3400, 2, 17, now - 90s}, {"former", 1, 10, 0, 0, {}}, {"empty", 0, 0, 0, 0, {}}};
  const auto all = world.get("/api/v1/dead-letters").at("dead_letters").as_array();
  REQUIRE(all.size() == 3);
  CHECK(all[0].at("name") == "bin");
  CHECK(all[0].at("queue") == "orders.dead");
  CHECK(all[0].at("collect") == true);
  CHECK(all[0].at("depth") == 12);
  CHECK(all[0].at("oldest_age_seconds").to_number<double>() == 90);
  CHECK(all[0].at("collected") == 55);
  CHECK(all[0].at("alerts").at(0).at("kind") == "depth");
  CHECK(all[0].at("store").at("kept") == 12);
  CHECK(all[0].at("store").at("trash_bytes") == 17);
  CHECK(all[1].at("missing") == true);
  CHECK(all[1].at("store").at("kept") == 0);
  CHECK(all[1].at("oldest_age_seconds").is_null());
  CHECK(all[2].at("name") == "former"); // no longer in the file, and yet not out of reach
  CHECK(all[2].at("configured") == false);
}

TEST_CASE("messages are listed page by page, by every filter that there is") {
  api_world world;
  world.control.page.letters = {sample_letter()};
  world.control.page.next = 7;
  const auto page =
      world.get("/api/v1/dead-letters/bin/messages"
                "?route=timeouts&reason=nacked&queue=orders&group=abcdef0123456789&older_than=1h"
                "&newer_than=7d&header=tenant:a%3Ab&header=seen&text=10.0&state=trash&after=3&limit=50");
  CHECK(page.at("next") == 7);
  const auto& one = page.at("messages").at(0).as_object();
  CHECK(one.at("id") == 7);
  CHECK(one.at("group") == "abcdef0123456789");
  CHECK(one.at("error") == "cannot\xEF\xBF\xBD reach 10.0.0.1"); // bytes that are no text do not break JSON
  CHECK(one.at("died") == "2026-11-22T23:01:30.000Z");
  CHECK(!one.contains("discarded"));
  const store::letter_filter& by = world.control.by;
  CHECK(by.dead_letter == "bin");
  CHECK(by.state == store::letter_state::trash);
  CHECK(by.route == "timeouts");
  CHECK(by.reason == "nacked");
  CHECK(by.queue == "orders");
  CHECK(by.group == 0xabcdef0123456789);
  CHECK(by.died_before == now - 1h);
  CHECK(by.died_after == now - 7 * 24h);
  CHECK(by.headers == std::vector<std::pair<std::string, std::string>>{{"tenant", "a:b"}, {"seen", ""}});
  CHECK(by.text == "10.0");
  CHECK(world.control.after == 3);
  CHECK(world.control.limit == 50);

  world.get("/api/v1/dead-letters/bin/messages");
  CHECK(world.control.limit == 100);
  CHECK(world.control.by.state == store::letter_state::kept);
}

TEST_CASE("a parameter that cannot be read is told with what would be right") {
  api_world world;
  const auto refusal = [&](const std::string& query) {
    return world.refusal(400, "GET", "/api/v1/dead-letters/bin/messages?" + query);
  };
  CHECK_THAT(refusal("rout=x"), Catch::Contains("no parameter rout") && Catch::Contains("route, reason"));
  CHECK_THAT(refusal("older_than=soon"), Catch::Contains("\"soon\"") && Catch::Contains("1h30m"));
  CHECK_THAT(refusal("group=12"), Catch::Contains("16 hexadecimal"));
  CHECK_THAT(refusal("state=gone"), Catch::Contains("kept or trash"));
  CHECK_THAT(refusal("limit=1001"), Catch::Contains("1 to 1000"));
  CHECK_THAT(refusal("limit=0"), Catch::Contains("1 to 1000"));
  CHECK_THAT(refusal("after=-1"), Catch::Contains("next"));
  CHECK_THAT(refusal("header=:x"), Catch::Contains("name:value"));
  CHECK_THAT(refusal("text="), Catch::Contains("some text"));
  CHECK_THAT(world.refusal(400, "GET", "/api/v1/dead-letters/bin/groups?limit=3"), Catch::Contains("limit"));
  CHECK(world.control.calls.empty());
}

TEST_CASE("one message is shown whole") {
  api_world world;
  store::letter one = sample_letter();
  one.content.body = "{\"order\": 42}";
  one.content.routing_key = "order.created";
  proto::header_editor headers{{}};
  headers.set_text("tenant", "a");
  headers.set_integer("tries", 3);
  headers.set_boolean("urgent", true);
  headers.set_text("raw", "\xff\x01");
  const std::string table = headers.encode();
  proto::properties_view properties;
  properties.content_type = "application/json";
  properties.priority = 5;
  properties.timestamp = 0;
  properties.headers = table;
  one.content.properties = proto::encode(properties);
  world.control.letters[7] = one;
  const auto whole = world.get("/api/v1/dead-letters/bin/messages/7");
  CHECK(whole.at("id") == 7);
  const auto& message = whole.at("message");
  CHECK(message.at("body") == "{\"order\": 42}");
  CHECK(message.at("routing_key") == "order.created");
  CHECK(message.at("properties").at("content_type") == "application/json");
  CHECK(message.at("properties").at("priority") == 5);
  CHECK(message.at("properties").at("timestamp") == "1970-01-01T00:00:00.000Z");
  CHECK(message.at("headers") ==
        boost::json::parse(R"({"tenant": "a", "tries": 3, "urgent": true, "raw": {"base64": "/wE="}})"));

  world.control.letters[7].content.body = "\x80\x81\x82";
  world.control.letters[7].content.properties = "x";
  const auto odd = world.get("/api/v1/dead-letters/bin/messages/7").at("message");
  CHECK(odd.at("body_base64") == "gIGC");
  CHECK(odd.at("raw_properties") == "eA==");
  CHECK(!odd.as_object().contains("headers"));
}

TEST_CASE("a message whose numbers JSON does not have is shown as JSON all the same") {
  api_world world;
  store::letter one = sample_letter();
  const std::string table{"\1n"
                          "d\x7f\xf8\0\0\0\0\0\0"
                          "\1i"
                          "f\xff\x80\0\0",
                          18};
  proto::properties_view properties;
  properties.headers = table;
  one.content.properties = proto::encode(properties);
  world.control.letters[7] = one;
  const auto message = world.get("/api/v1/dead-letters/bin/messages/7").at("message");
  CHECK(message.at("headers") == boost::json::parse(R"({"n": "NaN", "i": "-Inf"})"));
}

TEST_CASE("a message that is not there, or is another dead letter's, is told so") {
  api_world world;
  world.control.letters[7] = sample_letter();
  CHECK_THAT(world.refusal(404, "GET", "/api/v1/dead-letters/bin/messages/8"), Catch::Contains("8"));
  CHECK_THAT(world.refusal(404, "GET", "/api/v1/dead-letters/heap/messages/7"), Catch::Contains("heap"));
  CHECK_THAT(world.refusal(404, "GET", "/api/v1/dead-letters/bin/messages/7x"), Catch::Contains("whole"));
}

TEST_CASE("an unknown dead letter is told with those that there are; one that only the store knows is not "
          "unknown") {
  api_world world;
  const std::string why = world.refusal(404, "GET", "/api/v1/dead-letters/orders/messages");
  CHECK_THAT(why, Catch::Contains("no dead letter orders") && Catch::Contains("bin, heap"));
  world.control.known_totals = {{"orders", 3, 10, 0, 0, {}}};
  world.get("/api/v1/dead-letters/orders/messages");
  CHECK(world.control.by.dead_letter == "orders");
}

TEST_CASE("the queue of one that is not collected is looked at from the head") {
  api_world world;
  world.control.head.messages = {{"", "k", std::string(2, '\0'), "hello"}};
  world.control.head.warning = "looking counts against the delivery limit";
  const auto seen = world.get("/api/v1/dead-letters/heap/messages");
  CHECK(world.control.calls == std::vector<std::string>{"peek heap"});
  CHECK(world.control.limit == 20);
  CHECK(seen.at("from") == "queue");
  CHECK(seen.at("messages").at(0).at("body") == "hello");
  CHECK(seen.at("warning") == "looking counts against the delivery limit");
  world.get("/api/v1/dead-letters/heap/messages?limit=3");
  CHECK(world.control.limit == 3);
  world.refusal(400, "GET", "/api/v1/dead-letters/heap/messages?limit=201");
  CHECK_THAT(world.refusal(400, "GET", "/api/v1/dead-letters/heap/messages?reason=nacked"),
             Catch::Contains("from=store"));
  CHECK(world.get("/api/v1/dead-letters/heap/messages?from=store&reason=nacked").at("from") == "store");
  world.refusal(409, "GET", "/api/v1/dead-letters/bin/messages?from=queue");
}

TEST_CASE("groups come with their sizes, by the same filters") {
  api_world world;
  world.control.found_groups = {{0x2a, "bin", "timeouts", "nacked", "refused", 100, 4000, now - 2h, now}};
  const auto groups = world.get("/api/v1/dead-letters/bin/groups?route=timeouts").at("groups");
  CHECK(groups.at(0).at("group") == "000000000000002a");
  CHECK(groups.at(0).at("messages") == 100);
  CHECK(world.control.by.route == "timeouts");
}

TEST_CASE("a failure of the control is answered by its kind and in its words") {
  api_world world;
  const std::pair<failure::kind, unsigned> kinds[] = {{failure::kind::not_found, 404},
                                                      {failure::kind::conflict, 409},
                                                      {failure::kind::invalid, 422},
                                                      {failure::kind::unavailable, 503},
                                                      {failure::kind::failed, 500}};
  for (const auto& [kind, status] : kinds) {
    world.control.fails = failure{kind, "because"};
    for (const char* target :
         {"/api/v1/dead-letters", "/api/v1/dead-letters/bin/messages", "/api/v1/dead-letters/bin/messages/7",
          "/api/v1/dead-letters/bin/groups", "/api/v1/dead-letters/nameless/groups",
          "/api/v1/dead-letters/heap/messages", "/api/v1/replays", "/api/v1/replays/1", "/api/v1/topology"})
      CHECK(world.refusal(status, "GET", target) == "because");
  }
}

TEST_CASE("the guard stands before everything, and the pages are there too") {
  api_world world;
  const auto status = [&](const char* method, const char* host, const char* origin, const char* target) {
    request asked{method, target, host};
    asked.origin = origin;
    response got;
    world.api.handle(asked, [&](response value) { got = std::move(value); });
    return got.status;
  };
  CHECK(status("POST", "localhost", "http://localhost", "/api/v1/reload") == 422);
  CHECK(status("GET", "localhost", "", "/metrics") == 200);
  CHECK(status("GET", "localhost", "", "/api/v1/reload") == 405);
  CHECK(status("GET", "localhost", "", "/api/v1/nothing") == 404);
}

TEST_CASE("the index lists the whole table: pages, problems, what is answered at once and what in pieces") {
  api_world world;
  event_log events;
  world.api.tell_events_of(events);
  const std::string index = world.ask("GET", "/api/v1").body;
  std::size_t named = 0;
  std::istringstream lines{index};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::string method, path;
    words >> method >> path;
    if (method != "GET" && method != "POST" && method != "PATCH" && method != "DELETE") continue;
    INFO(line);
    const response other = world.ask("PUT", path);
    CHECK(other.status == 405);
    REQUIRE(other.headers.size() == 1);
    CHECK_THAT(other.headers[0].second, Catch::Contains(method));
    ++named;
  }
  for (const char* const each : {"GET /api/v1/events\n", "POST /api/v1/messages\n", "GET /problems/{name}\n"})
    CHECK_THAT(index, Catch::Contains(each));
  CHECK(named == 39);
}
