#include "cli/json_view.hpp"
#include "cli/views.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

using namespace postponed::cli;
using Catch::Contains;

namespace {

const look as{*postponed::proto::parse_rfc3339("2026-11-25T07:00:00Z"), false};

boost::json::value json(std::string_view text) {
  return boost::json::parse({text.data(), text.size()});
}

} // namespace

TEST_CASE("whatever a daemon answers, something is shown and nothing fails") {
  for (const char* const text :
       {"{}", "[]", "null", "7",
        R"({"messages":7,"routes":[null,{}],"dead_letters":[{}],"spans":[{}],)"
        R"("groups":[{}],"replays":[{}],"differences":[{}],"store":"x","history":[3]})"}) {
    INFO(text);
    const auto from = json(text);
    for (const auto view :
         {status_view, routes_view, messages_view, message_view, calendar_view, dead_letters_view,
          letters_view, letter_view, groups_view, replays_view, replay_view, topology_view})
      view(from, as);
    CHECK_FALSE(event_view("change", from).empty());
  }
}

TEST_CASE(
    "a message is shown with its times from now, its body indented, and without what a terminal obeys") {
  const std::string text = message_view(json(R"({"id":"1-2-3","state":"waiting","route":"reminders",
    "due":"2026-11-27T09:00:00Z","first_seen":"2026-11-25T06:59:00Z","attempt":1,"bytes":2048,"exchange":"","routing_key":"later",
    "message":{"properties":{"content_type":"application/json"},"headers":{"a":"\u001b[31m"},"body":"{\"n\":[1,{\"x\":null}]}"},
    "history":[{"at":"2026-11-25T06:59:00Z","what":"received"}]})"),
                                        as);
  CHECK_THAT(text, Contains("due:        2026-11-27T09:00:00Z (in 2 d 2 h)"));
  CHECK_THAT(text, Contains("came with:  queue later"));
  CHECK_THAT(text, Contains("size:       2.0 KiB"));
  CHECK_THAT(text, Contains("  a: \\x1b[31m"));
  CHECK_THAT(text, Contains("{\n  \"n\": [\n    1,\n    {\n      \"x\": null\n    }\n  ]\n}"));
  CHECK_THAT(text, Contains("2026-11-25T06:59:00Z  received"));
}

TEST_CASE("the status tells why it is not ready, who paused a route, and which dead letter is alarmed") {
  const std::string text =
      status_view(json(R"({"ready":false,"reasons":["the store failed: disk full"],"uptime_seconds":3700,
    "version":"1","store":{"held_messages":12345,"held_bytes":1048576,"file_bytes":2097152},"resident_bytes":1048576,
    "connections":[{"role":"publish","state":"open","broker":"amqp://h/","blocked":true,"reconnects":2}],
    "routes":[{"name":"r","queue":"q","state":"consuming","held":{"messages":5,"bytes":10},"confirmed":1000,"retries":2,
      "dead_lettered":{"nacked":3,"late":4},"paused":1,"paused_since":"2026-11-25T06:00:00Z","paused_by":"ops","paused_why":"flood",
      "lateness_ms":{"p99_at_most":10}},{"name":"@@http","state":"internal"}],
    "dead_letters":[{"name":"d","queue":"dq","collect":true,"depth":7,"oldest":"x","oldest_age_seconds":7200,
      "alerts":[{"kind":"depth"}],"missing":false}]})"),
                  as);
  CHECK_THAT(text, Contains("NOT READY, up 1 h 1 min"));
  CHECK_THAT(text, Contains("the store failed: disk full"));
  CHECK_THAT(text, Contains("12,345 messages held, 1.0 MiB"));
  CHECK_THAT(text, Contains("open, blocked"));
  CHECK_THAT(text, Contains("r: paused 1 h ago by ops: flood"));
  CHECK_THAT(text, Contains("<= 10 ms"));
  CHECK_THAT(text, !Contains("@@http"));
  CHECK_THAT(text, Contains("depth"));
  CHECK_THAT(text, Contains("2 h"));
}

TEST_CASE("the calendar draws what is most full longest, and says when there is nothing") {
  const std::string text = calendar_view(json(R"({"spans":[{"start":"A","end":"B","messages":100,"bytes":1},
    {"start":"B","end":"C","messages":50,"bytes":1},{"start":"C","end":"D","messages":1,"bytes":1}]})"),
                                         as);
  CHECK_THAT(text, Contains("##############################\n"));
  CHECK_THAT(text, Contains("  ###############\n"));
  CHECK_THAT(text, Contains("  #\n"));
  CHECK_THAT(text, Contains("151 messages"));
  CHECK(calendar_view(json(R"({"from":"A","until":"B","spans":[]})"), as) ==
        "Nothing is due from A until B.\n");
}

TEST_CASE("JSON for scripts commands no terminal, and is the same JSON") {
  const boost::json::value from{{"text", "a\xc2\x9b"
                                         "31m \x7f \x1b ü\xc2\xa0"}};
  const std::string line = json_line(from);
  CHECK(line == "{\"text\":\"a\\u009b31m \\u007f \\u001b ü\xc2\xa0\"}\n");
  CHECK(boost::json::parse(line) == from);
}

TEST_CASE("differences have a sign each, as those of plan") {
  CHECK(topology_view(json(R"({"same":false,"differences":[{"what":"queue","name":"a","kind":"missing"},
    {"what":"queue","name":"b","kind":"different","have":"classic","want":"quorum"},{"what":"binding","name":"c","kind":"unknown"}]})"),
                      as) == "+ queue a\n~ queue b: classic -> quorum\n? binding c\n");
  CHECK(topology_view(json(R"({"same":true,"differences":[]})"), as) == "Broker and file are the same.\n");
}
