// Held messages over HTTP, on a real broker: scheduled, listed, cancelled, moved, released; and what a kill
// leaves of them.
#include "support/amqp_client.hpp"
#include "support/eventually.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/sidecar.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <atomic>
#include <iostream>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <sstream>
#include <thread>

using namespace postponed::test;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

using wall = std::chrono::system_clock;

struct messages_world {
  std::string intake = fresh_name("later"), work = fresh_name("work"), other = fresh_name("other");
  sidecar daemon;
  amqp_client client{rabbitmq_server::shared().port()};

  messages_world()
      : daemon{sidecar::sections() + filled(R"(
topology:
  queues: [{name: {intake}}, {name: {work}}, {name: {other}}, {name: {intake}.dead}]
routes:
  - {name: held, queue: {intake}, release: {queue: {work}}, dead_letter: bin, delay: {default: 1h, max: 30d}}
dead_letters:
  - {name: bin, queue: {intake}.dead}
)",
                                            {{"intake", intake}, {"work", work}, {"other", other}}),
               rabbitmq_server::shared().uri()} {
    daemon.start();
  }

  json::object ask(const std::string& method, const std::string& path, const json::value& body, int status) {
    const http_response got = http_send(daemon.admin_port(), method, "/api/v1" + path,
                                        body.is_null() ? std::string{} : json::serialize(body));
    INFO(method << " " << path << " " << got.body);
    CHECK(got.status == status);
    return got.body.empty() ? json::object{} : json::parse(got.body).as_object();
  }
  json::object get(const std::string& path, int status = 200) { return ask("GET", path, nullptr, status); }
  std::string schedule(json::object what) {
    return json::value_to<std::string>(ask("POST", "/messages", what, 201).at("id"));
  }
  std::string state_of(const std::string& id) {
    const http_response got = http_get(daemon.admin_port(), "/api/v1/messages/" + id);
    return got.status == 200 ? json::value_to<std::string>(json::parse(got.body).at("state"))
                             : std::to_string(got.status);
  }
};

std::string rfc3339(wall::time_point at) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
  const std::time_t seconds = ms / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::string fraction = std::to_string(1000 + ms % 1000).substr(1);
  return std::string{text, size} + "." + fraction + "Z";
}

std::string id_of(const delivery& each) {
  return text_of(each.headers(), "postponed-id");
}

} // namespace

TEST_CASE(
    "a message scheduled by HTTP is delivered as it was given: by a route, to a queue, with its headers") {
  messages_world world;
  const std::string by_route = world.schedule({{"route", "held"},
                                               {"delay", "300ms"},
                                               {"body", "to the route"},
                                               {"headers", {{"customer", 42}, {"name", "Zo\u00eb"}}},
                                               {"properties", {{"content_type", "text/plain"}}}});
  const std::string to_queue = world.schedule(
      {{"queue", world.other}, {"due", rfc3339(wall::now() + 500ms)}, {"body_base64", "AAEC"}});
  world.client.consume(world.work);
  const auto first = world.client.next(10s);
  REQUIRE(first);
  CHECK(id_of(*first) == by_route);
  CHECK(first->body == "to the route");
  CHECK(first->properties.content_type == "text/plain");
  CHECK(text_of(first->headers(), "name") == "Zo\u00eb");
  world.client.consume(world.other);
  const auto second = world.client.next(10s);
  REQUIRE(second);
  CHECK(id_of(*second) == to_queue);
  CHECK(second->body == std::string("\x00\x01\x02", 3));
  CHECK(eventually(
      [&] { return world.state_of(by_route) == "409" || world.state_of(by_route) == "finished"; }));
}

TEST_CASE("an idempotency key schedules once; another request under it is refused") {
  messages_world world;
  const json::object what{{"route", "held"}, {"body", "once"}, {"idempotency_key", "order-7"}};
  const std::string id = world.schedule(what);
  const auto again = world.ask("POST", "/messages", what, 200);
  CHECK(json::value_to<std::string>(again.at("id")) == id);
  json::object other = what;
  other["body"] = "twice";
  world.ask("POST", "/messages", other, 422);
  CHECK(world.get("/messages").at("messages").as_array().size() == 1);
}

