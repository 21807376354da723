// Clients of other makers, unmodified, as publishers and consumers (tests/integration/peers).
#include "support/amqp_client.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/sidecar.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstdio>

using namespace postponed::test;

namespace {

// Runs it in the folder of the peers; its output and, at the end, its exit code.
std::string run(const std::string& command, int& code) {
  std::string output;
  const std::string whole = "cd '" POSTPONED_SOURCE_DIR "/tests/integration/peers' && " + command + " 2>&1";
  FILE* const pipe = ::popen(whole.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> buffer{};
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe))
    output.append(buffer.data(), got);
  code = ::pclose(pipe);
  return output;
}

void check_peer(const std::string& command, const std::string& count, const std::string& delay) {
  const std::string intake = fresh_name("later"), work = fresh_name("work"), dead = fresh_name("dead");
  rabbitmq_server& broker = rabbitmq_server::shared();
  sidecar daemon{sidecar::sections() +
                     filled(R"(
topology:
  queues: [{name: {intake}}, {name: {work}}, {name: {dead}}]
dead_letters: [{name: bin, queue: {dead}}]
routes: [{name: r, queue: {intake}, release: {queue: {work}}, dead_letter: bin, delay: {default: {delay}}}]
)",
                            {{"intake", intake}, {"work", work}, {"dead", dead}, {"delay", delay}}),
                 broker.uri()};
  daemon.start();
  int code = -1;
  const std::string output =
      run(command + " " + std::to_string(broker.port()) + " " + intake + " " + work + " " + count, code);
  INFO(output);
  CHECK(code == 0);
  CHECK(output.find(count + " of " + count + " arrived") != std::string::npos);
}

} // namespace

TEST_CASE("Node's amqplib publishes and consumes") {
  int code = -1;
  const std::string output = run("npm ci --no-audit --no-fund", code);
  INFO(output);
  REQUIRE(code == 0);
  check_peer("node amqplib_peer.js", "300", "0s");
}

TEST_CASE("Python's pika publishes and consumes") {
  check_peer("/usr/bin/python3 pika_peer.py", "300", "0s");
}

TEST_CASE("rabbitmq-c's amqp-publish and amqp-get publish and consume") {
  check_peer("./amqp_tools_peer", "10", "500ms");
}
