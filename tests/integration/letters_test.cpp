// Collected dead letters, over the admin endpoint of the real daemon: searched, grouped, sent again, thrown
// away and fetched back; what is not collected is looked into; alerts reach a webhook.
#include "support/amqp_client.hpp"
#include "support/eventually.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/sidecar.hpp"
#include "support/webhook_receiver.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <future>
#include <iostream>
#include <map>
#include <set>
#include <thread>

using namespace postponed::test;
using namespace std::chrono_literals;

namespace {

namespace json = boost::json;

json::object object_of(const http_response& from) {
  INFO(from.status << " " << from.body);
  const json::value parsed = json::parse(from.body);
  REQUIRE(parsed.is_object());
  return parsed.get_object();
}
std::int64_t number(const json::object& from, const char* name) {
  return from.at(name).to_number<std::int64_t>();
}
std::string word(const json::object& from, const char* name) {
  return json::value_to<std::string>(from.at(name));
}

// A route whose unreadable delays become dead letters, which are collected.
struct letters_house {
  std::string intake = fresh_name("later"), work = fresh_name("work"), dead = fresh_name("dead");
  rabbitmq_server& broker = rabbitmq_server::shared();
  amqp_client client{broker.port()};
  std::unique_ptr<sidecar> daemon;

  explicit letters_house(const std::string& of_letter = "collect: true",
                         const std::string& type = "classic") {
    client.select_confirms();
    daemon = std::make_unique<sidecar>(
        sidecar::sections() +
            filled(
                R"(
topology:
  queues:
    - {name: {intake}}
    - {name: {work}}
    - {name: {dead}, type: {type}}
routes:
  - {name: r, queue: {intake}, release: {queue: {work}}, dead_letter: bin}
dead_letters:
  - {name: bin, queue: {dead}, poll: 100ms, {letter}}
)",
                {{"intake", intake}, {"work", work}, {"dead", dead}, {"type", type}, {"letter", of_letter}}),
        broker.uri());
    daemon->start();
  }

  void fail(int from, int to, const std::string& tenant) { // as dead letters
    for (int i = from; i < to; ++i)
      client.publish_to_queue(intake, std::to_string(i), {text("x-delay", "soon"), text("tenant", tenant)});
    REQUIRE(client.wait_for_confirms());
  }
  double collected() const {
    return daemon->metric("postponed_dead_letter_collected_messages{dead_letter=\"bin\"}").value_or(-1);
  }
  json::object get(const std::string& path) const { return object_of(daemon->get("/api/v1/" + path)); }
  json::object post(const std::string& path, const std::string& body, int status) const {
    const http_response got = daemon->post("/api/v1/" + path, body);
    INFO(path << ": " << got.status << " " << got.body);
    REQUIRE(got.status == status);
    return object_of(got);
  }
  json::array messages(const std::string& query = {}) const {
    return get("dead-letters/bin/messages" + query).at("messages").as_array();
  }
};

} // namespace

