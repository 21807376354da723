// What a start says and leaves behind: mistakes, secrets, its log, what was held before.
#include "support/amqp_client.hpp"
#include "support/eventually.hpp"
#include "support/process.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/sidecar.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdlib>
#include <regex>
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

// The daemon of this file with these arguments more than `run -c FILE`, its log in `log`.
std::vector<std::string> run_with(const sidecar& daemon, const std::vector<std::string>& more) {
  std::vector<std::string> command{POSTPONED_BINARY, "run", "-c", daemon.file().string()};
  command.insert(command.end(), more.begin(), more.end());
  return command;
}

// What Python says against the lines of a file as JSON objects with text for keys; empty where nothing.
std::string json_complaints(const std::filesystem::path& file) {
  const temp_dir folder{"json"};
  process::options chosen;
  chosen.output = folder / "output";
  process check{{"/usr/bin/python3", "-c",
                 "import json,sys\n"
                 "lines = open(sys.argv[1], 'rb').read().decode('utf-8').splitlines()\n"
                 "for line in lines:\n"
                 "  got = json.loads(line)\n"
                 "  assert {'time', 'level', 'msg'} <= set(got), line\n"
                 "assert len(lines) > 2, lines\n",
                 file.string()},
                chosen};
  const auto code = check.wait(30s);
  const std::string output = read_file(chosen.output);
  return code == 0 ? output : "exit code " + std::to_string(code.value_or(-1)) + "\n" + output;
}

} // namespace

TEST_CASE("ten mistakes are each located by file, line and column, and leave nothing behind") {
  const temp_dir folder{"mistakes"};
  const std::string file = folder / "ten.yaml";
  write_file(file, read_file(POSTPONED_SOURCE_DIR "/tests/unit/config/ten-mistakes.yaml"));
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"check", file}, {"run", "-c", file}}) {
    const command_result result = run_postponed(command);
    INFO(result.output);
    CHECK(result.code == 1);
    const std::regex located{R"(^:([1-9][0-9]*):([1-9][0-9]*): .+; .+)"};
    std::istringstream lines{result.output};
    std::set<std::string> places;
    int all = 0;
    for (std::string line; std::getline(lines, line); ++all) {
      REQUIRE(line.starts_with(file));
      std::smatch found;
      const std::string rest = line.substr(file.size());
      REQUIRE(std::regex_match(rest, found, located));
      places.insert(found[1].str() + ":" + found[2].str());
    }
    CHECK(all == 10);
    CHECK(places.size() >= 9); // two mistakes may stand at one place
  }
  std::size_t count = 0;
  for (const auto& each : std::filesystem::recursive_directory_iterator(folder.path())) {
    (void)each;
    ++count;
  }
  CHECK(count == 1); // the file with the mistakes itself
}

TEST_CASE("a mistake in one place keeps the store from being made at all") {
  const names of;
  sidecar daemon{of.yaml() + "nonsense: true\n", rabbitmq_server::shared().uri()};
  const command_result result = run_postponed({"run", "-c", daemon.file().string()});
  INFO(result.output);
  CHECK(result.code == 1);
  CHECK_FALSE(std::filesystem::exists(daemon.store_file()));
}

TEST_CASE("a second daemon on the same store gives up within three seconds") {
  const names of;
  sidecar first{of.yaml(), rabbitmq_server::shared().uri()};
  first.start();
  const auto began = std::chrono::steady_clock::now();
  const command_result second = run_postponed({"run", "-c", first.file().string()});
  INFO(second.output);
  CHECK(std::chrono::steady_clock::now() - began < 3s);
  CHECK(second.code != 0);
  CHECK(second.output.find(std::to_string(first.id())) != std::string::npos);
  CHECK(first.running());
}

TEST_CASE("at debug level the log has neither the password nor what a bad login sent") {
  const names of;
  rabbitmq_server& broker = rabbitmq_server::shared();
  for (const std::string& uri : {std::string{"amqp://guest:guest@127.0.0.1:"},
                                 std::string{"amqp://guest:hunter%32s3cret@127.0.0.1:"}}) {
    const bool good = uri.find("guest:guest") != std::string::npos;
    sidecar daemon{of.yaml(), uri + std::to_string(broker.port())};
    const temp_dir folder{"log"};
    process::options chosen;
    chosen.output = folder / "log";
    process run{run_with(daemon, {"--log-level", "debug"}), chosen};
    if (good)
      CHECK(eventually([&] { return daemon.get("/readyz").status == 200; }));
    else
      CHECK(
          eventually([&] { return daemon.get("/readyz").body.find("ACCESS_REFUSED") != std::string::npos; }));
    const std::string seen = daemon.get("/readyz").body + daemon.get("/api/v1/status").body;
    run.signal(SIGTERM);
    CHECK(run.wait(20s) == 0);
    const std::string all = read_file(chosen.output) + seen;
    CHECK_FALSE(read_file(chosen.output).empty());
    INFO(all);
    for (const char* const secret : {"guest:guest", ":guest@", "hunter2s3cret", "hunter%32s3cret", "s3cret"})
      CHECK(all.find(secret) == std::string::npos);
  }
}

