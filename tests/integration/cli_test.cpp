// The commands that ask a daemon, as a person or a script runs them: the binary against a live daemon and
// RabbitMQ.
#include "support/amqp_client.hpp"
#include "support/eventually.hpp"
#include "support/process.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/sidecar.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <set>
#include <sstream>
#include <sys/stat.h>

using namespace postponed::test;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

constexpr const char* token = "ops-0123456789abcdef0123456789ab";
constexpr const char* weak = "read-0123456789abcdef0123456789a";

// A daemon with a unix socket, tokens, a route and two dead letters, one of them collected.
struct house {
  temp_dir folder{"cli"};
  std::string intake = fresh_name("later"), work = fresh_name("work"), dead = fresh_name("dead"),
              plain = fresh_name("plain"), exchange = fresh_name("dlx");
  amqp_client client{rabbitmq_server::shared().port()};
  sidecar daemon;

  explicit house(const std::string& admin = {}) : daemon{yaml(admin), rabbitmq_server::shared().uri()} {
    if (admin.find("unix:") == std::string::npos && admin.find("tls:") == std::string::npos)
      daemon.start();
    else // the fixture speaks plain HTTP alone
      daemon.launch();
  }
  std::string yaml(const std::string& admin) {
    secret("ops", token);
    secret("reader", weak);
    std::string sections = sidecar::sections();
    if (!admin.empty())
      sections =
          sections.substr(0, sections.find("admin:")) + "admin:\n" +
          filled(admin, {{"ops", (folder / "ops").string()}, {"reader", (folder / "reader").string()}}) +
          "\n";
    return sections +
           filled(R"(
topology:
  exchanges: [{name: {x}, type: topic}]
  queues: [{name: {intake}}, {name: {work}}, {name: {dead}}, {name: {plain}}]
  bindings:
    - {exchange: {x}, queue: {dead}, routing_key: "dead.#"}
    - {exchange: {x}, queue: {plain}, routing_key: "plain.#"}
routes:
  - {name: reminders, queue: {intake}, delay: {default: 1h}, release: {queue: {work}}, dead_letter: orders}
dead_letters:
  - {name: orders, exchange: {x}, routing_key: "dead.{route}", queue: {dead}, collect: true}
  - {name: plain, exchange: {x}, routing_key: "plain.{route}", queue: {plain}}
)",
                  {{"x", exchange}, {"intake", intake}, {"work", work}, {"dead", dead}, {"plain", plain}});
  }
  void secret(const std::string& name, const std::string& text) const {
    write_file(folder / name, text + "\n");
    ::chmod((folder / name).c_str(), 0600);
  }
  // In a shell, with `postponed` and where the daemon is; standard input is empty.
  command_result run(const std::string& script, std::map<std::string, std::string> environment = {}) const {
    const temp_dir place{"shell"};
    process::options options;
    options.output = place / "output";
    options.directory = folder.path();
    options.environment = std::move(environment);
    options.environment.emplace("POSTPONED_ADMIN", "http://127.0.0.1:" + std::to_string(daemon.admin_port()));
    process shell{{"bash", "-c", "postponed() { \"" POSTPONED_BINARY "\" \"$@\"; }\n" + script}, options};
    command_result result;
    result.code = shell.wait(60s).value_or(-1);
    result.output = read_file(place / "output");
    return result;
  }
  std::string good(const std::string& script) const {
    const command_result got = run(script);
    INFO(script);
    INFO(got.output);
    REQUIRE(got.code == 0);
    return got.output;
  }
  std::vector<boost::json::value> lines(const std::string& script) const {
    std::istringstream all{good(script)};
    std::vector<boost::json::value> to;
    for (std::string line; std::getline(all, line);)
      to.push_back(boost::json::parse(line));
    return to;
  }
  std::string scheduled(const std::string& arguments) const {
    return std::string{
        lines("postponed schedule --json --route reminders " + arguments).at(0).at("id").as_string()};
  }
  // Failed ones, as an application's dead-letter policy would bring them: unreadable delays.
  void fail(int count) {
    for (int i = 0; i < count; ++i)
      client.publish_to_queue(intake, "failed " + std::to_string(i),
                              {text("x-delay", "soon"), text("n", std::to_string(i))});
    REQUIRE(eventually(
        [&] { return lines("postponed dead list orders --limit 0 --json").size() == std::size_t(count); }));
  }
};

} // namespace

