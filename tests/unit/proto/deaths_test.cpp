#include "proto/deaths.hpp"
#include "proto/watermill.hpp"
#include "unit/proto/wire_bytes.hpp"

#include <catch2/catch.hpp>

using namespace postponed::proto;

namespace {

std::string one_death(std::string_view queue, std::string_view reason, std::int64_t count = 1) {
  return "F" + wire::long_string(
                   wire::int64("count", count) + wire::text("reason", reason) + wire::text("queue", queue) +
                   wire::field("time", 'T', wire::number(1764000000, 8)) + wire::text("exchange", "shop") +
                   wire::nested("routing-keys", 'A', "S" + wire::long_string("order.placed")));
}
std::string with_deaths(const std::string& entries, const std::string& more = {}) {
  return wire::with_headers(wire::text("a", "1") + wire::nested("x-death", 'A', entries) + more);
}

} // namespace

TEST_CASE("x-death is read entry by entry, the most recent first") {
  const auto all = read_deaths(with_deaths(one_death("work", "rejected", 3) + one_death("delay", "expired")));
  REQUIRE(all.size() == 2);
  CHECK(all[0].queue == "work");
  CHECK(all[0].reason == "rejected");
  CHECK(all[0].count == 3);
  CHECK(all[0].exchange == "shop");
  CHECK(all[0].routing_keys == std::vector<std::string>{"order.placed"});
  CHECK(all[0].time == wall_time{std::chrono::seconds{1764000000}});
  CHECK(all[1].queue == "delay");
}

TEST_CASE("the death that counts is the work queue's, else the latest that is not the intake's own") {
  const std::string raw = with_deaths(one_death("intake", "expired") + one_death("other", "maxlen") +
                                      one_death("work", "rejected"));
  CHECK(death_of(raw, "work", "intake")->queue == "work");
  CHECK(death_of(raw, "gone", "intake")->queue == "other");
  CHECK(death_of(raw, "", "intake")->queue == "other");
  CHECK_FALSE(death_of(with_deaths(one_death("intake", "expired")), "", "intake").has_value());
}

TEST_CASE("without the array the broker's marks say it, the last before the first") {
  const std::string first =
      wire::text("x-first-death-queue", "one") + wire::text("x-first-death-reason", "expired");
  const std::string last =
      wire::text("x-last-death-queue", "two") + wire::text("x-last-death-reason", "rejected");
  CHECK(death_of(wire::with_headers(first + last), "", "intake")->queue == "two");
  CHECK(death_of(wire::with_headers(first), "", "intake")->reason == "expired");
  CHECK(
      death_of(wire::with_headers(first + wire::text("x-last-death-queue", "intake")), "", "intake")->queue ==
      "one");
  CHECK_FALSE(death_of(wire::with_headers(""), "", "intake").has_value());
}

TEST_CASE("forged, mistyped and broken x-death is as if it were not there, or as much of it as holds") {
  CHECK(read_deaths("").empty());
  CHECK(read_deaths("\x20").empty());
  CHECK(read_deaths(wire::with_headers(wire::text("x-death", "yes"))).empty());
  CHECK(read_deaths(wire::with_headers(wire::int64("x-death", 7))).empty());
  CHECK(read_deaths(with_deaths("S" + wire::long_string("no table"))).empty());
  const std::string odd = "F" + wire::long_string(wire::text("queue", "q") + wire::text("count", "many") +
                                                  wire::int64("reason", 5) + wire::text("time", "noon") +
                                                  wire::text("routing-keys", "k"));
  const auto all = read_deaths(with_deaths(odd + "F" + wire::long_string(wire::text("reason", "rejected"))));
  REQUIRE(all.size() == 1); // an entry without a queue tells nothing
  CHECK(all[0].queue == "q");
  CHECK(all[0].count == 0);
  CHECK(all[0].reason.empty());
  CHECK_FALSE(all[0].time.has_value());
  std::string cut = with_deaths(one_death("work", "rejected"), wire::text("z", "1"));
  cut[cut.size() - 2] = '\x7F'; // the last header runs out of the table
  CHECK(read_deaths(cut).empty());
}

TEST_CASE("which attempt failed is ours to say, and Watermill's requeuer's where we were not there") {
  const auto attempt = [](const std::string& table, dialect speaks) {
    return failed_attempt_of(wire::with_headers(table), speaks);
  };
  const std::string requeued = wire::text("_watermill_requeuer_retries", "3");
  CHECK(attempt("", dialect::amqp) == 1);
  CHECK(attempt(wire::int64("postponed-attempt", 4), dialect::amqp) == 4);
  CHECK(attempt(requeued, dialect::amqp) == 1);
  CHECK(attempt(requeued, dialect::watermill) == 4);
  CHECK(attempt(requeued + wire::text("postponed-attempt", "2"), dialect::watermill) == 2);
  CHECK(attempt(wire::text("_watermill_requeuer_retries", "-1"), dialect::watermill) == 1);
  CHECK(attempt(wire::text("_watermill_requeuer_retries", "9999999999"), dialect::watermill) == 1);
}

TEST_CASE("a consumer failed where the message died, or Watermill poisoned it") {
  const auto failed = [](const std::string& raw, dialect speaks) { return failed_at_consumer(raw, speaks); };
  CHECK(failed(with_deaths(one_death("work", "rejected")), dialect::amqp));
  CHECK(failed(wire::with_headers(wire::text("x-first-death-queue", "work")), dialect::amqp));
  CHECK_FALSE(failed(with_deaths(""), dialect::amqp));
  CHECK_FALSE(failed(wire::with_headers(wire::text("x-death", "forged")), dialect::amqp));
  const std::string poisoned = wire::with_headers(
      wire::text("reason_poisoned", "boom") + wire::text("topic_poisoned", "orders") +
      wire::text("handler_poisoned", "mailer") + wire::text("subscriber_poisoned", "amqp.Subscriber"));
  CHECK(failed(poisoned, dialect::watermill));
  CHECK_FALSE(failed(poisoned, dialect::amqp));
  const auto poison = poison_of(poisoned);
  REQUIRE(poison.has_value());
  CHECK(poison->reason == "boom");
  CHECK(poison->topic == "orders");
  CHECK(poison->handler == "mailer");
  CHECK(poison->subscriber == "amqp.Subscriber");
  CHECK_FALSE(poison_of(wire::with_headers(wire::text("topic_poisoned", "orders"))).has_value());
}
