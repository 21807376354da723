#include "relay/topology_diff.hpp"
#include "relay/topology_traps.hpp"

#include <catch2/catch.hpp>

using namespace postponed;
using relay::topology_difference;

namespace {

proto::argument valued(std::string name, std::variant<std::int64_t, double, std::string> value) {
  proto::argument to;
  to.name = std::move(name);
  std::visit([&](auto& each) { to.value = std::move(each); }, value);
  return to;
}
proto::exchange_declaration exchange(std::string name, std::string type = "topic") {
  proto::exchange_declaration to;
  to.name = std::move(name);
  to.type = std::move(type);
  return to;
}
proto::queue_declaration queue(std::string name, proto::argument_list arguments = {}) {
  proto::queue_declaration to;
  to.name = std::move(name);
  to.arguments = std::move(arguments);
  return to;
}
proto::binding_declaration binding(std::string from, std::string to, std::string key,
                                   proto::argument_list arguments = {}) {
  proto::binding_declaration made;
  made.exchange = std::move(from);
  made.queue = std::move(to);
  made.routing_key = std::move(key);
  made.arguments = std::move(arguments);
  return made;
}

std::vector<std::string> words(const std::vector<topology_difference>& found) {
  std::vector<std::string> to;
  for (const topology_difference& each : found)
    to.push_back(each.kind + " " + each.what + " " + each.name + " | " + each.have + " | " + each.want);
  return to;
}
using list = std::vector<std::string>;

} // namespace

TEST_CASE(
    "a broker that has what the file lists does not differ, whatever everybody has and whatever passes") {
  relay::seen_topology seen;
  seen.exchanges = {exchange("", "direct"), exchange("amq.topic"), exchange("orders")};
  seen.queues = {
      queue("later", {valued("x-queue-type", "classic"), valued("x-max-length", std::int64_t{10})}),
      queue("amq.gen-x")};
  seen.queues.push_back(queue("reply"));
  seen.queues.back().exclusive = true;
  seen.bindings = {{binding("", "later", "later"), false},
                   {binding("orders", "later", "#"), false},
                   {binding("orders", "amq.gen-x", "#"), false},
                   {binding("orders", "reply", "#"), false},
                   {binding("amq.topic", "amq.gen-x", "#"), false}};
  CHECK(words(relay::compare({exchange("orders"), queue("later", {valued("x-max-length", 10.0)}),
                              binding("orders", "later", "#")},
                             seen)) == list{});
}

TEST_CASE("missing objects and bindings are named with what the file wants of them") {
  const auto found = relay::compare({exchange("orders"), queue("later", {valued("x-queue-type", "quorum")}),
                                     binding("orders", "later", "a.#")},
                                    {});
  CHECK(words(found) == list{"missing exchange orders |  | type topic, durable",
                             "missing queue later |  | durable, x-queue-type: quorum",
                             "missing binding orders -> later (a.#) |  | no arguments"});
  CHECK_FALSE(relay::satisfied(found));
}

TEST_CASE("each property that differs is a difference of its own, with have and want") {
  relay::seen_topology seen;
  seen.exchanges = {exchange("orders", "direct")};
  seen.exchanges.back().durable = false;
  seen.exchanges.back().arguments = {valued("alternate-exchange", "lost")};
  seen.queues = {queue("later", {valued("x-max-length", "10"), valued("x-overflow", "drop-head")})};
  seen.queues.back().auto_delete = true;
  auto want =
      queue("later", {valued("x-max-length", std::int64_t{10}), valued("x-overflow", "reject-publish"),
                      valued("x-message-ttl", std::int64_t{5}), valued("x-queue-type", "quorum")});
  CHECK(words(relay::compare({exchange("orders"), want}, seen)) ==
        list{"different exchange orders | type: direct | type: topic",
             "different exchange orders | durable: false | durable: true",
             "different exchange orders | alternate-exchange: lost | no alternate-exchange",
             "different queue later | auto_delete: true | auto_delete: false",
             "different queue later | x-max-length: 10 (a text) | x-max-length: 10 (no text)",
             "different queue later | x-overflow: drop-head | x-overflow: reject-publish",
             "different queue later | no x-message-ttl | x-message-ttl: 5",
             "different queue later | x-queue-type: classic | x-queue-type: quorum"});
}

TEST_CASE("a queue without a type has the virtual host's") {
  relay::seen_topology seen;
  seen.default_queue_type = "quorum";
  seen.queues = {queue("later", {valued("x-queue-type", "quorum")})};
  CHECK(relay::compare({queue("later")}, seen).empty());
  seen.default_queue_type = "classic";
  CHECK(words(relay::compare({queue("later")}, seen)) ==
        list{"different queue later | x-queue-type: quorum | x-queue-type: classic"});
}

