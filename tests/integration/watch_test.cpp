// The watcher on a connection of its own to a real broker: what it reads is true, and looking changes
// nothing.
#include "io/watcher.hpp"
#include "proto/headers.hpp"
#include "support/amqp_client.hpp"
#include "support/rabbitmq_server.hpp"

#include <catch2/catch.hpp>

#include <optional>

using namespace postponed;
using namespace postponed::test;
using namespace std::chrono_literals;

namespace {

class watching {
 public:
  explicit watching(const std::string& queue, relay::alert_policy alert = {}, io::peeker::limits bounds = {})
      : of{context_,
           {[](const relay::watched&) { return std::uint64_t{0}; },
            [this](const io::watcher::totals_taker& answer) { answer(totals); },
            [this](const relay::alert_event& each) {
              news.push_back((each.raised ? "raised " : "cleared ") + std::string{to_string(each.what.kind)});
            }},
           bounds,
           50ms},
        link_{context_,
              parameters(),
              {[this](proto::session_event&& event) {
                 if (std::holds_alternative<proto::event::opened>(event)) return of.on_up();
                 if (io::watcher::takes(event)) of.on_event(std::move(event));
               },
               [] {}, [this](const io::link_down&) { of.on_down(); }}} {
    of.attach(link_);
    link_.start();
    watched_.name = "orders";
    watched_.queue = queue;
    watched_.poll = 100ms;
    watched_.alert = std::move(alert);
    of.set({watched_});
    until([this] { return link_.is_open(); });
  }
  ~watching() {
    of.stop();
    link_.stop();
    until([this] { return link_.finished(); });
    context_.run_for(10ms);
  }
  watching(const watching&) = delete;
  watching& operator=(const watching&) = delete;

  bool until(const std::function<bool()>& condition, std::chrono::milliseconds deadline = 15s) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      context_.run_for(10ms);
      context_.restart();
    }
    return condition();
  }
  relay::watched_state state() const { return of.state().front(); }
  bool until_depth(std::uint64_t depth) {
    return until([&] { return state().known && state().depth == depth; });
  }
  io::peeked peek(const std::string& queue, std::size_t limit) {
    std::optional<io::peeked> answer;
    of.peek(queue, limit, [&](io::peeked&& found) { answer = std::move(found); });
    REQUIRE(!answer);
    REQUIRE(until([&] { return answer.has_value(); }));
    return std::move(*answer);
  }
  void collect() {
    watched_.collect = true;
    of.set({watched_});
  }

  std::vector<std::string> news;
  std::vector<store::letter_totals> totals;

 private:
  boost::asio::io_context context_;

  static io::link_parameters parameters() {
    io::link_parameters to;
    to.role = "consume";
    to.addresses.push_back(
        {false, "127.0.0.1", rabbitmq_server::shared().port(), "guest", "guest", "/", "the broker"});
    return to;
  }

 public:
  io::watcher of;

 private:
  io::broker_link link_;
  relay::watched watched_;
};

struct queue_of_letters {
  std::string name;
  std::optional<amqp_client> client;

  explicit queue_of_letters(const fields& arguments = {}) : name{fresh_name("dead")} {
    client.emplace(rabbitmq_server::shared().port());
    client->declare_queue(name, arguments);
    client->select_confirms();
  }
  ~queue_of_letters() { client->delete_queue(name); }
  void publish(const std::string& body, const fields& headers = {}) {
    client->publish_to_queue(name, body, headers);
    REQUIRE(client->wait_for_confirms());
  }
};

std::vector<std::string> bodies(const io::peeked& found) {
  std::vector<std::string> result;
  for (const auto& each : found.messages)
    result.push_back(each.content.body);
  return result;
}

using lines = std::vector<std::string>;

} // namespace

TEST_CASE("the depth of a dead-letter queue is followed, through its deletion") {
  queue_of_letters letters;
  watching it{letters.name};
  REQUIRE(it.until_depth(0));
  letters.publish("one");
  letters.publish("two");
  REQUIRE(it.until_depth(2));
  CHECK(it.until([&] { return it.state().rate_per_minute == Approx(2); }));

  letters.client->delete_queue(letters.name);
  REQUIRE(it.until([&] { return it.state().missing; }));
  CHECK(it.state().problem.find("404") == 0);
  letters.client->declare_queue(letters.name);
  letters.publish("three");
  REQUIRE(it.until_depth(1));
  CHECK((!it.state().missing && it.state().problem.empty()));
}

