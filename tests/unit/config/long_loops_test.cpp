// Loops across routes, bindings, queues' dead-letter exchanges and dead letters: found, and told as a path.
#include "findings.hpp"

using namespace postponed::config;
using namespace postponed::config::test;

namespace {

// The loops among the findings of a file, without place and fix, a line each.
std::string loops(const std::string& topology, const std::string& routes,
                  const std::string& dead_letters = "{name: bin, queue: dead}") {
  std::string text;
  for (const finding& each : load_text(broker + store + "topology: {" + topology + "}\nroutes: [" + routes +
                                           "]\ndead_letters: [" + dead_letters + "]\n",
                                       "f", no_environment)
                                 .findings) {
    if (each.level == finding::severity::warning) continue;
    CHECK(each.what.starts_with("loop: "));
    text += each.what + "\n";
  }
  return text;
}

std::string one(const std::string& name, const std::string& queue, const std::string& more) {
  return "{name: " + name + ", queue: " + queue + ", dead_letter: bin, " + more + "}";
}

// What `work` dies of goes by the exchange `dlx` to the queue `failed`.
const std::string failing =
    "exchanges: [{name: dlx}], bindings: [{exchange: dlx, queue: failed, routing_key: "
    "work}], queues: [{name: work, arguments: {x-dead-letter-exchange: dlx}}]";
const std::string to_work = "release: {queue: work}";

} // namespace

TEST_CASE("a loop by a binding is told with its exchange") {
  CHECK(
      loops("exchanges: [{name: x, type: topic}], bindings: [{exchange: x, queue: q, routing_key: \"a.*\"}]",
            one("a", "q", "release: {exchange: x, routing_key: a.b}")) ==
      "loop: route a releases to exchange x, which is bound to queue q, the intake of route a, with no "
      "delay\n");
}

TEST_CASE("a loop across routes is found once, whole") {
  const std::string there = one("a", "p", "release: {queue: q}") + ", ";
  const std::string x = "exchanges: [{name: x}], bindings: [{exchange: x, queue: p, routing_key: k}]";
  CHECK(loops(x, there + one("b", "q", "release: {exchange: x, routing_key: k}")) ==
        "loop: route a releases to queue q, the intake of route b, which releases to exchange x, which is "
        "bound "
        "to queue p, the intake of route a, with no delay\n");
  CHECK(loops(x, there + one("b", "q", "release: {exchange: x, routing_key: l}")).empty());
  CHECK(loops(x, there + one("b", "q", "delay: {default: 1s}, release: {exchange: x, routing_key: k}"))
            .empty());
}

TEST_CASE("a route that leads into a loop is not on it") {
  CHECK(loops("", one("a", "p", "release: {queue: q}") + ", " + one("b", "q", "release: {queue: q}")) ==
        "loop: route b releases to queue q, the intake of route b, with no delay\n");
}

TEST_CASE("what consumers reject comes round by a queue's dead-letter exchange") {
  CHECK(loops(failing, one("a", "failed", to_work)) ==
        "loop: route a releases to queue work, which dead-letters to exchange dlx, which is bound to queue "
        "failed, the intake of route a, with no delay\n");
  CHECK(loops(failing, one("a", "failed", to_work + ", delay: {default: 1s}")).empty());
  CHECK(
      loops("queues: [{name: work, arguments: {x-dead-letter-exchange: \"\", x-dead-letter-routing-key: "
            "failed}}]",
            one("a", "failed", to_work)) ==
      "loop: route a releases to queue work, which dead-letters to queue failed, the intake of route a, with "
      "no delay\n");
  // With another key than the one it was released with.
  CHECK(
      loops(
          "exchanges: [{name: dlx}], bindings: [{exchange: dlx, queue: failed, routing_key: work}], queues: "
          "[{name: work, arguments: {x-dead-letter-exchange: dlx, x-dead-letter-routing-key: k}}]",
          one("a", "failed", to_work))
          .empty());
}

TEST_CASE("with retry, failures come round at its pauses and end with its attempts") {
  CHECK(loops(failing, one("a", "failed", to_work + ", retry: {}")).empty());
  CHECK(loops(failing, one("a", "failed", "release: {origin: true}, retry: {}")).empty());
  CHECK(
      loops(failing, one("a", "failed", "release: {origin: true}")) ==
      "loop: route a releases to the origin, queue work, which dead-letters to exchange dlx, which is bound "
      "to queue failed, the intake of route a, with no delay\n");
}

TEST_CASE("retry pauses nothing where no consumer is in between") {
  CHECK(loops("", one("a", "q", "retry: {}, release: {queue: q}")) ==
        "loop: route a releases to queue q, the intake of route a, with no delay\n");
  CHECK(loops("", one("a", "q", "retry: {}")) ==
        "loop: route a releases by the way that it came, to queue q, the intake of route a, with no delay\n");
}

TEST_CASE("the queues of other dead letters are no origins of a route") {
  CHECK(loops("queues: [{name: v, arguments: {x-dead-letter-exchange: \"\", x-dead-letter-routing-key: q}}]",
              one("a", "p", "release: {origin: true}") + ", " + one("b", "q", "release: {queue: p}"))
            .empty());
}