TEST_CASE("a message's whole life: scheduled, listed, shown, moved, released, cancelled") {
  house at;
  CHECK_THAT(at.good("postponed status"),
             Contains("ready, up") && Contains("reminders") && Contains("consuming"));
  const std::string id =
      at.scheduled("--delay 3d '{\"order\": 42}' --header tenant=acme --header n:=3 --property type=order");
  const std::string other = at.scheduled(
      "--due $(date -u -d +20days +%FT%TZ) --body-file <(printf '\\xff\\x00') --header tenant=globex");
  CHECK_THAT(at.good("postponed list"), Contains(id) && Contains(other) && Contains("in 2 d 23 h"));
  CHECK(at.lines("postponed list --json --header tenant:acme").size() == 1);
  CHECK(at.lines("postponed list --json --due-until $(date -u -d +10days +%FT%TZ)")
            .at(0)
            .at("id")
            .as_string() == id);
  CHECK_THAT(at.good("postponed show " + id), Contains("  tenant: acme") && Contains("  n: 3") &&
                                                  Contains("  type: order") &&
                                                  Contains("{\n  \"order\": 42\n}"));
  CHECK(at.lines("postponed show --json " + other).at(0).at("message").at("body_base64").as_string() ==
        "/wA=");
  CHECK_THAT(at.good("postponed reschedule " + id + " --delay 2h"),
             Contains("rescheduled") && Contains("in 1 h 59 min"));
  CHECK_THAT(at.good("postponed calendar --per day"), Contains("2 messages"));
  CHECK_THAT(at.good("postponed release " + id), Contains(id + " released"));
  at.client.consume(at.work);
  const auto got = at.client.next(5s);
  REQUIRE(got);
  CHECK(got->body == "{\"order\": 42}");
  CHECK_THAT(at.good("postponed cancel " + other), Contains(other + " cancelled"));
  CHECK(at.good("postponed list") == "None.\n");
  const command_result again = at.run("postponed cancel " + other + " 1-1-00000000");
  CHECK(again.code == 5);
  CHECK_THAT(again.output, Contains("Conflict") && Contains("Not Found"));
}

TEST_CASE("many are counted, asked for, and done; without an answer nothing is") {
  house at;
  at.good("for i in 1 2 3 4; do echo "
          "'{\"route\":\"reminders\",\"delay\":\"1h\",\"headers\":{\"tenant\":\"acme\"}}'; done "
          "| postponed schedule --ndjson -");
  const std::string kept = at.scheduled("--delay 1h x");
  CHECK_THAT(at.good("postponed cancel --header tenant:acme --dry-run"),
             Contains("4 messages would be cancelled"));
  const command_result unanswered = at.run("postponed cancel --header tenant:acme");
  CHECK(unanswered.code == 2);
  CHECK_THAT(unanswered.output, Contains("4 messages will be cancelled") && Contains("--yes"));
  CHECK(at.run("postponed cancel").code == 2);               // of nothing that was said, nothing is done
  CHECK(at.run("postponed cancel --all " + kept).code == 2); // ids or a filter
  CHECK(at.lines("postponed list --json").size() == 5);
  // At a terminal: asked, and no is no.
  const std::string terminal = "script -qec '" POSTPONED_BINARY " cancel --header tenant:acme' /dev/null";
  const command_result declined = at.run("echo n | " + terminal);
  CHECK(declined.code == 2);
  CHECK_THAT(declined.output, Contains("Go on? [y/N]") && Contains("Nothing was done"));
  CHECK(at.lines("postponed list --json").size() == 5);
  CHECK_THAT(at.good("echo y | " + terminal), Contains("4 messages cancelled"));
  CHECK_THAT(at.good("postponed reschedule --all --delay 2h --yes"), Contains("1 message rescheduled"));
  CHECK_THAT(at.good("postponed release --all --yes"), Contains("1 message released"));
  CHECK(eventually([&] { return at.client.depth(at.work) == 1; }));
}