TEST_CASE("peeking shows the first messages whole and leaves them, in their order") {
  queue_of_letters letters;
  for (const char* const body : {"one", "two", "three", "four"})
    letters.publish(body, {text("n", body)});
  watching it{letters.name};
  const io::peeked found = it.peek(letters.name, 3);
  CHECK(found.problem.empty());
  CHECK(found.warning.empty());
  CHECK(bodies(found) == lines{"one", "two", "three"});
  CHECK(found.left == 1);
  CHECK(found.messages[0].content.routing_key == letters.name);
  CHECK(found.messages[0].content.properties.find("one") != std::string::npos);
  CHECK(bodies(it.peek(letters.name, 100)) == lines{"one", "two", "three", "four"});

  letters.client->consume(letters.name);
  const auto taken = letters.client->take(4, 5s);
  REQUIRE(taken.size() == 4);
  CHECK((taken[0].body == "one" && taken[3].body == "four"));
  CHECK(it.peek(letters.name, 10).messages.empty());
}

TEST_CASE("peeking into a queue that does not exist says so, and the next peek works") {
  queue_of_letters letters;
  letters.publish("one");
  watching it{letters.name};
  std::vector<std::string> answers;
  for (const std::string& queue : {fresh_name("gone"), letters.name, fresh_name("gone"), letters.name})
    it.of.peek(queue, 1, [&](io::peeked&& found) {
      answers.push_back(found.problem.substr(0, 3) + "/" + std::to_string(found.messages.size()));
    });
  REQUIRE(it.until([&] { return answers.size() == 4; }));
  CHECK(answers == lines{"404/0", "/1", "404/0", "/1"});
}

TEST_CASE("peeking is bounded in bytes, but shows one message at least") {
  queue_of_letters letters;
  for (int i = 0; i < 5; ++i)
    letters.publish(std::string(600, 'x'));
  io::peeker::limits bounds;
  bounds.bytes = GENERATE(1, 1000);
  watching it{letters.name, {}, bounds};
  const io::peeked found = it.peek(letters.name, 5);
  CHECK(found.messages.size() == (bounds.bytes == 1 ? 1 : 2));
  CHECK(found.left == 5 - found.messages.size());
}

TEST_CASE("the age of the oldest raises an alert, which ends when the queue is emptied") {
  queue_of_letters letters;
  const auto hour_ago = std::chrono::time_point_cast<microseconds>(std::chrono::system_clock::now()) - 1h;
  letters.publish("old", {text("postponed-buried", proto::format_rfc3339(hour_ago))});
  letters.publish("young");
  relay::alert_policy alert;
  alert.age = 30min;
  watching it{letters.name, alert};
  REQUIRE(it.until([&] { return !it.news.empty(); }));
  CHECK(it.news == lines{"raised age"});
  CHECK((it.state().oldest && *it.state().oldest <= hour_ago));
  REQUIRE(it.until_depth(2)); // the one looked at is back
  letters.client->purge(letters.name);
  REQUIRE(it.until([&] { return it.news.size() == 2; }));
  CHECK(it.news.back() == "cleared age");
}

TEST_CASE("peeking into a quorum queue that counts deliveries warns") {
  queue_of_letters letters{{text("x-queue-type", "quorum")}};
  letters.publish("one");
  watching it{letters.name};
  // Whether a look counts depends on the broker; where it does, the second look shows it.
  REQUIRE(it.until([&] { return it.state().known; }));
  io::peeked found;
  REQUIRE(it.until([&] {
    found = it.peek(letters.name, 1);
    return found.messages.size() == 1 && found.messages[0].redelivered;
  }));
  const bool counted = relay::counts_deliveries(found.messages[0].content.properties);
  CHECK(found.warning.empty() == !counted);
}

TEST_CASE("a lost connection answers those who peek, and watching goes on after it") {
  queue_of_letters letters;
  letters.publish("one");
  watching it{letters.name};
  REQUIRE(it.until_depth(1));
  std::optional<io::peeked> answer;
  rabbitmq_server::shared().control({"close_all_connections", "a test"});
  it.of.peek(letters.name, 1, [&](io::peeked&& found) { answer = std::move(found); });
  REQUIRE(it.until([&] { return answer.has_value(); }));
  CHECK(!answer->problem.empty());
  REQUIRE(it.until([&] { return it.state().problem == "not connected"; }));
  REQUIRE(it.until([&] { return it.state().problem.empty(); }));
  CHECK(bodies(it.peek(letters.name, 1)) == lines{"one"});
  letters.client.emplace(rabbitmq_server::shared().port()); // its connection went too
}

TEST_CASE("what is collected is watched in the store") {
  queue_of_letters letters;
  relay::alert_policy alert;
  alert.depth = 5;
  watching it{letters.name, alert};
  REQUIRE(it.until_depth(0));
  store::letter_totals kept;
  kept.dead_letter = "orders";
  kept.kept = 7;
  kept.oldest_died = wall_time{1h};
  it.totals = {kept};
  it.collect();
  REQUIRE(it.until_depth(7));
  CHECK((it.state().collect && it.state().oldest == wall_time{1h}));
  CHECK(it.news == lines{"raised depth"});
}