TEST_CASE("a key of its own through the exchanges that it can have come by") {
  const std::string x =
      "exchanges: [{name: x, type: topic}], bindings: [{exchange: x, queue: q, routing_key: "
      "\"later.#\"}]";
  CHECK(
      loops(x, one("a", "q", "release: {routing_key: later.again}")) ==
      "loop: route a releases by the way that it came, to exchange x, which is bound to queue q, the intake "
      "of route a, with no delay\n");
  CHECK(loops(x, one("a", "q", "release: {routing_key: work}")).empty());
  CHECK_FALSE(loops(x, one("a", "q", "release: {routing_key: q}")).empty());
}

TEST_CASE("headers exchanges match as the broker does, as far as the headers are known") {
  const auto by = [](const std::string& arguments) {
    return loops("exchanges: [{name: h, type: headers}], bindings: [{exchange: h, queue: p, arguments: {" +
                     arguments + "}}]",
                 one("a", "q", "release: {exchange: h}") + ", " + one("b", "p", "release: {queue: q}"));
  };
  CHECK_FALSE(by("").empty());
  CHECK(by("x-match: any").empty());
  CHECK_FALSE(by("postponed-route: a").empty());
  CHECK_FALSE(by("postponed-route: ").empty());
  CHECK(by("postponed-route: b").empty());
  CHECK(by("kind: late").empty());
  CHECK_FALSE(by("x-match: any, kind: late, postponed-route: a").empty());
  CHECK_FALSE(by("x-ignored: 1, postponed-route: a").empty());
  CHECK(by("x-match: all-with-x, x-kind: 1, postponed-route: a").empty());
  // The headers by which it came are still on it.
  CHECK(loops("exchanges: [{name: h, type: headers}], bindings: [{exchange: h, queue: q, arguments: {kind: "
              "late}}]",
              one("a", "q", "release: {exchange: h}")) ==
        "loop: route a releases to exchange h, which is bound to queue q, the intake of route a, with no "
        "delay\n");
}

TEST_CASE("a poisoned topic that is mapped to the intake is a loop") {
  CHECK(loops("", one("a", "q",
                      "dialect: watermill, watermill: {topics: {orders: w, requeue: q}}, retry: {}, "
                      "release: {queue: w}")) ==
        "loop: route a releases the topic requeue to queue q, the intake of route a, with no delay\n");
}

TEST_CASE("dead letters that come back to where they were buried are a loop, delayed or not") {
  const std::string dlx = "exchanges: [{name: dlx, type: topic}], bindings: [{exchange: dlx, queue: dead, "
                          "routing_key: \"#\"}, {exchange: dlx, queue: q, routing_key: \"*.a.nacked\"}]";
  const std::string a = one("a", "q", "release: {queue: w}, delay: {default: 1d}");
  const auto bin = [](const std::string& key) {
    return "{name: bin, exchange: dlx" + key + ", queue: dead}";
  };
  const std::string told =
      "loop: route a dead-letters to exchange dlx, which is bound to queue q, the intake of route a\n";
  CHECK(loops(dlx, a, bin(", routing_key: \"dead.{route}.{reason}\"")) == told);
  CHECK(loops(dlx, a, bin("")) == told); // the message's own key may be any
  CHECK(loops(dlx, a, bin(", routing_key: \"dead.{route}\"")).empty());
  CHECK(loops(dlx, a, bin(", routing_key: \"dead.b.{reason}\"")).empty());
}

TEST_CASE("dead letters that come back by other routes are a loop") {
  const std::string chain = one("a", "p", "release: {queue: w}") + ", ";
  const std::string letters_of_a = "{name: bin, queue: q}";
  CHECK(loops("", chain + one("b", "q", "delay: {default: 1h}, release: {queue: p}"), letters_of_a) ==
        "loop: route a dead-letters to queue q, the intake of route b, which releases to queue p, the intake "
        "of "
        "route a\n"
        "loop: route b dead-letters to queue q, the intake of route b\n");
  // They rest in the end.
  CHECK(loops("",
              "{name: a, queue: p, dead_letter: second, release: {queue: w}}, " +
                  one("b", "q", "delay: {default: 1h}, release: {queue: w}"),
              "{name: second, queue: q}, {name: bin, queue: dead}")
            .empty());
}

TEST_CASE("a dead-letter queue that sends on what is in it for too long may make a loop") {
  CHECK(loops("queues: [{name: dead, arguments: {x-message-ttl: 1000, x-dead-letter-exchange: \"\", "
              "x-dead-letter-routing-key: q}}]",
              one("a", "q", "release: {queue: w}, retry: {}")) ==
        "loop: route a dead-letters to queue dead, which dead-letters to queue q, the intake of route a\n");
}

TEST_CASE("queues that dead-letter to each other end the search") {
  CHECK(loops("queues: [{name: v, arguments: {x-dead-letter-exchange: \"\", x-dead-letter-routing-key: w}}, "
              "{name: w, arguments: {x-dead-letter-exchange: \"\", x-dead-letter-routing-key: v}}]",
              one("a", "q", "release: {queue: v}"))
            .empty());
}

TEST_CASE("each kind of loop says what to do at its place") {
  CHECK(
      all_of(broker + store + "topology: {" + failing + "}\nroutes:\n  - {name: a, queue: failed, release: " +
             "{queue: work}, dead_letter: bin}\n" + letters) ==
      line(
          "5:39: loop: route a releases to queue work, which dead-letters to exchange dlx, which is bound to "
          "queue failed, the intake of route a, with no delay; add retry to the route, or set its "
          "delay.default"));
}