TEST_CASE("messages are looked at, moved, released and cancelled by their ids; 404 and 409 tell the rest") {
  messages_world world;
  world.client.consume(world.work);
  world.client.publish_to_queue(world.intake, "by AMQP", {integer("x-delay", 3'600'000)});
  REQUIRE(eventually([&] { return world.get("/messages").at("messages").as_array().size() == 1; }));
  const json::object listed = world.get("/messages").at("messages").at(0).as_object();
  const std::string id = json::value_to<std::string>(listed.at("id"));
  CHECK(listed.at("route") == "held");
  CHECK(listed.at("state") == "waiting");
  const json::object whole = world.get("/messages/" + id);
  CHECK(whole.at("message").at("body") == "by AMQP");

  // Later, then earlier, then now.
  const auto later = wall::now() + 2h;
  const json::object moved = world.ask("PATCH", "/messages/" + id, {{"due", rfc3339(later)}}, 200);
  CHECK(moved.at("due") == json::string{rfc3339(later)});
  CHECK(moved.at("due") == world.get("/messages/" + id).at("due"));
  world.ask("PATCH", "/messages/" + id, {{"delay", "60d"}}, 422);
  world.ask("PATCH", "/messages/" + id, {{"delay", "soon"}}, 400);
  world.ask("PATCH", "/messages/" + id, json::object{}, 400);
  const auto begin = wall::now();
  world.ask("PATCH", "/messages/" + id, {{"delay", "700ms"}}, 200);
  const auto got = world.client.next(10s);
  REQUIRE(got);
  CHECK(got->body == "by AMQP");
  CHECK(id_of(*got) == id);
  CHECK(got->arrived - begin >= 700ms);
  CHECK(got->arrived - begin < 3s);
  REQUIRE(eventually([&] {
    return http_send(world.daemon.admin_port(), "DELETE", "/api/v1/messages/" + id, "").status == 409;
  }));

  const std::string next = world.schedule({{"route", "held"}, {"body", "released"}});
  world.ask("POST", "/messages/" + next + "/release", nullptr, 200);
  const auto released = world.client.next(10s);
  REQUIRE(released);
  CHECK(id_of(*released) == next);

  const std::string gone = world.schedule({{"route", "held"}, {"delay", "1s"}, {"body", "cancelled"}});
  CHECK(world.ask("DELETE", "/messages/" + gone, nullptr, 200).at("state") == "cancelled");
  world.ask("DELETE", "/messages/" + gone, nullptr, 409);
  world.ask("PATCH", "/messages/" + gone, {{"delay", "1h"}}, 409);
  world.ask("POST", "/messages/" + gone + "/release", nullptr, 409);
  CHECK_FALSE(world.client.next(2s));
  // An id that was never given, though it looks like one.
  std::string never = gone;
  never.back() = never.back() == '0' ? '1' : '0';
  world.ask("DELETE", "/messages/" + never, nullptr, 404);
  world.get("/messages/" + never, 404);
  world.get("/messages/nonsense", 404);
  // After a restart too.
  world.daemon.kill9();
  world.daemon.start();
  world.ask("DELETE", "/messages/" + gone, nullptr, 409);
  world.ask("DELETE", "/messages/" + never, nullptr, 404);
}

TEST_CASE("many are changed by a filter: counted first, and only if the count is still so") {
  messages_world world;
  for (int i = 0; i < 30; ++i)
    world.schedule({{"route", "held"},
                    {"delay", i < 20 ? "1h" : "2h"},
                    {"body", "n" + std::to_string(i)},
                    {"headers", {{"batch", i % 2}}}});
  world.schedule({{"queue", world.other}, {"delay", "1h"}, {"body", "another's"}});
  const json::object filter{{"route", "held"}, {"headers", {{"batch", 1}}}};
  const auto dry = world.ask("POST", "/messages/cancel", {{"filter", filter}, {"dry_run", true}}, 200);
  CHECK(dry.at("messages") == 15);
  CHECK(world.get("/messages").at("messages").as_array().size() == 31);
  world.ask("POST", "/messages/cancel", {{"filter", filter}}, 400);
  world.ask("POST", "/messages/cancel", {{"filter", filter}, {"count", 14}}, 409);
  world.ask("POST", "/messages/cancel", {{"count", 14}}, 400);
  CHECK(world.get("/messages").at("messages").as_array().size() == 31);
  const auto done = world.ask("POST", "/messages/cancel", {{"filter", filter}, {"count", 15}}, 200);
  CHECK(done.at("changed") == 15);
  CHECK(world.get("/messages?route=held").at("messages").as_array().size() == 15);
  const json::object rest{{"route", "held"}};
  world.ask("POST", "/messages/reschedule", {{"filter", rest}, {"count", 15}, {"delay", "3h"}}, 200);
  const auto calendar = world.get("/calendar?per=hour&route=held");
  std::uint64_t counted = 0;
  for (const json::value& span : calendar.at("spans").as_array())
    counted += span.at("messages").to_number<std::uint64_t>();
  CHECK(counted == 15);
  world.ask("POST", "/messages/release", {{"filter", rest}, {"count", 15}}, 200);
  world.client.consume(world.work);
  CHECK(world.client.take(15, 10s).size() == 15);
  CHECK(eventually([&] { return world.get("/messages").at("messages").as_array().size() == 1; }));
}

