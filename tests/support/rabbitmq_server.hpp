// A real RabbitMQ of the test's own (deploy/throwaway-rabbitmq), on loopback and in a temporary folder; which
// version, POSTPONED_TEST_BROKER in the environment says (3.10 or 4.3; tests/run --broker). Its start takes
// some 5 s: most tests share one (shared()) and use fresh queue names; only those that stop it have their
// own. Start it on the main thread (process.hpp says why). Not thread-safe.
#pragma once

#include "support/process.hpp"
#include "support/temp_dir.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace postponed::test {

class rabbitmq_server {
 public:
  enum class tls { no, yes };
  enum class management { no, yes }; // the plugin, with its HTTP API

  // Starts it and waits until it answers. Throws std::runtime_error with the end of its output.
  explicit rabbitmq_server(tls with_tls = tls::no, management with_management = management::no);
  // The one of this program, started at the first call, ended with the program.
  static rabbitmq_server& shared();

  // Orderly, as on a host that is shut down: durable queues and persistent messages remain. Nothing where it
  // is stopped already.
  void stop();
  // Again with the same ports and data. Nothing where it runs.
  void start();
  void restart();

  // What was asked for: 3.10 or 4.3. For the few tests that differ.
  const std::string& version() const { return version_; }
  std::uint16_t port() const { return port_; }
  std::uint16_t tls_port() const { return tls_port_; }               // 0 without TLS
  std::uint16_t management_port() const { return management_port_; } // 0 without
  // GET of the management API as guest, of a path as /api/queues: the answer's body. Throws
  // std::runtime_error where it is not 200.
  std::string management_get(const std::string& path) const;
  std::string uri() const;     // amqp://guest:guest@127.0.0.1:port
  std::string tls_uri() const; // amqps://guest:guest@localhost:port
  // ca.pem, server.pem, server.key, client.pem, client.key (common name guest, a login for EXTERNAL).
  std::filesystem::path certificates() const { return folder_ / "certificates"; }
  // The output of rabbitmqctl with these arguments. Throws std::runtime_error where it fails.
  std::string control(const std::vector<std::string>& arguments) const;

 private:
  std::vector<std::string> command() const;

  temp_dir folder_{"rabbitmq"};
  tls with_tls_;
  management with_management_;
  std::unique_ptr<process> process_;
  std::string version_;
  std::uint16_t port_ = 0, tls_port_ = 0, management_port_ = 0;
};

// `stem` with a number and the process's id: a name that no other test of the shared broker has.
std::string fresh_name(const std::string& stem);

} // namespace postponed::test
