#include "admin/router.hpp"

#include <catch2/catch.hpp>

using namespace postponed::admin;

namespace {

// A table whose handlers say what they were called with.
router sample_router() {
  router table;
  const auto say = [](std::string name) {
    return [name = std::move(name)](const call& from, const reply& done) {
      std::string said = name;
      for (const std::string& each : from.names)
        said += " <" + each + ">";
      for (const auto& [key, value] : from.query)
        said += " " + key + "=[" + value + "]";
      done({200, "text/plain", said + (from.asked.body.empty() ? "" : " body " + from.asked.body), {}});
    };
  };
  table.add("GET", "/", say("root"));
  table.add("GET", "/things", say("list"));
  table.add("POST", "/things", say("add"));
  table.add("GET", "/things/{name}", say("one"));
  table.add("POST", "/things/{name}/parts/{id}/stop", say("stop"));
  return table;
}

response ask(const std::string& method, const std::string& target, const std::string& body = {}) {
  response got;
  request asked{method, target, "localhost"};
  asked.body = body;
  sample_router().handle(asked, [&](response value) { got = std::move(value); });
  return got;
}

} // namespace

TEST_CASE("a request finds its handler by method and path, and names come decoded") {
  CHECK(ask("GET", "/").body == "root");
  CHECK(ask("GET", "/things").body == "list");
  CHECK(ask("HEAD", "/things").body == "list");
  CHECK(ask("POST", "/things", "x").body == "add body x");
  CHECK(ask("GET", "/things/a%2Fb%20c+d").body == "one <a/b c+d>");
  CHECK(ask("POST", "/things/x/parts/7/stop").body == "stop <x> <7>");
}

TEST_CASE("a query comes decoded and in order, with and without values") {
  CHECK(ask("GET", "/things?a=1&b&a=2%263&c=x+y&&d==").body == "list a=[1] b=[] a=[2&3] c=[x y] d=[=]");
  CHECK(ask("GET", "/things?").body == "list");
}

TEST_CASE("what no pattern fits is not there, whatever the method") {
  for (const char* target :
       {"/nothing", "/things/", "/things/x/", "/things/x/parts//stop", "", "things", "?"}) {
    INFO(target);
    CHECK(ask("GET", target).status == 404);
    CHECK(ask("POST", target).status == 404);
  }
}

TEST_CASE("another method is told those that the path takes") {
  const response refused = ask("DELETE", "/things?a=b");
  CHECK(refused.status == 405);
  REQUIRE(refused.headers.size() == 1);
  CHECK(refused.headers[0] == std::pair<std::string, std::string>{"Allow", "GET, HEAD, POST"});
  CHECK_THAT(refused.body, Catch::Contains("/things takes GET, HEAD, POST"));
  CHECK(ask("HEAD", "/things/x/parts/7/stop").headers.at(0).second == "POST");
}

TEST_CASE("a target with a broken escape is refused in words") {
  for (const char* target : {"/things/%4", "/things/%zz", "/things?a=%", "/things?%1=2", "/things/%-1"}) {
    INFO(target);
    const response refused = ask("GET", target);
    CHECK(refused.status == 400);
    CHECK_THAT(refused.body, Catch::Contains("%25"));
  }
}

TEST_CASE("what comes in pieces has a handler of its own, for the requests that it wants") {
  router table;
  std::string said;
  const auto streamer = [&](std::string name) {
    return [&said, name = std::move(name)](const call& from, const std::shared_ptr<exchange>&) {
      said = name;
      for (const std::string& each : from.names)
        said += " <" + each + ">";
      for (const auto& [key, value] : from.query)
        said += " " + key + "=[" + value + "]";
    };
  };
  table.add_stream("POST", "/things/{name}", streamer("lines"),
                   [](const request& head) { return head.content_type == "application/x-ndjson"; });
  table.add("POST", "/things/{name}", [](const call&, const reply& done) { done({}); });
  table.add_stream("GET", "/events", streamer("events"));

  const auto stream = [&](request asked) {
    said.clear();
    const stream_handler found = table.stream_for(asked);
    if (found) found(std::move(asked), nullptr);
    return said;
  };
  request lines{"POST", "/things/a%20b?x=y", "localhost"};
  CHECK(stream(lines).empty());
  const auto whole = [&](const char* target) {
    response got;
    table.handle({"POST", target, "localhost"}, [&](response value) { got = std::move(value); });
    return got;
  };
  CHECK(whole("/things/a").status == 200);
  lines.content_type = "application/x-ndjson";
  CHECK(stream(lines) == "lines <a b> x=[y]");
  CHECK(stream({"GET", "/events", "localhost"}) == "events");
  CHECK(stream({"POST", "/events", "localhost"}).empty());
  CHECK(stream({"GET", "/nothing", "localhost"}).empty());
  CHECK(stream({"GET", "/events%", "localhost"}).empty());
  const response refused = whole("/events");
  CHECK(refused.status == 405);
  CHECK(refused.headers == std::vector<std::pair<std::string, std::string>>{{"Allow", "GET"}});
}