TEST_CASE("what cannot be scheduled is refused with what would be right") {
  messages_world world;
  const auto refused = [&](json::object what, int status) {
    return json::value_to<std::string>(world.ask("POST", "/messages", what, status).at("detail"));
  };
  CHECK_THAT(refused({{"route", "nobody"}}, 422), Catch::Contains("held"));
  CHECK_THAT(refused({{"queue", "q"}}, 400), Catch::Contains("delay"));
  CHECK_THAT(refused({{"queue", "q"}, {"route", "held"}, {"delay", "1h"}}, 400), Catch::Contains("route"));
  CHECK_THAT(refused({{"route", "held"}, {"delay", "31d"}}, 422), Catch::Contains("max"));
  CHECK_THAT(refused({{"route", "held"}, {"delay", "1h"}, {"due", "2030-01-01T00:00:00Z"}}, 400),
             Catch::Contains("both"));
  CHECK_THAT(refused({{"queue", std::string(256, 'q')}, {"delay", "1h"}}, 400), Catch::Contains("255"));
  CHECK_THAT(refused({{"route", "held"}, {"headers", {{"a", json::array{}}}}}, 400),
             Catch::Contains("headers"));
  CHECK(world.get("/messages").at("messages").as_array().empty());
  for (const char* path : {"/messages?limit=0", "/messages?after=x", "/messages?state=odd", "/messages?odd=1",
                           "/calendar?per=week", "/calendar?from=now"})
    world.get(path, 400);
}

TEST_CASE("pages are complete and without repeats while messages flow") {
  messages_world world;
  std::set<std::string> fixed;
  std::string lines;
  for (int i = 0; i < 1500; ++i)
    lines += json::serialize(json::object{{"route", "held"}, {"delay", std::to_string(60 + i % 700) + "m"}}) +
             "\n";
  const auto got = http_send(world.daemon.admin_port(), "POST", "/api/v1/messages", lines,
                             "Content-Type: application/x-ndjson\r\n");
  REQUIRE(got.status == 200);
  std::istringstream results{got.body};
  for (std::string line; std::getline(results, line);)
    fixed.insert(json::value_to<std::string>(json::parse(line).at("id")));
  REQUIRE(fixed.size() == 1500);
  std::atomic<bool> stop{false};
  std::thread flow{[&] {
    amqp_client publisher{rabbitmq_server::shared().port()};
    for (int i = 0; !stop; ++i) {
      publisher.publish_to_queue(world.intake, "flow", {integer("x-delay", i % 2 == 0 ? 100 : 30'000'000)});
      std::this_thread::sleep_for(1ms);
    }
  }};
  for (int round = 0; round < 3; ++round) {
    std::set<std::string> seen;
    std::string after;
    for (;;) {
      const auto page = world.get("/messages?limit=100" + after);
      for (const json::value& each : page.at("messages").as_array())
        CHECK(seen.insert(json::value_to<std::string>(each.at("id"))).second);
      if (page.at("next").is_null()) break;
      after = "&after=" + json::value_to<std::string>(page.at("next"));
    }
    CHECK(std::includes(seen.begin(), seen.end(), fixed.begin(), fixed.end()));
  }
  stop = true;
  flow.join();
}

TEST_CASE("lines of JSON are answered in order, each with its line, the bad ones too") {
  messages_world world;
  const auto got =
      http_send(world.daemon.admin_port(), "POST", "/api/v1/messages",
                "{\"route\": \"held\"}\nnonsense\n\n{\"route\": \"nobody\"}\r\n{\"route\": \"held\"}",
                "Content-Type: application/x-ndjson\r\n");
  CHECK(got.status == 200);
  std::vector<json::object> results;
  std::istringstream lines{got.body};
  for (std::string line; std::getline(lines, line);)
    results.push_back(json::parse(line).as_object());
  REQUIRE(results.size() == 4);
  const std::vector<int> numbers{1, 2, 4, 5}, statuses{201, 400, 422, 201};
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(results[i].at("line") == numbers[i]);
    CHECK(results[i].at("status") == statuses[i]);
  }
  CHECK(world.get("/messages").at("messages").as_array().size() == 2);
}