TEST_CASE("a binding is the same by its ends, key and arguments; with other arguments it is different") {
  relay::seen_topology seen;
  seen.exchanges = {exchange("orders", "headers")};
  seen.queues = {queue("later")};
  seen.bindings = {{binding("orders", "later", "", {valued("kind", "a")}), false},
                   {binding("orders", "later", "", {valued("kind", "b")}), false}};
  CHECK(words(relay::compare({exchange("orders", "headers"), queue("later"),
                              binding("orders", "later", "", {valued("kind", "b")}),
                              binding("orders", "later", "", {valued("kind", "c")})},
                             seen)) == list{"different binding orders -> later () | kind: a | kind: c"});
}

TEST_CASE("what the file does not list is unknown: objects, and bindings of objects that it lists") {
  relay::seen_topology seen;
  seen.exchanges = {exchange("orders"), exchange("theirs", "fanout")};
  seen.queues = {queue("later"), queue("other")};
  seen.bindings = {{binding("orders", "later", "new"), false},
                   {binding("theirs", "later", ""), false},
                   {binding("orders", "theirs", "#"), true},
                   {binding("theirs", "other", ""), false}}; // no business of ours
  const auto found = relay::compare({exchange("orders"), queue("later")}, seen);
  CHECK(words(found) == list{"unknown exchange theirs | type fanout, durable | ",
                             "unknown queue other | durable | ",
                             "unknown binding orders -> later (new) | no arguments | ",
                             "unknown binding theirs -> later () | no arguments | ",
                             "unknown binding orders -> exchange theirs (#) | no arguments | "});
  CHECK(relay::satisfied(found));
}

TEST_CASE("dead-letter exchanges that are nowhere are warned of, be they named by arguments or by a policy") {
  relay::wanted_topology wanted;
  wanted.steps = {exchange("listed"), queue("a", {valued("x-dead-letter-exchange", "nowhere")}),
                  queue("b", {valued("x-dead-letter-exchange", "listed")}),
                  queue("c", {valued("x-dead-letter-exchange", "there")}), queue("d")};
  wanted.parking = {{"bin", "gone"}, {"good", "there"}};
  CHECK(relay::unlisted_exchanges(wanted) == list{"gone", "nowhere", "there"});
  relay::seen_topology seen;
  seen.exchanges = {exchange("there")};
  REQUIRE(relay::traps_by_exchanges(wanted, seen).size() == 2);
  seen.policies = {{"low", "^d$", "queues", {{"dead-letter-exchange", "there"}}, 1},
                   {"high", "^d", "classic_queues", {{"dead-letter-exchange", "lost"}}, 2},
                   {"other", ".*", "exchanges", {{"dead-letter-exchange", "not this"}}, 9},
                   {"quorums", ".*", "quorum_queues", {{"dead-letter-exchange", "not this"}}, 9},
                   {"strange", "((", "all", {}, 0}};
  list unread;
  const list found = relay::traps(wanted, seen, unread);
  REQUIRE(found.size() == 3);
  CHECK(found[0].find("queue a dead-letters to the exchange nowhere") == 0);
  CHECK(found[1].find("queue d dead-letters, by the policy high, to the exchange lost") == 0);
  CHECK(found[2].find("the dead letter bin is published by the exchange gone") == 0);
  REQUIRE(unread.size() == 1);
  CHECK(unread[0].find("strange") != std::string::npos);
}

TEST_CASE(
    "a queue that a retry route releases to needs a dead-letter exchange, by arguments or by a policy") {
  relay::wanted_topology wanted;
  wanted.steps = {queue("ours"), queue("armed", {valued("x-dead-letter-exchange", "")})};
  wanted.retries = {
      {"r1", "in", "ours"}, {"r2", "in", "theirs"}, {"r3", "in", "nowhere"}, {"r4", "in", "armed"}};
  relay::seen_topology seen;
  seen.queues = {queue("theirs")};
  list unread;
  const list found = relay::traps(wanted, seen, unread);
  REQUIRE(found.size() == 3);
  CHECK(found[0].find("route r1 retries, and the queue ours") == 0);
  CHECK(found[1].find("has no dead-letter exchange") != std::string::npos);
  CHECK(found[2].find("is neither in the file nor on the broker") != std::string::npos);
  seen.policies = {{"p", "ours|theirs", "all", {{"dead-letter-exchange", ""}}, 0}};
  CHECK(relay::traps(wanted, seen, unread).size() == 1);
}

TEST_CASE("a policy's at-least-once dead-lettering that is none is warned of") {
  relay::wanted_topology wanted;
  const auto quorum = valued("x-queue-type", "quorum");
  wanted.steps = {queue("classic"), queue("drops", {quorum}),
                  queue("good", {quorum, valued("x-overflow", "reject-publish")})};
  relay::seen_topology seen;
  seen.policies = {{"p", "", "queues", {{"dead-letter-strategy", "at-least-once"}}, 0}};
  list unread;
  const list found = relay::traps(wanted, seen, unread);
  REQUIRE(found.size() == 2);
  CHECK(found[0].find("of queue classic, which only quorum queues have") != std::string::npos);
  CHECK(found[1].find("of queue drops, which falls back to at most once") != std::string::npos);
}
