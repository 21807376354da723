// plan, apply and verify against a real broker, by its management API and by AMQP alone.
#include "support/amqp_client.hpp"
#include "support/eventually.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/sidecar.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <sstream>

using namespace postponed::test;
using namespace std::chrono_literals;

namespace {

using lines = std::vector<std::string>;

rabbitmq_server& broker() {
  static rabbitmq_server instance{rabbitmq_server::tls::no, rabbitmq_server::management::yes};
  return instance;
}

// What the broker has, for "nothing was created".
std::string everything(const rabbitmq_server& of) {
  return of.management_get("/api/exchanges/%2F?columns=name,type,durable,arguments") +
         of.management_get("/api/queues/%2F?disable_stats=true&columns=name,durable,arguments") +
         of.management_get("/api/bindings/%2F");
}

// No file is without a route.
const std::string a_route = "routes: [{name: r, queue: in, release: {queue: out}, dead_letter: d}]\n"
                            "dead_letters: [{name: d, queue: bin}]\n";

enum class asked { by_management, by_amqp };

// A file of `topology` and more sections, in a folder of its own.
class file {
 public:
  file(const rabbitmq_server& of, asked how, const std::string& rest) {
    std::string text = "broker:\n  uris: [\"" + of.uri() + "\"]\n";
    if (how == asked::by_management)
      text +=
          "  management: \"http://guest:guest@127.0.0.1:" + std::to_string(of.management_port()) + "/\"\n";
    text += "store: {path: " + (folder_ / "postponed.db").string() + "}\n" + rest;
    if (rest.find("routes:") == std::string::npos) text += a_route;
    write_file(path(), text);
    std::filesystem::permissions(path(), std::filesystem::perms::owner_read);
  }
  std::string path() const { return folder_ / "postponed.yaml"; }

 private:
  temp_dir folder_{"plan"};
};

command_result run(const std::string& command, const file& on, const lines& more = {}) {
  lines arguments{command, on.path()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_postponed(arguments);
}

// The lines that begin so, without that beginning, sorted.
lines beginning(const command_result& result, const std::string& with) {
  lines found;
  std::istringstream all{result.output};
  for (std::string line; std::getline(all, line);)
    if (line.starts_with(with + " ") && !line.starts_with(with + with))
      found.push_back(line.substr(with.size() + 1));
  std::sort(found.begin(), found.end());
  return found;
}

const std::string seeded = R"(
topology:
  exchanges:
    - {name: one, type: topic}
    - {name: two, type: topic}
    - {name: base, type: topic}
  queues:
    - {name: three}
    - {name: four, arguments: {x-max-length: 20}}
    - {name: five, arguments: {x-overflow: reject-publish}}
    - {name: six}
    - {name: seven, type: quorum}
    - {name: eight}
    - {name: same, arguments: {x-message-ttl: 60000, x-dead-letter-exchange: ""}}
    - {name: nine, durable: false}
  bindings:
    - {exchange: base, queue: eight, routing_key: "wanted.#"}
    - {exchange: base, queue: same, routing_key: "there"}
)";

// Twelve things in which `of` then differs from the file above.
void seed(const rabbitmq_server& of) {
  amqp_client client{of.port()};
  client.declare_exchange("two", "direct");
  client.declare_exchange("base", "topic");
  client.declare_queue("four", {integer("x-max-length", 10)});
  client.declare_queue("five");
  client.declare_queue("six", {integer("x-message-ttl", 1000)});
  client.declare_queue("seven");
  client.declare_queue("eight");
  client.declare_queue("nine");
  client.declare_queue("same", {integer("x-message-ttl", 60000), text("x-dead-letter-exchange", "")});
  client.bind("same", "base", "there");
  client.declare_exchange("ten", "fanout");
  client.declare_queue("eleven");
  client.bind("eight", "base", "twelve");
}

const lines seeded_missing{"binding base -> eight (wanted.#): no arguments",
                           "exchange one: type topic, durable", "queue three: durable"};

lines seeded_different(const rabbitmq_server& of, asked how) {
  const bool noted = how == asked::by_management || of.version() == "4.3"; // the type that it chose itself
  return {"exchange two: type: direct -> type: topic",
          "queue five: no x-overflow -> x-overflow: reject-publish",
          "queue four: x-max-length: 10 -> x-max-length: 20",
          "queue nine: durable: true -> durable: false",
          noted ? "queue seven: x-queue-type: classic -> x-queue-type: quorum"
                : "queue seven: no x-queue-type -> x-queue-type: quorum",
          "queue six: x-message-ttl: 1000 -> no x-message-ttl"};
}

} // namespace

