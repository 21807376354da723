// The management API's client and the inspection by it, against a server on loopback that answers as
// scripted.
#include "io/management_json.hpp"
#include "io/topology_inspector.hpp"
#include "support/webhook_receiver.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

using namespace postponed;
using namespace std::chrono_literals;
using test::webhook_receiver;

namespace {

std::string answer(const std::string& body, const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

io::management_parameters limits_for(const webhook_receiver& server) {
  io::management_parameters limits;
  limits.host = "127.0.0.1";
  limits.port = server.port;
  limits.user = "u";
  limits.password = "p";
  limits.path = "/rabbit";
  limits.timeout = 10s;
  limits.answer_max = 1000;
  return limits;
}

struct got {
  std::string problem, document;
};

// One GET, to its end.
got get(boost::asio::io_context& context, webhook_receiver& server, const io::management_parameters& limits,
        bool stopped = false) {
  got result;
  io::management_client client{context, limits};
  const auto run = [&]() -> boost::asio::awaitable<void> {
    result.problem = co_await client.get("/api/x", result.document);
    server.stop();
  };
  boost::asio::co_spawn(context, run(), boost::asio::detached);
  if (stopped) boost::asio::post(context, [&] { client.stop(); });
  context.run();
  return result;
}

got get_answer(const std::string& text) {
  boost::asio::io_context context;
  webhook_receiver server{context};
  server.script = {text};
  return get(context, server, limits_for(server));
}

} // namespace

TEST_CASE("a GET carries path, host and login, and answers the body, however it is framed") {
  boost::asio::io_context context;
  webhook_receiver server{context};
  server.script = {answer("[1]")};
  const got result = get(context, server, limits_for(server));
  CHECK(result.problem.empty());
  CHECK(result.document == "[1]");
  REQUIRE(server.got.size() == 1);
  CHECK(server.got[0].target() == "/rabbit/api/x");
  CHECK(server.got[0]["Authorization"] == "Basic dTpw");
  CHECK(get_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n1\r\n]\r\n0\r\n\r\n")
            .document == "[1]");
  const got until_closed = get_answer("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[1]");
  CHECK(until_closed.problem.empty());
  CHECK(until_closed.document == "[1]");
}

TEST_CASE("what is not a whole answer of 200 is said in words, with where it was asked and no password") {
  const auto problem = [](const std::string& text) { return get_answer(text).problem; };
  CHECK(problem(answer("{}", "401 Unauthorized")).find("broker.management") != std::string::npos);
  CHECK(problem(answer("{}", "404 Not Found")).find("it answered 404 Not Found") != std::string::npos);
  CHECK(problem("nonsense\r\n\r\n").find("no HTTP answer") != std::string::npos);
  CHECK(problem("close").find("lost before the answer was whole") != std::string::npos);
  CHECK(problem("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[1]").find("lost before the answer") !=
        std::string::npos);
  CHECK(problem(answer(std::string(1001, ' '))).find("more than 1000 bytes") != std::string::npos);
  CHECK(problem(answer("", "500 No")).starts_with("http://127.0.0.1:"));
}

TEST_CASE("a server that says nothing is left after the timeout, and at once when stopped") {
  for (const bool stopped : {false, true}) {
    boost::asio::io_context context;
    webhook_receiver server{context};
    server.script = {"hang"};
    auto limits = limits_for(server);
    limits.timeout = stopped ? std::chrono::milliseconds{60s} : 100ms;
    const auto before = std::chrono::steady_clock::now();
    const got result = get(context, server, limits, stopped);
    CHECK(result.problem.find(stopped ? "stopping" : "no answer within 100 ms") != std::string::npos);
    CHECK(std::chrono::steady_clock::now() - before < 30s);
  }
}

