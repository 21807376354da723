// What is allowed and yet a trap.
#include "findings.hpp"

using namespace postponed::config;
using namespace postponed::config::test;

namespace {

// A file with this topology on line 3, a route on line 4 and its dead letter on line 5: it loads.
std::string said(const std::string& topology, const std::string& in_route = "",
                 const std::string& in_letter = "queue: dead") {
  const auto outcome = load_text(broker + store + "topology: {" + topology +
                                     "}\nroutes: [{name: r, queue: q, "
                                     "dead_letter: bin, release: {queue: w}" +
                                     in_route + "}]\ndead_letters: [{name: bin, " + in_letter + "}]\n",
                                 "f", no_environment);
  std::string text;
  for (const finding& each : outcome.findings) {
    CHECK(each.level == finding::severity::warning);
    text += to_string(each) + "\n";
  }
  CHECK(outcome.value);
  return text;
}

std::string queue(const std::string& more) {
  return "queues: [{name: v, " + more + "}]";
}

const std::string retry = ", retry: {}";
const std::string unheard =
    "4:27: warning: route r retries, and no queue of this file dead-letters to its intake "
    "q; give the queue of its consumers an x-dead-letter-exchange that leads there, "
    "unless a policy on the broker does";

} // namespace

TEST_CASE("a dead-letter exchange that the file does not list is a warning") {
  CHECK(
      said(queue("arguments: {x-dead-letter-exchange: dlx}")) ==
      line("3:28: warning: queue v dead-letters to the exchange dlx, which this file does not list; list it "
           "under topology.exchanges; where there is none, the broker drops what dies"));
  CHECK(said("exchanges: [{name: dlx}], " + queue("arguments: {x-dead-letter-exchange: dlx}")).empty());
  CHECK(said(queue("arguments: {x-dead-letter-exchange: \"\"}")).empty());
  CHECK(said(queue("arguments: {x-dead-letter-exchange: amq.direct}")).empty());
}

TEST_CASE("at-least-once dead-lettering that falls back is a warning") {
  const std::string strategy = "x-dead-letter-strategy: at-least-once";
  CHECK(
      said(queue("arguments: {" + strategy + "}")) ==
      line("3:28: warning: queue v asks for at-least-once dead-lettering, which only quorum queues have; add "
           "type: quorum and x-overflow: reject-publish, or remove x-dead-letter-strategy"));
  const std::string back = line(
      "3:28: warning: queue v asks for at-least-once dead-lettering, and falls back to at-most-once with "
      "its x-overflow; add x-overflow: reject-publish");
  CHECK(said(queue("type: quorum, arguments: {" + strategy + "}")) == back);
  CHECK(said(queue("type: quorum, arguments: {x-overflow: drop-head, " + strategy + "}")) == back);
  CHECK(said(queue("type: quorum, arguments: {x-overflow: reject-publish, " + strategy + "}")).empty());
  CHECK(said(queue("arguments: {x-dead-letter-strategy: at-most-once}")).empty());
}

TEST_CASE("a route that retries what never comes is a warning") {
  CHECK(said("queues: [{name: w}]", retry) == line(unheard));
  CHECK(said("exchanges: [{name: dlx}], bindings: [{exchange: dlx, queue: p}], " +
                 queue("arguments: {x-dead-letter-exchange: dlx}"),
             retry) == line(unheard));
  CHECK(said("queues: [{name: w, arguments: {x-dead-letter-exchange: \"\", x-dead-letter-routing-key: p}}]",
             retry) == line(unheard));
  // The file says nothing of dead letters: a policy does.
  CHECK(said("queues: [{name: q}]", retry).empty());
  CHECK(said("", retry).empty());
  CHECK(said("queues: [{name: w}]").empty());
  // It comes, or may.
  CHECK(said("queues: [{name: w, arguments: {x-dead-letter-exchange: \"\", x-dead-letter-routing-key: q}}]",
             retry)
            .empty());
  CHECK(said("exchanges: [{name: dlx}], bindings: [{exchange: dlx, queue: q, routing_key: w}], " +
                 queue("arguments: {x-dead-letter-exchange: dlx}"),
             retry)
            .empty());
  CHECK(said("exchanges: [{name: dlx, type: x-own}], " + queue("arguments: {x-dead-letter-exchange: dlx}"),
             retry)
            .empty());
  CHECK(said("queues: [{name: w}]", retry + ", dialect: watermill").empty());
}

TEST_CASE("dead letters that no binding brings to their queue are a warning") {
  const std::string dlx = "exchanges: [{name: dlx, type: topic}]";
  const std::string letter = "exchange: dlx, routing_key: \"dead.{route}.{reason}\"";
  const std::string fix = "; add one under topology.bindings; they stay held where there is none";
  CHECK(said(dlx, "", letter) ==
        line("5:38: warning: no binding of this file brings the dead letters of route r "
             "by the exchange dlx to a queue" +
             fix));
  CHECK(
      said(dlx + ", bindings: [{exchange: dlx, queue: other, routing_key: \"#\"}]", "",
           letter + ", queue: dead") ==
      line("5:38: warning: no binding of this file brings the dead letters of route r by the exchange dlx to "
           "the queue dead" +
           fix));
  CHECK_FALSE(said(dlx + ", bindings: [{exchange: dlx, queue: dead, routing_key: \"dead.*\"}]", "",
                   letter + ", queue: dead")
                  .empty());
  for (const char* const key : {"#", "dead.r.*", "dead.*.nacked"})
    CHECK(said(dlx + ", bindings: [{exchange: dlx, queue: dead, routing_key: \"" + key + "\"}]", "",
               letter + ", queue: dead")
              .empty());
  CHECK(said("", "", letter).empty()); // the exchange is the application's
  CHECK(said(dlx, "", "exchange: \"{reason}\"").empty());
  CHECK(said("exchanges: [{name: dlx, type: x-own}]", "", letter).empty());
  CHECK(
      said("exchanges: [{name: dlx, type: headers}], bindings: [{exchange: dlx, queue: dead, arguments: {a: "
           "1}}]",
           "", letter + ", queue: dead")
          .empty());
}
