// Starting, stopping, and being refused.
#include "support/amqp_client.hpp"
#include "support/eventually.hpp"
#include "support/process.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/sidecar.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <sstream>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace postponed::test;
using namespace std::chrono_literals;

namespace {

struct names {
  std::string intake = fresh_name("later"), work = fresh_name("work"), dead = fresh_name("dead");
  std::string yaml() const {
    return sidecar::sections() + filled(R"(
topology:
  queues: [{name: {intake}}, {name: {work}}, {name: {dead}}]
dead_letters: [{name: bin, queue: {dead}}]
routes: [{name: r, queue: {intake}, release: {queue: {work}}, dead_letter: bin}]
)",
                                        {{"intake", intake}, {"work", work}, {"dead", dead}});
  }
};

// What a supervisor hears (sd_notify).
class notify_socket {
 public:
  notify_socket() : path_{(folder_ / "notify").string()}, socket_{::socket(AF_UNIX, SOCK_DGRAM, 0)} {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~notify_socket() { ::close(socket_); }
  notify_socket(const notify_socket&) = delete;
  notify_socket& operator=(const notify_socket&) = delete;

  const std::string& path() const { return path_; }
  bool heard(const std::string& word) {
    char buffer[4096];
    for (ssize_t got = 0; (got = ::recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT)) > 0;)
      all_.append(buffer, static_cast<std::size_t>(got)) += '\n';
    return all_.find(word) != std::string::npos;
  }

 private:
  temp_dir folder_{"notify"};
  std::string path_;
  int socket_;
  std::string all_;
};

} // namespace

TEST_CASE("SIGTERM and SIGINT drain, exit 0, and leave what is held for the next start") {
  const names of;
  rabbitmq_server& broker = rabbitmq_server::shared();
  sidecar daemon{of.yaml(), broker.uri()};
  daemon.start();
  amqp_client client{broker.port()};
  client.select_confirms();
  for (int i = 0; i < 50; ++i)
    client.publish_to_queue(of.intake, std::to_string(i), {integer("x-delay", 3000)});
  client.wait_for_confirms();
  CHECK(daemon.terminate() == 0);
  CHECK(daemon.log().find("msg=stopped") != std::string::npos);
  daemon.start();
  ::kill(daemon.id(), SIGINT);
  CHECK(daemon.wait(20s) == 0);
  daemon.start();
  client.consume(of.work);
  CHECK(client.take(50, 10s).size() == 50);
  CHECK_FALSE(client.next(1s)); // each once
  CHECK(daemon.terminate() == 0);
}

TEST_CASE("a second daemon on the same store exits at once and names the first") {
  const names of;
  sidecar first{of.yaml(), rabbitmq_server::shared().uri()};
  first.start();
  const command_result second = run_postponed({"run", "-c", first.file().string()});
  INFO(second.output);
  CHECK(second.code == 3);
  CHECK(second.output.find("process " + std::to_string(first.id())) != std::string::npos);
  CHECK(first.get("/readyz").status == 200);
}

TEST_CASE("ten mistakes are ten located errors, exit 1, and nothing is started") {
  const std::string file = POSTPONED_SOURCE_DIR "/tests/unit/config/ten-mistakes.yaml";
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"check", file}, {"run", "-c", file}}) {
    const command_result result = run_postponed(command);
    INFO(result.output);
    CHECK(result.code == 1);
    std::istringstream lines{result.output};
    int located = 0, all = 0;
    for (std::string line; std::getline(lines, line); ++all)
      if (line.starts_with(file + ":") && std::count(line.begin(), line.end(), ':') >= 3 &&
          line.find("; ") != std::string::npos)
        ++located;
    CHECK(located == 10);
    CHECK(all == 10);
  }
}

TEST_CASE("an admin address that is taken is refused by name, and a broker that comes late is waited for") {
  const names of;
  rabbitmq_server broker;
  broker.stop();
  sidecar daemon{of.yaml(), broker.uri()};
  daemon.launch();
  REQUIRE(eventually([&] { return daemon.log().find("no connection to the broker") != std::string::npos; }));
  CHECK(daemon.get("/healthz").status == 200);
  CHECK(daemon.get("/readyz").status == 503);

  std::string other = read_file(daemon.file());
  const temp_dir folder{"second"};
  const std::string store = daemon.store_file().string();
  for (std::size_t at = 0; (at = other.find(store, at)) != std::string::npos;)
    other.replace(at, store.size(), (folder / "other.db").string());
  write_file(folder / "other.yaml", other);
  const command_result second = run_postponed({"run", "-c", (folder / "other.yaml").string()});
  INFO(second.output);
  CHECK(second.code == 3);
  CHECK(second.output.find("127.0.0.1:" + std::to_string(daemon.admin_port())) != std::string::npos);

  broker.start();
  CHECK(daemon.wait_until_ready(70s));
  CHECK(daemon.terminate() == 0);
}