TEST_CASE("plan against a broker with twelve seeded differences lists twelve, and touches nothing") {
  rabbitmq_server own{rabbitmq_server::tls::no, rabbitmq_server::management::yes};
  seed(own);
  const std::string before = everything(own);
  const file seen{own, asked::by_management, seeded}, unseen{own, asked::by_amqp, seeded};

  const command_result plan = run("plan", seen);
  INFO(plan.output);
  CHECK(plan.code == 2);
  CHECK(beginning(plan, "+") == seeded_missing);
  CHECK(beginning(plan, "~") == seeded_different(own, asked::by_management));
  CHECK(beginning(plan, "?").size() == 3);
  CHECK(plan.output.find("? exchange ten: type fanout, durable") != std::string::npos);
  CHECK(plan.output.find("? queue eleven: durable") != std::string::npos);
  CHECK(plan.output.find("? binding base -> eight (twelve): no arguments") != std::string::npos);
  CHECK(plan.output.find("12 differences to the broker: 3 missing, 6 different, 3 unknown") !=
        std::string::npos);
  CHECK(plan.output.find("not checked") == std::string::npos);

  // AMQP does not tell of bindings and of what the file does not list: eight, and it says so.
  const command_result blind = run("plan", unseen);
  INFO(blind.output);
  CHECK(blind.code == 2);
  CHECK(beginning(blind, "+") == lines{seeded_missing[1], seeded_missing[2]});
  CHECK(beginning(blind, "~") == seeded_different(own, asked::by_amqp));
  CHECK(beginning(blind, "?").empty());
  CHECK(blind.output.find("not checked: bindings") != std::string::npos);
  CHECK(everything(own) == before);

  const command_result applied = run("apply", seen, {"--ignore-unknown"});
  INFO(applied.output);
  CHECK(applied.code == 2);
  CHECK(beginning(applied, "made") ==
        lines{"binding base -> eight (wanted.#)", "exchange one", "queue three"});
  CHECK(beginning(applied, "+").empty());
  CHECK(beginning(applied, "~") == seeded_different(own, asked::by_management));
  const command_result rest = run("plan", seen);
  INFO(rest.output);
  CHECK(rest.code == 2);
  CHECK(rest.output.find("9 differences to the broker: 0 missing, 6 different, 3 unknown") !=
        std::string::npos);
}

TEST_CASE("plan and apply answer 0 when nothing differs, also as JSON, by management and by AMQP") {
  for (const asked how : {asked::by_management, asked::by_amqp}) {
    const std::string exchange = fresh_name("orders"), queue = fresh_name("orders.later");
    const file on{broker(), how,
                  "topology:\n  exchanges: [{name: " + exchange +
                      ", type: headers}]\n  queues: [{name: " + queue +
                      ", type: quorum, arguments: {x-max-length: 5}}]\n  bindings: [{exchange: " + exchange +
                      ", queue: " + queue + ", arguments: {x-match: all, kind: a, n: 3}}]\n"};
    const std::string before = everything(broker());
    CHECK(run("plan", on, {"--ignore-unknown"}).code == 2);
    CHECK(everything(broker()) == before);
    const command_result applied = run("apply", on, {"--ignore-unknown", "--json"});
    INFO(applied.output);
    CHECK(applied.code == 0);
    CHECK(applied.output.find("\"made\":[\"exchange " + exchange + "\",\"queue " + queue + "\",\"binding ") !=
          std::string::npos);
    const command_result same = run("plan", on, {"--ignore-unknown"});
    INFO(same.output);
    CHECK(same.code == 0);
    CHECK(same.output.find("no difference to the broker") != std::string::npos);
    CHECK(run("plan", on, {"--ignore-unknown", "--json"}).output.find("\"same\":true") != std::string::npos);
    CHECK(run("apply", on, {"--ignore-unknown"}).code == 0);
  }
}

TEST_CASE("plan says 1 for a wrong file, and 3 for a broker or a management API that gives no answer") {
  const temp_dir folder{"wrong"};
  const auto code_of = [&](const std::string& text) {
    write_file(folder / "file.yaml", text);
    return run_postponed({"plan", (folder / "file.yaml").string()}).code;
  };
  const std::string store = "store: {path: " + (folder / "db").string() + "}\n" + a_route;
  CHECK(code_of("broker: {uri: [x]}\n") == 1);
  CHECK(code_of("broker: {uris: [\"amqp://guest:guest@127.0.0.1:1/\"]}\n" + store) == 3);
  CHECK(code_of("broker: {uris: [\"amqp://guest:wrong@127.0.0.1:" + std::to_string(broker().port()) +
                "/\"]}\n" + store) == 3);
  CHECK(code_of("broker: {uris: [\"" + broker().uri() + "\"], management: \"http://guest:wrong@127.0.0.1:" +
                std::to_string(broker().management_port()) + "/\"}\n" + store) == 3);
}

TEST_CASE(
    "a type of exchange that the broker does not know is a difference, and the rest is still compared") {
  const std::string exchange = fresh_name("typed"), queue = fresh_name("missing");
  amqp_client{broker().port()}.declare_exchange(exchange, "topic");
  const file on{broker(), asked::by_amqp,
                "topology:\n  exchanges: [{name: " + exchange +
                    ", type: x-nonsense}]\n  queues: [{name: " + queue + "}]\n"};
  const command_result plan = run("plan", on); // 3.10 closes the connection over it
  INFO(plan.output);
  CHECK(plan.code == 2);
  REQUIRE(beginning(plan, "~").size() == 1);
  CHECK(beginning(plan, "~")[0].find("unknown exchange type") != std::string::npos);
  CHECK(beginning(plan, "+") == lines{"queue " + queue + ": durable"});
}