TEST_CASE("20,000 collected dead letters are replayed at 500 a second, stopped at half and resumed after a "
          "kill -9: each once") {
  letters_house it;
  constexpr int wanted = 20000, others = 500;
  it.fail(0, wanted, "acme");
  it.fail(wanted, wanted + others, "other");
  REQUIRE(eventually([&] { return it.collected() == wanted + others; }, 60s));
  CHECK(it.client.depth(it.dead) == 0); // drawn into the store

  const std::string filter = R"("filter": {"headers": {"tenant": "acme"}, "reason": "bad_delay"})";
  const json::object dry = it.post("dead-letters/bin/replay", "{" + filter + R"(, "dry_run": true})", 200);
  CHECK(number(dry, "messages") == wanted);
  const auto began = std::chrono::steady_clock::now();
  const json::object begun = it.post("dead-letters/bin/replay", "{" + filter + R"(, "rate": 500})", 202);
  CHECK(number(begun, "total") == wanted);
  const std::string job = "replays/" + std::to_string(number(begun, "id"));
  const auto done = [&] { return number(it.get(job), "done"); };

  REQUIRE(eventually([&] { return done() >= wanted / 2; }, 60s));
  const json::object paused = it.post(job + "/pause", "", 200);
  const std::chrono::duration<double> first_half = std::chrono::steady_clock::now() - began;
  CHECK(word(paused, "state") == "paused");
  CHECK(first_half.count() > wanted / 2 / 500.0 * 0.95);
  it.daemon->kill9();
  it.daemon->start();
  CHECK(word(it.get(job), "state") == "paused"); // a person's word outlives it
  const std::int64_t half = done();
  CHECK(half >= wanted / 2);
  CHECK(half < wanted * 3 / 4);
  it.post(job + "/resume", "", 200);
  REQUIRE(eventually([&] { return done() >= wanted * 3 / 4; }, 60s));
  it.daemon->kill9(); // in the midst of it
  it.daemon->start();
  REQUIRE(eventually([&] { return word(it.get(job), "state") == "done"; }, 60s)); // it went on by itself
  CHECK(done() == wanted);
  REQUIRE(eventually([&] { return it.daemon->metric("postponed_held_messages{route=\"r\"}") == 0.0; }, 30s));

  std::map<std::string, int> arrived;
  std::set<std::string> ids;
  amqp_client reader{it.broker.port()};
  reader.consume(it.work, 2000);
  while (const auto got = reader.next(2s)) {
    reader.ack(got->tag);
    ++arrived[got->body];
    ids.insert(text_of(got->headers(), "postponed-id"));
    CHECK(find(got->headers(), "postponed-reason") == nullptr);
    CHECK(find(got->headers(), "postponed-attempt")->show() == "l:1");
    CHECK(text_of(got->headers(), "tenant") == "acme");
  }
  int twice = 0;
  for (const auto& [body, times] : arrived)
    if (times > 1) ++twice;
  std::cout << "replay of " << wanted << ": half in " << first_half.count() << " s, " << arrived.size()
            << " arrived, " << twice << " of them twice (in flight at the kill)\n";
  CHECK(arrived.size() == wanted);
  CHECK(ids.size() == wanted); // a repeat has its id again
  CHECK(twice <= 2000);        // the confirm window
  CHECK(it.collected() == others);
}