TEST_CASE("an inspection needs exchanges, queues and bindings; what takes more rights is then not checked") {
  const auto inspect = [](const std::deque<std::string>& script) {
    boost::asio::io_context context;
    webhook_receiver server{context};
    server.script = script;
    io::inspector_parameters by;
    by.management = limits_for(server);
    by.link.addresses.push_back({false, "127.0.0.1", 1, "", "", "a/b c", ""});
    relay::wanted_topology wanted;
    proto::queue_declaration queue;
    queue.name = "later";
    wanted.steps = {queue};
    io::topology_inspector inspector{context};
    std::string told;
    inspector.inspect(by, wanted, [&](auto found) {
      server.stop();
      if (!found) {
        told = "failed: " + found.error().why;
        return;
      }
      for (const auto& each : found->differences)
        told += relay::to_string(each) + "\n";
      for (const std::string& each : found->not_checked)
        told += "not checked: " + each + "\n";
    });
    context.run();
    CHECK(inspector.finished());
    REQUIRE_FALSE(server.got.empty());
    CHECK(server.got[0].target().starts_with("/rabbit/api/exchanges/a%2Fb%20c?"));
    return told;
  };
  const std::string none = answer("[]"), refused = answer("{}", "403 Forbidden");
  CHECK(inspect({none, none, none, none, answer("{}")}) == "queue later: missing; want durable\n");
  const std::string less = inspect({none, none, none, refused, refused});
  CHECK(less.find("missing") != std::string::npos);
  CHECK(less.find("not checked: policies: ") != std::string::npos);
  CHECK(less.find("not checked: the virtual host's default queue type") != std::string::npos);
  CHECK(inspect({none, refused}).starts_with("failed: http://127.0.0.1:"));
  CHECK(inspect({answer("{\"a\":")}).find("not understood") != std::string::npos);
}

TEST_CASE("an inspection that is stopped fails, and nothing is left of it") {
  boost::asio::io_context context;
  webhook_receiver server{context};
  server.script = {"hang"};
  io::inspector_parameters by;
  by.management = limits_for(server);
  by.link.addresses.push_back({false, "127.0.0.1", 1, "", "", "/", ""});
  bool idle = false;
  std::vector<std::string> told;
  io::topology_inspector inspector{context, [&] { idle = true; }};
  const auto hear = [&](auto found) { told.push_back(found ? "found" : found.error().why); };
  inspector.inspect(by, {}, hear);
  boost::asio::post(context, [&] {
    server.stop();
    inspector.stop();
    inspector.inspect(by, {}, hear);
  });
  context.run();
  CHECK(idle);
  CHECK(inspector.finished());
  REQUIRE(told.size() == 2);
  CHECK(told[0].find("stopping") != std::string::npos);
  CHECK(told[1].find("stopping") != std::string::npos);
}

TEST_CASE("the management API's documents are read with the types of their arguments") {
  relay::seen_topology seen;
  CHECK(io::read_queues(R"([{"name":"q","durable":false,"exclusive":true,"arguments":
      {"n":1,"f":1.5,"t":"x","b":true,"l":["a",2],"o":{"k":null}}}, {"name":"empty","arguments":[]}])",
                        seen)
            .empty());
  REQUIRE(seen.queues.size() == 2);
  CHECK(seen.queues[0].exclusive);
  CHECK_FALSE(seen.queues[0].durable);
  REQUIRE(seen.queues[0].arguments.size() == 6);
  CHECK(std::get<std::int64_t>(seen.queues[0].arguments[0].value) == 1);
  CHECK(seen.queues[0].arguments[4].is_array);
  CHECK(seen.queues[1].arguments.empty());
  CHECK(io::read_policies(R"([{"name":"p","pattern":"^q","apply-to":"all","priority":3,
      "definition":{"dead-letter-exchange":"x","max-length":5}}])",
                          seen)
            .empty());
  CHECK(seen.policies.at(0).priority == 3);
  CHECK(seen.policies.at(0).definition.at("max-length") == "5");
  CHECK(io::read_virtual_host(R"({"default_queue_type":"undefined"})", seen).empty());
  CHECK(seen.default_queue_type == "classic");
  CHECK(io::read_virtual_host(R"({"default_queue_type":"quorum"})", seen).empty());
  CHECK(seen.default_queue_type == "quorum");
  for (const char* const wrong : {"", "{}", "[1]", "[", "null"})
    CHECK_FALSE(io::read_bindings(wrong, seen).empty());
}