TEST_CASE("every line of a JSON log parses, with a queue's name full of quotes in it") {
  names of;
  of.intake = fresh_name("say \"later\" = \\ gr\xC3\xBC\xC3\x9F");
  std::string yaml = of.yaml();
  for (std::size_t at = 0; (at = yaml.find(of.intake, at)) != std::string::npos; at += of.intake.size() + 2)
    yaml.replace(at, of.intake.size(), "'" + of.intake + "'");
  sidecar daemon{yaml, rabbitmq_server::shared().uri()};
  const temp_dir folder{"log"};
  process::options chosen;
  chosen.output = folder / "log";
  process run{run_with(daemon, {"--log-format", "json", "--log-level", "debug"}), chosen};
  CHECK(eventually([&] { return daemon.get("/readyz").status == 200; }));
  run.signal(SIGTERM);
  CHECK(run.wait(20s) == 0);
  INFO(read_file(chosen.output));
  CHECK(read_file(chosen.output).find(R"(say \"later\" = \\ )") != std::string::npos);
  CHECK(json_complaints(chosen.output).empty());
  write_file(folder / "bad", "{\"time\":\"\",\"level\":\"\",\"msg\":\"a \"quote\"\"}\n");
  CHECK(json_complaints(folder / "bad").find("exit code") !=
        std::string::npos); // that Python is asked at all
}

TEST_CASE("the watchdog is fed again and again, without WATCHDOG_PID, until the daemon is told to stop") {
  const names of;
  sidecar daemon{of.yaml(), rabbitmq_server::shared().uri()};
  const temp_dir folder{"notify"};
  const std::string path = folder / "socket";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(path.copy(address.sun_path, sizeof address.sun_path - 1) == path.size());
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  REQUIRE(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::unsetenv("WATCHDOG_PID");
  process::options chosen;
  chosen.environment = {{"NOTIFY_SOCKET", path}, {"WATCHDOG_USEC", "500000"}};
  process run{run_with(daemon, {}), chosen};
  std::vector<std::chrono::steady_clock::time_point> fed;
  std::string all;
  const auto listen = [&] {
    char buffer[4096];
    for (ssize_t got = 0; (got = ::recv(socket, buffer, sizeof buffer, 0)) > 0; all += '\n') {
      const std::string one(buffer, static_cast<std::size_t>(got));
      if (one.find("WATCHDOG=1") != std::string::npos) fed.push_back(std::chrono::steady_clock::now());
      all += one;
    }
    return fed.size() >= 8;
  };
  CHECK(eventually(listen));
  run.signal(SIGTERM);
  CHECK(run.wait(20s) == 0);
  listen();
  ::close(socket);
  INFO(all);
  REQUIRE(fed.size() >= 8);
  for (std::size_t i = 1; i < fed.size(); ++i)
    CHECK(fed[i] - fed[i - 1] < 500ms);
  const std::size_t ready = all.find("READY=1"), stopping = all.find("STOPPING=1");
  REQUIRE(ready != std::string::npos);
  REQUIRE(stopping != std::string::npos);
  CHECK(ready < stopping);
}

TEST_CASE("what was held at a SIGTERM is held after it, body by body, and none comes early") {
  const names of;
  rabbitmq_server& broker = rabbitmq_server::shared();
  sidecar daemon{of.yaml(), broker.uri()};
  daemon.start();
  amqp_client client{broker.port()};
  client.select_confirms();
  const auto published = std::chrono::system_clock::now();
  for (int i = 0; i < 100; ++i)
    client.publish_to_queue(of.intake, std::to_string(i), {integer("x-delay", 8000)});
  REQUIRE(client.wait_for_confirms());
  REQUIRE(eventually([&] { return daemon.metric("postponed_held_messages{route=\"r\"}") == 100.0; }, 5s));
  REQUIRE(daemon.terminate() == 0);
  CHECK(client.depth(of.work) == 0);
  CHECK(client.depth(of.intake) == 0); // they are in the store alone
  daemon.start();
  CHECK(daemon.metric("postponed_held_messages{route=\"r\"}") == 100.0);
  client.consume(of.work);
  std::set<std::string> bodies;
  for (const delivery& each : client.take(100, 15s)) {
    bodies.insert(each.body);
    CHECK(each.arrived - published >= 8s);
  }
  CHECK(bodies.size() == 100);
  CHECK_FALSE(client.next(1s)); // each once
}