TEST_CASE("collected letters are found, grouped, thrown away, fetched back, edited and sent again") {
  letters_house it;
  it.fail(0, 3, "acme");
  it.fail(3, 5, "other");
  it.client.publish_to_queue(it.dead, "not ours", {text("hand", "made")}); // put there by another program
  REQUIRE(eventually([&] { return it.collected() == 6; }));

  CHECK(it.messages("?header=tenant:acme").size() == 3);
  CHECK(it.messages("?header=tenant:acme&limit=2").size() == 2);
  CHECK(it.messages("?reason=bad_delay").size() == 5);
  CHECK(it.messages("?text=ours").size() == 1);
  CHECK(it.messages("?newer_than=1h").size() == 6);
  CHECK(it.messages("?older_than=1h").empty());
  const json::array groups = it.get("dead-letters/bin/groups").at("groups").as_array();
  CHECK(groups.size() == 2); // the reason that the daemon gave, and none

  // One of them, looked at, edited and sent again.
  const json::object first = it.messages("?header=tenant:acme")[0].as_object();
  const std::string one = "dead-letters/bin/messages/" + std::to_string(number(first, "id"));
  const json::object whole = it.get(one).at("message").as_object();
  CHECK(word(whole, "body") == "0");
  it.post(one + "/replay", R"({"body": "mended", "headers": {"tenant": "acme inc", "x-delay": null}})", 202);
  amqp_client reader{it.broker.port()};
  reader.consume(it.work);
  const auto mended = reader.next(5s);
  REQUIRE(mended);
  CHECK(mended->body == "mended");
  CHECK(text_of(mended->headers(), "tenant") == "acme inc");
  CHECK(find(mended->headers(), "postponed-attempt")->show() == "l:1");
  CHECK(find(mended->headers(), "postponed-replays")->show() == "l:1");
  CHECK(it.daemon->get("/api/v1/" + one).status == 404); // it is no longer there

  // What nothing tells the way of is left, and says so.
  const json::object lost = it.messages("?text=ours")[0].as_object();
  const std::string other = "dead-letters/bin/messages/" + std::to_string(number(lost, "id"));
  CHECK(it.daemon->post("/api/v1/" + other + "/replay", "{}").status == 422);
  it.post(other + "/replay", R"({"to": {"queue": ")" + it.work + R"("}})", 202);
  const auto sent = reader.next(5s);
  REQUIRE(sent);
  CHECK(sent->body == "not ours");

  // To the trash and back.
  const std::string by_tenant = R"({"filter": {"headers": {"tenant": "other"}}})";
  CHECK(number(it.post("dead-letters/bin/discard", by_tenant, 200), "messages") == 2);
  CHECK(it.messages().size() == 2);
  CHECK(it.messages("?state=trash").size() == 2);
  CHECK(number(it.post("dead-letters/bin/restore", by_tenant, 200), "messages") == 2);
  CHECK(it.messages("?state=trash").empty());

  // A canary: the first one, then it waits for a person. And elsewhere than where they came from.
  const std::string elsewhere = fresh_name("elsewhere");
  it.client.declare_queue(elsewhere);
  const json::object begun =
      it.post("dead-letters/bin/replay", R"({"canary": 1, "to": {"queue": ")" + elsewhere + R"("}})", 202);
  const std::string job = "replays/" + std::to_string(number(begun, "id"));
  REQUIRE(eventually([&] { return word(it.get(job), "state") == "canary"; }));
  REQUIRE(eventually([&] { return it.client.depth(elsewhere) == 1; }));
  it.post(job + "/resume", "", 200);
  REQUIRE(eventually([&] { return word(it.get(job), "state") == "done"; }));
  CHECK(eventually([&] { return it.client.depth(elsewhere) == 4; }));
  CHECK_FALSE(reader.next(100ms));                                      // none by its route
  CHECK(it.daemon->post("/api/v1/" + job + "/stop", "").status == 409); // it has ended
  CHECK(it.collected() == 0);
  for (const char* each : {"dead letter sent again", "dead letters discarded", "dead letters restored",
                           "replay of dead letters begun", "replay resumed"})
    CHECK(it.daemon->log().find(each) != std::string::npos);
}

TEST_CASE("an alert is posted to its webhook when it is raised and when it is over, again where the server "
          "was out") {
  boost::asio::io_context context;
  webhook_receiver receiver{context};
  receiver.script = {"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"};
  std::thread serving{[&] { context.run(); }};
  const auto got = [&] { // their documents so far
    std::promise<std::vector<std::string>> bodies;
    boost::asio::post(context, [&] {
      std::vector<std::string> all;
      for (const auto& each : receiver.got)
        all.push_back(each.body());
      bodies.set_value(std::move(all));
    });
    return bodies.get_future().get();
  };
  {
    letters_house it{"collect: true, alert: {depth: 3, webhook: \"http://127.0.0.1:" +
                     std::to_string(receiver.port) + "/hook\"}"};
    it.fail(0, 3, "acme");
    REQUIRE(eventually([&] { return got().size() == 2; })); // refused once, then taken
    CHECK(it.daemon->metric("postponed_dead_letter_alert{dead_letter=\"bin\",kind=\"depth\"}") == 1.0);
    it.post("dead-letters/bin/discard", "{}", 200);
    REQUIRE(eventually([&] { return got().size() == 3; }));
    const auto all = got();
    CHECK(all[0] == all[1]);
    CHECK(word(json::parse(all[1]).as_object(), "event") == "raised");
    CHECK(word(json::parse(all[2]).as_object(), "event") == "cleared");
    CHECK(word(json::parse(all[2]).as_object(), "dead_letter") == "bin");
  }
  boost::asio::post(context, [&] { receiver.stop(); });
  serving.join();
}

