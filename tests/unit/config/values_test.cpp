#include "config/values.hpp"

#include <catch2/catch.hpp>

using namespace postponed::config;
using namespace std::chrono_literals;

TEST_CASE("durations have units, and may have several") {
  CHECK(parse_duration("500ms") == 500ms);
  CHECK(parse_duration("1h30m") == 90min);
  CHECK(parse_duration("365d") == 365 * 24h);
  CHECK(parse_duration("2w") == 14 * 24h);
  CHECK(parse_duration("0s") == 0s);
  for (const char* wrong :
       {"", "15", "s", "-5s", "1.5s", "5 s", "5y", "99999999999999999999s", "9999999999999w", "5s5"})
    CHECK_FALSE(parse_duration(wrong));
}

TEST_CASE("sizes are bytes or binary multiples") {
  CHECK(parse_size("1024") == 1024u);
  CHECK(parse_size("512KiB") == 524288u);
  CHECK(parse_size("1GiB") == 1073741824u);
  for (const char* wrong : {"", "MiB", "-1", "1MB", "1.5MiB", "99999999999GiB"})
    CHECK_FALSE(parse_size(wrong));
}

TEST_CASE("broker addresses are taken apart and decoded") {
  const auto plain = parse_uri("amqp://a%40b:p%2Fw@rabbit:5673/my%2Fhost");
  REQUIRE(plain.problem.empty());
  CHECK(plain.value.user == "a@b");
  CHECK(plain.value.password == "p/w");
  CHECK(plain.value.host == "rabbit");
  CHECK(plain.value.port == 5673);
  CHECK(plain.value.virtual_host == "my/host");
  CHECK(parse_uri("amqps://h").value.port == 5671);
  CHECK(parse_uri("amqp://h").value.virtual_host == "/");
  CHECK(parse_uri("amqp://h/").value.virtual_host == "/");
  CHECK(parse_uri("amqp://h/%2f").value.virtual_host == "/");
  CHECK(parse_uri("amqp://[::1]:5672/").value.host == "::1");
  for (const char* wrong : {"", "rabbit", "http://h/", "amqp://", "amqp://h:0/", "amqp://h:70000/",
                            "amqp://h/a/b", "amqp://a b/"}) {
    INFO(wrong);
    CHECK_FALSE(parse_uri(wrong).problem.empty());
  }
}

TEST_CASE("a misspelt word finds the one that was meant") {
  CHECK(closest("qeue", {"queue", "name"}) == "queue");
  CHECK(closest("hartbeat", {"uris", "heartbeat"}) == "heartbeat");
  CHECK_FALSE(closest("banana", {"uris", "tls"}));
}
