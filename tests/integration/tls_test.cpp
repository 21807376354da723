// amqps: trust, names, and the client's own certificate.
#include "support/amqp_client.hpp"
#include "support/eventually.hpp"
#include "support/process.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/sidecar.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

using namespace postponed::test;
using namespace std::chrono_literals;

namespace {

rabbitmq_server& broker() {
  static rabbitmq_server instance{rabbitmq_server::tls::yes};
  return instance;
}

// sections() with these lines under `broker`.
std::string yaml(const std::string& tls) {
  std::string sections = sidecar::sections();
  const std::size_t at = sections.find("store:");
  REQUIRE(at != std::string::npos);
  sections.insert(at, tls);
  return sections + R"(
topology: {queues: [{name: later}, {name: work}, {name: dead}]}
dead_letters: [{name: bin, queue: dead}]
routes: [{name: r, queue: later, release: {queue: work}, dead_letter: bin}]
)";
}

std::string file(const std::string& name) {
  return (broker().certificates() / name).string();
}

void check_passes(sidecar& daemon) {
  daemon.start();
  amqp_client client{broker().port()};
  client.publish_to_queue("later", "over TLS", {integer("x-delay", 300)});
  client.consume("work");
  const auto got = client.take(1, 10s);
  REQUIRE(got.size() == 1);
  CHECK(got[0].body == "over TLS");
  CHECK(daemon.terminate() == 0);
}

void check_refused(sidecar& daemon, const std::string& why) {
  daemon.launch();
  REQUIRE(eventually([&] { return daemon.log().find("no connection to the broker") != std::string::npos; }));
  const http_response ready = daemon.get("/readyz");
  CHECK(ready.status == 503);
  INFO(ready.body);
  CHECK(ready.body.find(why) != std::string::npos);
}

} // namespace

TEST_CASE("a broker whose certificate our CA signed is trusted") {
  sidecar daemon{yaml("  tls: {ca_file: " + file("ca.pem") + "}\n"), broker().tls_uri()};
  check_passes(daemon);
}

TEST_CASE("a client certificate is login enough with auth: external") {
  sidecar daemon{yaml("  auth: external\n  tls: {ca_file: " + file("ca.pem") + ", certificate_file: " +
                      file("client.pem") + ", key_file: " + file("client.key") + "}\n"),
                 broker().tls_uri()};
  check_passes(daemon);
}

TEST_CASE("a certificate that nobody we trust has signed is refused, and said") {
  sidecar daemon{yaml(""), broker().tls_uri()}; // the system's authorities
  check_refused(daemon, "TLS handshake");
}

TEST_CASE("a CA that did not sign the broker's certificate does not make it trusted") {
  const temp_dir folder{"ca"};
  process::options chosen;
  chosen.output = folder / "output";
  process make{{"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=another CA",
                "-keyout", folder / "ca.key", "-out", folder / "ca.pem"},
               chosen};
  const auto code = make.wait(60s);
  INFO(read_file(chosen.output));
  REQUIRE(code == 0);
  sidecar daemon{yaml("  tls: {ca_file: " + (folder / "ca.pem").string() + "}\n"), broker().tls_uri()};
  check_refused(daemon, "certificate verify failed");
  CHECK(daemon.get("/readyz").body.find("TLS handshake") != std::string::npos);
}

TEST_CASE("a certificate for another name is refused, and said") {
  sidecar daemon{yaml("  tls: {ca_file: " + file("ca.pem") + ", server_name: other.example}\n"),
                 broker().tls_uri()};
  check_refused(daemon, "TLS handshake with other.example");
}

TEST_CASE("a CA file that is not there is said by name") {
  sidecar daemon{yaml("  tls: {ca_file: /nowhere/ca.pem}\n"), broker().tls_uri()};
  check_refused(daemon, "/nowhere/ca.pem");
}