TEST_CASE("discarded letters leave the trash after their time, and no sooner") {
  letters_house it{"collect: true, trash: 3s"};
  it.fail(0, 4, "acme");
  REQUIRE(eventually([&] { return it.collected() == 4; }));
  it.post("dead-letters/bin/discard", "{}", 200);
  CHECK(it.messages("?state=trash").size() == 4);
  std::this_thread::sleep_for(1s); // the time in which nothing may happen
  CHECK(it.messages("?state=trash").size() == 4);
  CHECK(eventually([&] { return it.messages("?state=trash").empty(); }, 30s));
}

TEST_CASE("what is not collected stays in its queue, where it can be looked at") {
  const std::string type = GENERATE("classic", "quorum");
  letters_house it{"collect: false", type};
  it.fail(0, 5, "acme");
  REQUIRE(eventually([&] { return it.client.depth(it.dead) == 5; }));
  REQUIRE(eventually(
      [&] { return it.daemon->metric("postponed_dead_letter_depth{dead_letter=\"bin\"}") == 5.0; }));
  const json::object seen = it.get("dead-letters/bin/messages?limit=3");
  CHECK(word(seen, "from") == "queue");
  CHECK(seen.at("messages").as_array().size() == 3);
  CHECK(eventually([&] { return it.client.depth(it.dead) == 5; })); // they are back
  CHECK(it.daemon->get("/api/v1/dead-letters/bin/messages?reason=bad_delay").status == 400);
}

TEST_CASE(
    "a route that is paused over the endpoint releases nothing, over a restart too, until it is resumed") {
  letters_house it;
  it.post("routes/r/pause", R"({"why": "the consumer is being mended"})", 200);
  for (int i = 0; i < 10; ++i)
    it.client.publish_to_queue(it.intake, std::to_string(i), {text("x-delay", "100")});
  REQUIRE(it.client.wait_for_confirms());
  REQUIRE(eventually([&] { return it.daemon->metric("postponed_held_messages{route=\"r\"}") == 10.0; }));
  it.daemon->kill9();
  it.daemon->start();
  CHECK(it.daemon->metric("postponed_route_paused{route=\"r\"}") == 1.0);
  CHECK(it.daemon->get("/api/v1/status").body.find("the consumer is being mended") != std::string::npos);
  std::this_thread::sleep_for(500ms); // well past their time
  CHECK(it.client.depth(it.work) == 0);
  it.post("routes/r/resume", "", 200);
  CHECK(eventually([&] { return it.client.depth(it.work) == 10; }));
  CHECK(it.daemon->post("/api/v1/routes/none/pause", "").status == 404);
}

TEST_CASE("a reload over the endpoint takes a new file, and answers what is wrong with a broken one") {
  letters_house it;
  const std::string good = read_file(it.daemon->file());
  it.daemon->configure(good + "\nnonsense: true\n");
  const json::object refused = it.post("reload", "", 422);
  CHECK_FALSE(refused.at("ok").as_bool());
  REQUIRE(refused.at("errors").as_array().size() == 1);
  const std::string where = json::value_to<std::string>(refused.at("errors").as_array()[0]);
  CHECK(where.find(it.daemon->file().string() + ":") == 0);
  CHECK(where.find("nonsense") != std::string::npos);
  CHECK(it.daemon->metric("postponed_config_reload_ok") == 0.0);
  it.daemon->configure(good);
  CHECK(it.post("reload", "", 200).at("ok").as_bool());
  CHECK(it.daemon->metric("postponed_config_reload_ok") == 1.0);
}