TEST_CASE("lines by the thousand: all are held, and each that is refused is named") {
  house at;
  const command_result got =
      at.run("{ for i in {1..5000}; do echo '{\"route\":\"reminders\",\"delay\":\"1h\",\"body\":\"x\"}'; "
             "done; echo '{\"route\":\"nix\"}'; } "
             "| postponed schedule --ndjson -");
  CHECK(got.code == 5);
  CHECK_THAT(got.output,
             Contains("5,000 messages held, 1 refused") && Contains("line 5001: there is no route nix"));
  CHECK(at.lines("postponed list --json --limit 0").size() == 5000);
  CHECK_THAT(at.run("postponed list --limit 2").output, Contains("There are more"));
  CHECK(at.run("postponed schedule --ndjson nix").code == 2);
}

TEST_CASE(
    "a stream of lines and kill -9 amid it: all that was acknowledged is there, once, and little else") {
  house at;
  const std::string results = (at.folder / "results").string();
  const std::string line = R"({"route":"reminders","delay":"9h","body":")" + std::string(1024, 'x') + "\"}";
  process::options options;
  options.output = at.folder / "errors";
  process upload{{"bash", "-c",
                  "yes '" + line +
                      "' | head -n 300000 | \"" POSTPONED_BINARY
                      "\" schedule --json --admin http://127.0.0.1:" +
                      std::to_string(at.daemon.admin_port()) + " --ndjson - > " + results},
                 options};
  const auto acknowledged_lines = [&] {
    std::istringstream all{read_file(results)};
    std::set<std::string> ids;
    for (std::string each; std::getline(all, each) && !all.eof();) // whole ones
      ids.insert(std::string{boost::json::parse(each).at("id").as_string()});
    return ids;
  };
  REQUIRE(eventually(
      [&] { return std::filesystem::exists(results) && std::filesystem::file_size(results) > 2'000'000; },
      60s));
  at.daemon.kill9();
  CHECK(upload.wait(30s) == 3); // said, not passed over
  const std::set<std::string> acknowledged = acknowledged_lines();
  at.daemon.start();
  std::set<std::string> held;
  for (const auto& each : at.lines("postponed list --json --limit 0"))
    CHECK(held.insert(std::string{each.at("id").as_string()}).second);
  std::cout << "kill -9 amid a stream: " << acknowledged.size() << " acknowledged, " << held.size()
            << " held\n";
  CHECK(acknowledged.size() < 300000);
  CHECK(std::includes(held.begin(), held.end(), acknowledged.begin(), acknowledged.end()));
  // Durable, and the answer was still on its way: 4 MiB of lines and what the sockets hold of answers.
  CHECK(held.size() - acknowledged.size() < 50000);
}