TEST_CASE(
    "plan warns of what only the broker knows: dead-letter exchanges that are nowhere, no policy at all") {
  const std::string work = fresh_name("work"), intake = fresh_name("rejected"), gone = fresh_name("gone");
  const file on{broker(), asked::by_management,
                "topology: {queues: [{name: " + work + "}, {name: " + intake + "}]}\n" +
                    "routes: [{name: r, queue: " + intake + ", retry: {attempts: 2}, release: {queue: " +
                    work + "}, dead_letter: d}]\ndead_letters: [{name: d, exchange: " + gone +
                    ", queue: " + intake + ".dead}]\n"};
  const command_result without = run("plan", on);
  INFO(without.output);
  CHECK(without.output.find("warning: route r retries, and the queue " + work) != std::string::npos);
  CHECK(without.output.find("warning: the dead letter d is published by the exchange " + gone) !=
        std::string::npos);
  broker().control(
      {"set_policy", "dlx", "^" + work + "$", R"({"dead-letter-exchange":"nix"})", "--apply-to", "queues"});
  const command_result with = run("plan", on);
  INFO(with.output);
  CHECK(with.output.find("warning: route r retries, and the queue") == std::string::npos);
  CHECK(with.output.find("queue " + work + " dead-letters, by the policy dlx, to the exchange nix") !=
        std::string::npos);
}

TEST_CASE("verify refuses to start on a difference and lists it; without one it starts, and later goes on") {
  for (const asked how : {asked::by_management, asked::by_amqp}) {
    const std::string intake = fresh_name("later"), work = fresh_name("work"), dead = fresh_name("dead");
    std::string yaml = sidecar::sections();
    if (how == asked::by_management)
      yaml.replace(yaml.find("store:"), 0,
                   "  management: \"http://guest:guest@127.0.0.1:" +
                       std::to_string(broker().management_port()) + "/\"\n");
    yaml += filled(R"(
topology:
  mode: verify
  queues: [{name: {intake}}, {name: {work}, arguments: {x-max-length: 20}}, {name: {dead}}]
dead_letters: [{name: bin, queue: {dead}}]
routes: [{name: r, queue: {intake}, release: {queue: {work}}, dead_letter: bin}]
)",
                   {{"intake", intake}, {"work", work}, {"dead", dead}});
    amqp_client client{broker().port()};
    client.declare_queue(work, {integer("x-max-length", 10)});
    client.declare_queue(dead);
    const std::string before = everything(broker());

    sidecar daemon{yaml, broker().uri()};
    daemon.launch();
    CHECK(daemon.wait(30s) == 3);
    INFO(daemon.log());
    CHECK(daemon.log().find("name=" + intake + " kind=missing") != std::string::npos);
    CHECK(daemon.log().find("have=\"x-max-length: 10\" want=\"x-max-length: 20\"") != std::string::npos);
    CHECK(everything(broker()) == before);

    client.delete_queue(work);
    client.declare_queue(work, {integer("x-max-length", 20)});
    client.declare_queue(intake);
    const std::string mended = everything(broker());
    daemon.start();
    CHECK(daemon.get("/api/v1/status").body.find("\"verify\"") != std::string::npos);
    client.publish_to_queue(intake, "held", {integer("x-delay", 10)});
    client.consume(work);
    CHECK(client.next(10s));

    // A difference found after a reconnect is shown, and the daemon goes on.
    client.delete_queue(dead);
    broker().control({"close_all_connections", "test"});
    CHECK(eventually(
        [&] {
          const http_response ready = daemon.get("/readyz");
          return ready.status == 503 && ready.body.find("queue " + dead + ": missing") != std::string::npos;
        },
        30s));
    CHECK(daemon.running());
    amqp_client again{broker().port()};
    again.publish_to_queue(intake, "held", {integer("x-delay", 10)});
    again.consume(work);
    CHECK(again.next(20s));
    CHECK(daemon.terminate() == 0);
    again.declare_queue(dead);
    CHECK(everything(broker()) == mended);
  }
}

TEST_CASE(
    "in the mode create a refused declaration is shown with what the broker has and what the file wants") {
  const std::string intake = fresh_name("later"), dead = fresh_name("dead");
  amqp_client{broker().port()}.declare_queue(dead, {integer("x-max-length", 10)});
  sidecar daemon{sidecar::sections() + filled(R"(
topology:
  queues: [{name: {intake}}, {name: {dead}, arguments: {x-max-length: 20}}]
dead_letters: [{name: bin, queue: {dead}}]
routes: [{name: r, queue: {intake}, release: {queue: {dead}}, dead_letter: bin}]
)",
                                              {{"intake", intake}, {"dead", dead}}),
                 broker().uri()};
  daemon.launch();
  const std::string shown = "queue " + dead + ": have x-max-length: 10, want x-max-length: 20";
  CHECK(eventually([&] { return daemon.get("/readyz").body.find(shown) != std::string::npos; }));
  CHECK(daemon.terminate() == 0);
}
