// What a supervisor, a person and Prometheus ask the running daemon.
#include "support/amqp_client.hpp"
#include "support/eventually.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/sidecar.hpp"

#include <catch2/catch.hpp>

using namespace postponed::test;
using namespace std::chrono_literals;

namespace {

std::string yaml(const std::string& intake, const std::string& destination) {
  return sidecar::sections() + filled(R"(
topology:
  queues: [{name: {intake}}, {name: {destination}}, {name: {intake}.dead}]
routes:
  - {name: held, queue: {intake}, release: {queue: {destination}}, dead_letter: bin}
dead_letters:
  - {name: bin, queue: {intake}.dead}
)",
                                      {{"intake", intake}, {"destination", destination}});
}

// What promtool says of a text; empty where it has nothing against it.
std::string promtool(const std::string& metrics) {
  const temp_dir folder{"promtool"};
  write_file(folder / "metrics", metrics);
  process::options options;
  options.output = folder / "said";
  process run{{"sh", "-c", "exec promtool check metrics <" + (folder / "metrics").string()}, options};
  const std::optional<int> code = run.wait(30s);
  const std::string said = read_file(folder / "said");
  return code == 0 ? said : said + "exit code " + std::to_string(code.value_or(-1));
}

} // namespace

TEST_CASE("promtool finds nothing wrong with the metrics, before and after messages went through") {
  const std::string intake = fresh_name("later"), destination = fresh_name("work");
  sidecar daemon{yaml(intake, destination), rabbitmq_server::shared().uri()};
  daemon.start();
  CHECK(promtool(daemon.get("/metrics").body).empty());

  amqp_client client{rabbitmq_server::shared().port()};
  client.consume(destination);
  client.publish_to_queue(intake, "good", {integer("x-delay", 20)});
  client.publish_to_queue(intake, "bad", {text("x-delay", "soon")});
  REQUIRE(client.next(10s));
  REQUIRE(eventually([&] { return client.depth(intake + ".dead") == 1; }));
  const http_response metrics = daemon.get("/metrics");
  CHECK(metrics.status == 200);
  CHECK(promtool(metrics.body).empty());
  CHECK(eventually(
      [&] { return daemon.metric("postponed_lateness_seconds_count{route=\"held\"}").value_or(0) >= 1; }));
  INFO(metrics.body);
  CHECK_THAT(metrics.body, Catch::Contains("bad_delay"));
  CHECK(promtool("wrong{ 1\n").find("exit code") != std::string::npos); // that promtool is asked at all
}

TEST_CASE(
    "a daemon without a broker is alive, not ready, says why, and becomes ready when the broker comes") {
  rabbitmq_server server;
  server.stop();
  const std::string intake = fresh_name("later");
  sidecar daemon{yaml(intake, fresh_name("work")), server.uri()};
  daemon.launch();
  REQUIRE(eventually([&] { return daemon.get("/healthz").status == 200; }));
  const http_response ready = daemon.get("/readyz");
  CHECK(ready.status == 503);
  CHECK_THAT(ready.body, Catch::Contains("refused", Catch::CaseSensitive::No));
  CHECK(daemon.get("/api/v1/status").status == 200);
  CHECK(daemon.get("/nowhere").status == 404);

  server.start();
  CHECK(daemon.wait_until_ready(70s));
  server.stop();
  CHECK(eventually([&] { return daemon.get("/readyz").status == 503; }));
  CHECK(daemon.get("/healthz").status == 200);
  CHECK(daemon.terminate() == 0);
  CHECK_THAT(daemon.log(), !Catch::Contains("guest:guest")); // no secret in the log, not even this one
}