TEST_CASE("dead letters: why, which, to the trash and back, sent again") {
  house at;
  at.fail(6);
  CHECK_THAT(at.good("postponed dead list"), Contains("orders") && Contains("plain"));
  CHECK_THAT(at.good("postponed dead groups orders"), Contains("bad_delay") && Contains("6"));
  const auto all = at.lines("postponed dead list orders --json");
  const std::string first = std::to_string(all.at(0).at("id").as_int64());
  CHECK_THAT(at.good("postponed dead list orders --limit 2 2>&1"), Contains("There are more"));
  CHECK_THAT(at.good("postponed dead show orders " + first), Contains("bad_delay") && Contains("failed 0"));
  CHECK(at.lines("postponed dead list orders --json --header n:3").size() == 1);
  CHECK_THAT(at.good("postponed dead discard orders --header n:3 --yes"), Contains("1 message discarded"));
  CHECK_THAT(at.good("postponed dead list orders --state trash"), Contains("bad_delay"));
  CHECK_THAT(at.good("postponed dead restore orders --all --yes"), Contains("1 message restored"));
  CHECK(at.run("postponed dead replay orders --all").code == 2); // nobody to ask
  CHECK_THAT(at.good("postponed dead replay orders --all --dry-run"),
             Contains("6 messages would be sent again"));
  const command_result canary =
      at.run("postponed dead replay orders --all --to-queue " + at.work + " --canary 2 --yes");
  CHECK(canary.code == 0);
  CHECK_THAT(canary.output,
             Contains("canary") && Contains("2 of 6") && Contains("postponed replays resume 1"));
  CHECK(eventually([&] { return at.client.depth(at.work) == 2; }));
  CHECK_THAT(at.good("postponed replays resume 1"), Contains("running") || Contains("done"));
  CHECK(eventually([&] { return at.client.depth(at.work) == 6; }));
  CHECK(eventually([&] { return at.good("postponed replays show 1").find("done") != std::string::npos; }));
  CHECK_THAT(at.good("postponed replays"), Contains("orders"));
  CHECK(at.run("postponed replays stop 1").code == 5); // it has ended
  CHECK(at.run("postponed replays pause 99").code == 5);
  // One that is not collected: its head is looked at, and it is drained.
  at.client.publish_to_queue(at.plain, "left there", {text("tab", "a\x1b[2Jb")});
  CHECK(eventually(
      [&] { return at.good("postponed dead list plain").find("left there") != std::string::npos; }));
  CHECK_THAT(at.good("postponed dead list plain"), Contains("a\\x1b[2Jb"));
  REQUIRE(eventually(
      [&] { return at.run("postponed dead replay plain --all --dry-run").output.find("1 message") == 0; },
      20s));
  CHECK_THAT(at.good("postponed dead replay plain --all --to-queue " + at.work + " --yes"), Contains("done"));
  CHECK(eventually([&] { return at.client.depth(at.work) == 7; }));
}

TEST_CASE("routes are paused and resumed, the file is read again, events tell of it, broker and file are "
          "compared") {
  house at;
  process::options options;
  options.output = at.folder / "events";
  process events{{POSTPONED_BINARY, "events", "--json", "--admin",
                  "http://127.0.0.1:" + std::to_string(at.daemon.admin_port())},
                 options};
  const auto heard = [&](const std::string& what) {
    return eventually([&] { return read_file(at.folder / "events").find(what) != std::string::npos; });
  };
  // It is not known when it listens: something is done until it is heard.
  REQUIRE(eventually([&] {
    at.good("postponed routes pause reminders --why 'too many mails'");
    return read_file(at.folder / "events").find("route paused") != std::string::npos;
  }));
  CHECK(eventually([&] { return at.good("postponed routes").find("too many mails") != std::string::npos; }));
  at.good("postponed routes resume reminders");
  CHECK(heard("route resumed"));
  CHECK_THAT(at.good("postponed reload"), Contains("in force"));
  CHECK(heard("reload"));
  CHECK_THAT(at.good("postponed topology"), Contains("are the same"));
  at.client.delete_queue(at.plain);
  const command_result differs = at.run("postponed topology");
  CHECK(differs.code == 2);
  CHECK_THAT(differs.output, Contains("+ queue " + at.plain));
  write_file(at.daemon.file(), read_file(at.daemon.file()) + "nonsense: true\n");
  const command_result refused = at.run("postponed reload");
  CHECK(refused.code == 1);
  CHECK_THAT(refused.output, Contains("nonsense"));
  CHECK(events.running());
  at.daemon.terminate();
  CHECK(events.wait(10s) == 3);
}

TEST_CASE("a daemon that is not there, a wrong token, one that may only read: each is told") {
  house at{"  listen: 127.0.0.1:{port}\n  tokens:\n    - {name: ops, file: {ops}, role: operator}\n"
           "    - {name: reader, file: {reader}}"};
  const std::string id = "1-1-00000000";
  CHECK(at.run("postponed status").code == 5);
  CHECK_THAT(at.run("postponed status").output, Contains("POSTPONED_TOKEN"));
  CHECK(at.run("postponed status", {{"POSTPONED_TOKEN", "wrong"}}).code == 5);
  CHECK_THAT(at.run("postponed whoami", {{"POSTPONED_TOKEN", weak}}).output, Contains("reader, read-only"));
  CHECK_THAT(at.good("postponed whoami --token-file ops"), Contains("ops, operator"));
  CHECK_THAT(at.good("postponed whoami -c " + at.daemon.file().string()), Contains("ops, operator"));
  const command_result weakly = at.run("postponed cancel --all --yes", {{"POSTPONED_TOKEN", weak}});
  CHECK(weakly.code == 5);
  CHECK_THAT(weakly.output, Contains("Read-only Token"));
  CHECK(at.run("postponed status --token-file nix").code == 2);
  at.daemon.terminate();
  const command_result gone = at.run("postponed status");
  CHECK(gone.code == 3);
  CHECK_THAT(gone.output, Contains("is the daemon running?"));
  CHECK(at.run("postponed status", {{"POSTPONED_ADMIN", "unix:" + (at.folder / "nix").string()}}).code == 3);
}

