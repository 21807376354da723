#include "cli/failure.hpp"
#include "cli/requests.hpp"

#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

using namespace postponed::cli;

namespace {

std::string text_of(const boost::json::object& from) {
  return boost::json::serialize(from);
}

} // namespace

TEST_CASE("what stands in a path or a query is encoded") {
  CHECK(target({"status"}) == "/api/v1/status");
  CHECK(target({"routes", "a/b c?d#e%", "pause"}) == "/api/v1/routes/a%2Fb%20c%3Fd%23e%25/pause");
  const std::string query = target({"messages"}, {{"header", "a&b=c:d+e f#"}, {"text", "ü"}});
  CHECK(query.find("a%26b%3Dc%3Ad%2Be%20f%23") != std::string::npos);
  CHECK(query.find('#') == std::string::npos);
  CHECK(query.find(' ') == std::string::npos);
  CHECK(query.find("%2B") != std::string::npos); // a plus would be a space
}

TEST_CASE("a filter says what was given and nothing else") {
  filter_options by;
  CHECK_FALSE(is_filtered(by));
  CHECK(text_of(message_filter(by)) == "{}");
  by.route = "r";
  by.due_until = "2026-11-27T09:00:00Z";
  by.headers = {"tenant:acme:berlin", "present"};
  CHECK(is_filtered(by));
  CHECK(
      text_of(message_filter(by)) ==
      R"({"route":"r","due_until":"2026-11-27T09:00:00Z","headers":{"tenant":"acme:berlin","present":""}})");
  CHECK(message_query(by) == parameters{{"route", "r"},
                                        {"due_until", "2026-11-27T09:00:00Z"},
                                        {"header", "tenant:acme:berlin"},
                                        {"header", "present"}});
  by = {};
  by.reason = "nacked";
  CHECK(is_filtered(by));
  CHECK(text_of(letter_selection(by, {"7", "12"})) == R"({"filter":{"reason":"nacked"},"ids":[7,12]})");
  CHECK_THROWS_AS(letter_selection({}, {"seven"}), failure);
}

TEST_CASE("a message has texts, and JSON where := says so") {
  schedule_options from;
  from.queue = "mails";
  from.delay = "1h";
  from.headers = {"tenant=acme", "retries:=3", "test:=true", "formula=a=b", "odd:=\"3\""};
  from.properties = {"content_type=text/plain", "priority:=5"};
  CHECK(
      text_of(message_of(from, "hi")) ==
      R"({"delay":"1h","queue":"mails","body":"hi","headers":{"tenant":"acme","retries":3,"test":true,"formula":"a=b",)"
      R"("odd":"3"},"properties":{"content_type":"text/plain","priority":5}})");
  for (const char* const wrong : {"tenant", "=x", ":=3", "n:=three"}) {
    from.headers = {wrong};
    CHECK_THROWS_AS(message_of(from, ""), failure);
  }
}

TEST_CASE("a body that is no text goes in base64") {
  schedule_options from;
  from.queue = "q";
  const auto encoded = [&](std::string body) {
    return std::string{message_of(from, std::move(body)).at("body_base64").as_string()};
  };
  CHECK(encoded("\xff") == "/w==");
  CHECK(encoded("\xff\xfe") == "//4=");
  CHECK(encoded("\xff\xfe\xfd") == "//79");
  CHECK(encoded(std::string{"\xff\0\x01\x02", 4}) == "/wABAg==");
  CHECK(message_of(from, std::string{"a\0b", 3}).contains("body")); // JSON has a form for it
}

TEST_CASE("a replay says where to, how fast and how many") {
  ask_command asked;
  asked.by.group = "0f3a5c7e9b1d2f40";
  asked.replay.rate = 500;
  asked.replay.canary = 10;
  asked.replay.limit = 1000;
  asked.replay.to_exchange = "orders";
  asked.replay.to_routing_key = "again";
  CHECK(
      text_of(replay_of(asked)) ==
      R"({"filter":{"group":"0f3a5c7e9b1d2f40"},"to":{"exchange":"orders","routing_key":"again"},"rate":5E2,"canary":10,"limit":1000})");
}