TEST_CASE("a refused login is said, and no password stands in the log") {
  const names of;
  sidecar daemon{of.yaml(),
                 "amqp://guest:hunter2@127.0.0.1:" + std::to_string(rabbitmq_server::shared().port())};
  daemon.launch();
  REQUIRE(eventually([&] { return daemon.log().find("ACCESS_REFUSED") != std::string::npos; }));
  const http_response ready = daemon.get("/readyz");
  CHECK(ready.status == 503);
  CHECK(ready.body.find("ACCESS_REFUSED") != std::string::npos);
  CHECK((daemon.log() + ready.body + daemon.get("/api/v1/status").body).find("hunter2") == std::string::npos);
}

TEST_CASE("a supervisor hears READY, WATCHDOG and STOPPING; the log can be JSON") {
  const names of;
  sidecar daemon{of.yaml(), rabbitmq_server::shared().uri()};
  notify_socket supervisor;
  const temp_dir folder{"log"};
  process::options chosen;
  chosen.output = folder / "log";
  chosen.environment = {{"NOTIFY_SOCKET", supervisor.path()}, {"WATCHDOG_USEC", "500000"}};
  std::filesystem::create_directories(daemon.store_file().parent_path());
  process run{{POSTPONED_BINARY, "run", "-c", daemon.file().string(), "--log-format", "json"}, chosen};
  CHECK(eventually([&] { return supervisor.heard("READY=1"); }));
  CHECK(eventually([&] { return supervisor.heard("WATCHDOG=1"); }));
  CHECK_FALSE(supervisor.heard("STOPPING=1"));
  run.signal(SIGTERM);
  CHECK(run.wait(20s) == 0);
  CHECK(supervisor.heard("STOPPING=1"));
  std::istringstream lines{read_file(chosen.output)};
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    INFO(line);
    CHECK(line.starts_with("{\"time\":\""));
    CHECK(line.ends_with("\"}"));
  }
  CHECK(count > 2);
}

TEST_CASE("of several broker addresses the first that answers is used") {
  const names of;
  std::string yaml = of.yaml();
  yaml.replace(yaml.find("[\"{uri}\"]"), 9, "[\"amqp://guest:guest@127.0.0.1:1/\", \"{uri}\"]");
  sidecar daemon{yaml, rabbitmq_server::shared().uri()};
  daemon.start();
  CHECK(daemon.log().find("127.0.0.1:1/") != std::string::npos);
  CHECK(daemon.terminate() == 0);
}

TEST_CASE(
    "a full disk ends the daemon with exit 4, and nothing is lost: what was not durable was not acked") {
  const names of;
  rabbitmq_server& broker = rabbitmq_server::shared();
  sidecar daemon{of.yaml(), broker.uri()};
  daemon.start(); // declares the topology
  CHECK(daemon.terminate() == 0);
  amqp_client client{broker.port()};
  client.select_confirms();
  constexpr std::size_t count = 100;
  for (std::size_t i = 0; i < count; ++i)
    client.publish_to_queue(of.intake, std::to_string(i) + std::string(100000, 'x'),
                            {integer("x-delay", 2000)});
  client.wait_for_confirms();

  const temp_dir folder{"full"};
  process::options chosen;
  chosen.output = folder / "log";
  // A limit on the size of files stands for the full disk: 3 MiB of the 10 that it would take.
  process run{
      {"bash", "-c",
       "trap '' XFSZ; ulimit -f 3072; exec '" POSTPONED_BINARY "' run -c '" + daemon.file().string() + "'"},
      chosen};
  CHECK(run.wait(30s) == 4);
  INFO(read_file(chosen.output));
  CHECK(read_file(chosen.output).find("the store failed") != std::string::npos);

  daemon.start();
  client.consume(of.work);
  std::set<std::string> bodies;
  for (const delivery& each : client.take(count, 15s))
    bodies.insert(each.body);
  while (bodies.size() < count) { // at least once: some may have come twice
    const auto got = client.next(10s);
    if (!got) break;
    bodies.insert(got->body);
  }
  CHECK(bodies.size() == count);
  CHECK(daemon.terminate() == 0);
}