TEST_CASE("lines by the thousand and kill -9 halfway: all that was acknowledged is there, whole, once") {
  messages_world world;
  constexpr int requests = 100, lines_each = 1000;
  std::set<std::string> acknowledged;
  std::atomic<int> answered{0};
  const std::string body(200, 'x');
  const auto begin = wall::now();
  std::thread sender{[&] {
    for (int request = 0; request < requests; ++request) {
      std::string lines;
      for (int i = 0; i < lines_each; ++i)
        lines += "{\"route\":\"held\",\"delay\":\"" + std::to_string(1 + i % 20) + "h\",\"body\":\"" +
                 std::to_string(request * lines_each + i) + " " + body + "\"}\n";
      const auto got = http_send(world.daemon.admin_port(), "POST", "/api/v1/messages", lines,
                                 "Content-Type: application/x-ndjson\r\n");
      if (got.status != 200) break;
      std::istringstream results{got.body};
      for (std::string line; std::getline(results, line) && !results.eof();) // whole ones
        acknowledged.insert(json::value_to<std::string>(json::parse(line).at("id")));
      ++answered;
    }
  }};
  REQUIRE(eventually([&] { return answered >= requests / 2; }, 120s));
  const std::chrono::duration<double> took = wall::now() - begin;
  world.daemon.kill9();
  sender.join();
  std::cout << answered << " requests of 1,000 lines before the kill: "
            << static_cast<int>(answered * lines_each / took.count()) << " messages a second\n";
  CHECK(answered < requests);
  world.daemon.start();
  std::set<std::string> held;
  std::string after;
  for (;;) {
    const auto page = world.get("/messages?limit=1000" + after);
    for (const json::value& each : page.at("messages").as_array())
      CHECK(held.insert(json::value_to<std::string>(each.at("id"))).second);
    if (page.at("next").is_null()) break;
    after = "&after=" + json::value_to<std::string>(page.at("next"));
  }
  CHECK(std::includes(held.begin(), held.end(), acknowledged.begin(), acknowledged.end()));
  // One request was under way: of it any lines may be there, and none of the later ones.
  CHECK(held.size() <= acknowledged.size() + lines_each);
}

TEST_CASE(
    "a cancel that races the release: each message is either cancelled or delivered, as the answer says") {
  messages_world world;
  constexpr int threads = 8, each_does = 1250;
  std::mutex guard;
  std::set<std::string> cancelled, released;
  std::vector<std::string> odd;
  std::vector<std::thread> all;
  for (int number = 0; number < threads; ++number)
    all.emplace_back([&, number] {
      std::mt19937 random{static_cast<unsigned>(number)};
      const std::uint16_t port = world.daemon.admin_port();
      for (int i = 0; i < each_does; ++i) {
        const auto got = http_send(port, "POST", "/api/v1/messages",
                                   R"({"route": "held", "delay": "15ms", "body": "race"})");
        if (got.status != 201) {
          const std::lock_guard lock{guard};
          odd.push_back(got.body);
          continue;
        }
        const json::object answer = json::parse(got.body).as_object();
        const std::string id = json::value_to<std::string>(answer.at("id"));
        // About when it is due: 15 ms after it came, some of which its own answer took.
        std::this_thread::sleep_for(std::chrono::microseconds{random() % 16'000});
        const auto told = http_send(port, "DELETE", "/api/v1/messages/" + id, "");
        const std::lock_guard lock{guard};
        if (told.status == 200)
          cancelled.insert(id);
        else if (told.status == 409)
          released.insert(id);
        else
          odd.push_back(std::to_string(told.status) + told.body);
      }
    });
  for (std::thread& each : all)
    each.join();
  INFO((odd.empty() ? std::string{} : odd.front()));
  CHECK(odd.empty());
  CHECK(cancelled.size() + released.size() == threads * each_does);
  std::set<std::string> delivered;
  world.client.consume(world.work);
  for (const delivery& each : world.client.take(released.size(), 10s))
    CHECK(delivered.insert(id_of(each)).second);
  CHECK_FALSE(world.client.next(1s));
  CHECK(delivered == released);
  CHECK(world.get("/messages").at("messages").as_array().empty());
  std::cout << cancelled.size() << " cancelled, " << released.size() << " released\n";
  CHECK(cancelled.size() > 500); // else it was no race
  CHECK(released.size() > 500);
}