TEST_CASE("by a unix socket, and by TLS: a certificate that nobody vouches for is refused") {
  const temp_dir keys{"keys"};
  const std::string of = (keys / "admin").string();
  process make{{"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-days", "2", "-subj", "/CN=admin", "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", of + ".key", "-out", of + ".pem"}};
  REQUIRE(make.wait(30s) == 0);
  ::chmod((of + ".key").c_str(), 0600);
  {
    const std::string socket = (keys / "admin.sock").string();
    house at{"  listen: \"unix:" + socket + "\""};
    CHECK(eventually([&] {
      return at.run("postponed whoami", {{"POSTPONED_ADMIN", "unix:" + socket}}).output.find(", operator") !=
             std::string::npos;
    }));
    CHECK_THAT(at.good("postponed whoami -c " + at.daemon.file().string()), Contains(", operator"));
  }
  house at{"  listen: 127.0.0.1:{port}\n  tls: {certificate_file: " + of + ".pem, key_file: " + of + ".key}"};
  const std::string url = "https://localhost:" + std::to_string(at.daemon.admin_port());
  CHECK(eventually([&] {
    return at.run("postponed whoami --admin " + url + " --ca " + of + ".pem").output.find(", operator") !=
           std::string::npos;
  }));
  const command_result unknown = at.run("postponed whoami --admin " + url);
  CHECK(unknown.code == 3);
  CHECK_THAT(unknown.output, Contains("--ca"));
  CHECK_THAT(at.good("postponed whoami -c " + at.daemon.file().string()), Contains(", operator"));
}

TEST_CASE("a store's file: checked, copied and exported while no daemon has it, and refused while one has") {
  house at;
  at.good("for i in {1..300}; do echo '{\"route\":\"reminders\",\"delay\":\"1h\",\"body\":\"body "
          "'$i'\",\"headers\":{\"i\":'$i'}}'; done "
          "| postponed schedule --ndjson -");
  const std::string file = at.daemon.store_file().string(), copy = (at.folder / "copy.db").string();
  const command_result busy = at.run("postponed store check " + file);
  CHECK(busy.code == 3);
  CHECK_THAT(busy.output, Contains("in use by process " + std::to_string(at.daemon.id())));
  at.daemon.kill9(); // what the log holds is copied, too
  CHECK_THAT(at.good("postponed store backup " + file + " " + copy), Contains("copy.db"));
  CHECK(at.run("postponed store backup " + file + " " + copy).code == 3); // it is not overwritten
  CHECK_THAT(at.good("postponed store check " + copy),
             Contains("300 messages held") && Contains("each checksum right"));
  CHECK(at.lines("postponed store check --json " + file).at(0).at("messages").as_int64() == 300);
  at.good("postponed store export " + copy + " > exported");
  // Into another, empty store; twice, and each is held once.
  house other;
  const std::string load = "postponed schedule --ndjson " + (at.folder / "exported").string();
  CHECK_THAT(other.good(load), Contains("300 messages held"));
  other.good(load);
  const auto loaded = other.lines("postponed list --json --limit 0");
  CHECK(loaded.size() == 300);
  CHECK(other.lines("postponed list --json --header i:299").size() == 1);
  // Damage is found, and told by the exit code.
  const std::string bytes = read_file(copy);
  write_file(copy, bytes.substr(0, bytes.size() / 3) + std::string(bytes.size() - bytes.size() / 3, '\x5a'));
  const command_result damaged = at.run("postponed store check " + copy);
  CHECK(damaged.code == 4);
  CHECK(at.run("postponed store check nix").code == 3);
}
