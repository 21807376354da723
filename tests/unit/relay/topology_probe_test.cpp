// The texts are those of RabbitMQ 3.10.8 and 4.3.6.
#include "relay/refusal.hpp"
#include "relay/topology_probe.hpp"

#include <catch2/catch.hpp>

using namespace postponed;

namespace {

proto::argument argument(std::string name, std::int64_t value) {
  proto::argument to;
  to.name = std::move(name);
  to.value = value;
  return to;
}

proto::queue_declaration later() {
  proto::queue_declaration to;
  to.name = "it's later";
  to.arguments = {argument("x-max-length", 10)};
  return to;
}

std::string refused(const std::string& argument, const std::string& received, const std::string& current) {
  return "PRECONDITION_FAILED - inequivalent arg '" + argument +
         "' for queue 'it's later' in vhost '/': received " + received + " but current is " + current;
}

std::string words(const relay::topology_difference& each) {
  return each.kind + " " + each.what + " " + each.name + " | " + each.have + " | " + each.want;
}

} // namespace

TEST_CASE("a refusal's text tells which argument, what was asked for and what there is") {
  const auto valued = relay::inequivalence_from(refused("x-max-length", "'11'", "'10'"));
  REQUIRE(valued);
  CHECK(valued->argument == "x-max-length");
  CHECK(valued->received.value == "11");
  CHECK(valued->current.value == "10");
  const auto added =
      relay::inequivalence_from(refused("x-max-length", "the value '10' of type 'long'", "none"));
  REQUIRE(added);
  CHECK(added->received.value == "10");
  CHECK(added->received.type == "long");
  CHECK(added->current.none);
  const auto quoted = relay::inequivalence_from(
      refused("x-dead-letter-routing-key", "none", "the value 'it's ours' of type 'longstr'"));
  REQUIRE(quoted);
  CHECK(quoted->received.none);
  CHECK(quoted->current.value == "it's ours");
  for (const char* const other : {"PRECONDITION_FAILED - unknown exchange type 'x'", "",
                                  "PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue 'long..."})
    CHECK_FALSE(relay::inequivalence_from(other));
}

TEST_CASE("a refused declaration is a difference with have and want, on either version of the broker") {
  using list = std::vector<std::string>;
  const auto told = [](const std::string& text, std::uint16_t code = 406) {
    return words(relay::difference_from(later(), code, text));
  };
  const std::string begin = "different queue it's later | ";
  CHECK(list{told(refused("durable", "'true'", "'false'")), told(refused("x-max-length", "'10'", "'20'")),
             // 3.10 where the queue has no type; 4.3 notes the one that it chose
             told(refused("x-queue-type", "the value 'quorum' of type 'longstr'", "none")),
             told(refused("x-queue-type", "'quorum'", "'classic'")),
             told(refused("x-max-length", "'10'", "'10'"))} ==
        list{begin + "durable: false | durable: true", begin + "x-max-length: 20 | x-max-length: 10",
             begin + "no x-queue-type | x-queue-type: quorum",
             begin + "x-queue-type: classic | x-queue-type: quorum",
             begin + "x-max-length: 10 (of another type) | x-max-length: 10"});
  CHECK(told("ACCESS_REFUSED - no", 403) == begin + "403 ACCESS_REFUSED - no | durable, x-max-length: 10");
  CHECK(words(relay::difference_from(proto::binding_declaration{"q", "e", "k", {}}, 404,
                                     "NOT_FOUND - no queue")) ==
        "missing binding e -> q (k) | 404 NOT_FOUND - no queue | no arguments");
}

TEST_CASE("a probe asks whether it exists before anything that could create it, in one breath") {
  relay::wanted_topology wanted;
  wanted.steps = {later(), proto::binding_declaration{"q", "e", "k", {}}};
  wanted.parking = {{"bin", "dlx"}};
  relay::topology_probe probe{wanted};
  const auto sent = probe.begin_next();
  REQUIRE(sent.size() == 2);
  CHECK(std::get<proto::queue_declaration>(sent[0]).passive);
  CHECK_FALSE(std::get<proto::queue_declaration>(sent[1]).passive);
  probe.on_refused(0, 404, "NOT_FOUND");
  const auto unlisted = probe.begin_next();
  REQUIRE(unlisted.size() == 1); // of this one only whether it exists
  CHECK(std::get<proto::exchange_declaration>(unlisted[0]).name == "dlx");
  CHECK(std::get<proto::exchange_declaration>(unlisted[0]).passive);
  probe.on_refused(0, 404, "NOT_FOUND");
  CHECK(probe.begin_next().empty());
  const auto report = probe.report();
  REQUIRE(report.differences.size() == 1);
  CHECK(words(report.differences[0]) == "missing queue it's later |  | durable, x-max-length: 10");
  CHECK(report.warnings.size() == 1);
  REQUIRE(report.not_checked.size() == 2);
  CHECK(report.not_checked[0].find("bindings") == 0);
}

TEST_CASE("a probe finds every difference of an object, though each refusal names but one") {
  relay::wanted_topology wanted;
  wanted.steps = {later()};
  relay::topology_probe probe{wanted};
  probe.begin_next();
  probe.on_refused(1, 406, refused("durable", "'true'", "'false'"));
  auto sent = probe.begin_next();
  REQUIRE(sent.size() == 2);
  CHECK_FALSE(std::get<proto::queue_declaration>(sent[1]).durable);
  probe.on_refused(1, 406, refused("x-max-length", "'10'", "'20'"));
  probe.begin_next();
  probe.on_refused(1, 406, refused("x-overflow", "none", "the value 'drop-head' of type 'longstr'"));
  sent = probe.begin_next();
  CHECK(std::get<proto::queue_declaration>(sent[1]).arguments.size() == 2);
  probe.on_done();
  CHECK(probe.begin_next().empty());
  CHECK(probe.report().differences.size() == 3);
  CHECK(probe.report().not_checked.size() == 1); // policies alone
}

TEST_CASE("a probe does not ask for ever, and says what it leaves out") {
  relay::wanted_topology wanted;
  wanted.steps = {later()};
  relay::topology_probe probe{wanted};
  probe.begin_next();
  probe.on_refused(1, 406, refused("x-max-length", "'10'", "'10'")); // of another type
  CHECK(probe.begin_next().empty());
  CHECK(probe.report().differences.size() == 1);
  CHECK(probe.report().not_checked.size() == 2);
}

TEST_CASE("another connection's exclusive queue differs; what may not be asked is not checked") {
  relay::wanted_topology wanted;
  wanted.steps = {later(), later()};
  relay::topology_probe probe{wanted};
  probe.begin_next();
  probe.on_refused(0, 405, "RESOURCE_LOCKED");
  probe.begin_next();
  probe.on_refused(1, 403, "ACCESS_REFUSED");
  CHECK(probe.begin_next().empty());
  REQUIRE(probe.report().differences.size() == 1);
  CHECK(words(probe.report().differences[0]) ==
        "different queue it's later | exclusive: true | exclusive: false");
  CHECK(probe.report().not_checked.size() == 2);
}

TEST_CASE("a creation goes on behind what is refused") {
  relay::topology_creation creation{{later(), proto::binding_declaration{"q", "e", "k", {}}}};
  CHECK(creation.begin_next().size() == 1);
  creation.on_refused(0, 403, "ACCESS_REFUSED");
  CHECK(std::holds_alternative<proto::binding_declaration>(creation.begin_next().at(0)));
  creation.on_done();
  CHECK(creation.begin_next().empty());
  CHECK(creation.made().size() == 1);
  CHECK(creation.refused().size() == 1);
}
