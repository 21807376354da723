// The admin endpoint of the real daemon against those who should not be there: hosts, origins, tokens,
// limits, sockets, TLS. No broker is needed: the endpoint answers without one.
#include "support/eventually.hpp"
#include "support/process.hpp"
#include "support/sidecar.hpp"

#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace postponed::test;
using namespace std::chrono_literals;

namespace {

const std::string ops = "ops-0123456789abcdef0123456789ab", reader = "read-0123456789abcdef0123456789a";

std::string yaml(const std::string& admin) {
  std::string sections = sidecar::sections();
  return sections.substr(0, sections.find("admin:")) + "admin:\n" + admin + R"(
topology: {mode: off}
dead_letters: [{name: bin, queue: dead}]
routes: [{name: r, queue: later, release: {queue: work}, dead_letter: bin}]
)";
}
const std::string loopback = "  listen: 127.0.0.1:{port}\n";

struct secrets {
  temp_dir folder{"secrets"};
  secrets() {
    write("ops", ops + "\n");
    write("reader", reader + "\n");
  }
  void write(const std::string& name, const std::string& text) const {
    write_file(folder / name, text);
    ::chmod((folder / name).c_str(), 0600);
  }
  std::string tokens() const {
    return "  tokens:\n    - {name: ops, file: " + (folder / "ops").string() +
           ", role: operator}\n    - {name: reader, file: " + (folder / "reader").string() + "}\n";
  }
  void certificate(const std::string& name) const {
    const std::string of = (folder / name).string();
    process make{{"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                  "-nodes", "-days", "2", "-subj", "/CN=" + name, "-addext",
                  "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", of + ".key", "-out", of + ".pem"}};
    REQUIRE(make.wait(30s) == 0);
  }
};

// A broker that nobody is: connections are refused.
std::string nobody() {
  return "amqp://guest:guest@127.0.0.1:" + std::to_string(free_port()) + "/";
}

struct said {
  int code = -1; // of curl: 0 is an answer, whatever its status
  std::string output;
  int status() const { return std::atoi(output.c_str() + (output.size() < 3 ? 0 : output.size() - 3)); }
};
// With the status as the last three characters, behind the header and the body.
said curl(std::vector<std::string> arguments) {
  const temp_dir folder{"curl"};
  std::vector<std::string> command{"curl", "-sS", "-i", "--max-time", "20", "-w", "%{http_code}"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  process::options options;
  options.output = folder / "output";
  process run{command, options};
  said result;
  result.code = run.wait(30s).value_or(-1);
  result.output = read_file(folder / "output");
  return result;
}

struct house {
  secrets keys;
  sidecar daemon;
  std::string at;

  explicit house(const std::string& admin, bool with_tokens = true)
      : daemon{yaml(admin + (with_tokens ? keys.tokens() : "")), nobody()}, at{"http://127.0.0.1:" +
                                                                               std::to_string(
                                                                                   daemon.admin_port())} {
    daemon.launch();
    REQUIRE(eventually([&] { return daemon.get("/healthz").status == 200; }));
  }
  said get(const std::string& path, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all{at + path};
    all.insert(all.end(), more.begin(), more.end());
    return curl(all);
  }
};

std::vector<std::string> bearer(const std::string& token, std::vector<std::string> more = {}) {
  more.insert(more.end(), {"-H", "Authorization: Bearer " + token});
  return more;
}

std::vector<std::string> posting(const std::string& body) {
  return {"-X", "POST", "-H", "Content-Type: application/json", "--data-binary", body};
}

void check_problem(const said& got, int status, const std::string& name) {
  INFO(got.output);
  CHECK(got.status() == status);
  CHECK_THAT(got.output, Catch::Contains("application/problem+json"));
  CHECK_THAT(got.output, Catch::Contains("\"type\":\"/problems/" + name + "\""));
  CHECK_THAT(got.output, Catch::Contains("X-Content-Type-Options: nosniff"));
  CHECK_THAT(got.output, Catch::Contains("Cache-Control: no-store"));
  CHECK_THAT(got.output, !Catch::Contains("Access-Control"));
}

class plain_socket {
 public:
  explicit plain_socket(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    timeval time{30, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~plain_socket() { ::close(socket_); }
  plain_socket(const plain_socket&) = delete;
  plain_socket& operator=(const plain_socket&) = delete;
  bool send(const std::string& bytes) {
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  // Until `text` has come, or the other side closed or said nothing for 30 s.
  std::string until(const std::string& text) {
    char buffer[4096];
    while (got_.find(text) == std::string::npos) {
      const ssize_t size = ::recv(socket_, buffer, sizeof buffer, 0);
      if (size <= 0) break;
      got_.append(buffer, static_cast<std::size_t>(size));
    }
    return got_;
  }
  bool connected = false;

 private:
  int socket_;
  std::string got_;
};

} // namespace

TEST_CASE("pages of elsewhere neither read nor change anything") {
  house open{loopback, false};
  check_problem(open.get("/api/v1/status", {"-H", "Host: evil.example"}), 403, "unknown-host");
  check_problem(open.get("/healthz", {"-H", "Host: evil.example"}), 403, "unknown-host");
  auto foreign = posting("{}");
  foreign.insert(foreign.end(), {"-H", "Origin: http://evil.example"});
  check_problem(open.get("/api/v1/routes/r/pause", foreign), 403, "foreign-origin");
  auto own = posting("{}");
  own.insert(own.end(), {"-H", "Origin: " + open.at});
  CHECK(open.get("/api/v1/routes/r/pause", own).status() == 200);
  CHECK_THAT(open.daemon.log(), Catch::Contains("msg=\"route paused\" who=\"local 127.0.0.1:"));
  check_problem(open.get("/api/v1/status", {"-X", "OPTIONS", "-H", "Origin: http://evil.example", "-H",
                                            "Access-Control-Request-Method: POST"}),
                403, "foreign-origin"); // a preflight gets nothing

  const said page = open.get("/");
  CHECK_THAT(page.output, Catch::Contains("Content-Security-Policy: default-src 'none'; script-src 'self'; "
                                          "style-src 'self'; img-src 'self' data:; connect-src 'self'; "
                                          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"));
  CHECK_THAT(page.output, Catch::Contains("Referrer-Policy: no-referrer"));
}

TEST_CASE("what is asked for wrongly is answered with a problem that is explained") {
  house open{loopback, false};
  check_problem(open.get("/api/v1/nothing"), 404, "not-found");
  const said method = open.get("/api/v1/reload", {"-X", "DELETE"});
  check_problem(method, 405, "method-not-allowed");
  CHECK_THAT(method.output, Catch::Contains("Allow: POST"));
  check_problem(open.get("/api/v1/messages", {"-d", "a=b"}), 415, "wrong-content-type");
  check_problem(open.get("/api/v1/messages", posting("{")), 400, "bad-request");
  check_problem(open.get("/api/v1/messages", posting(std::string(100000, ' ') + "{")), 400, "bad-request");
  const temp_dir folder{"body"};
  write_file(folder / "large", std::string((1 << 20) + 1, ' '));
  check_problem(open.get("/api/v1/messages", posting("@" + (folder / "large").string())), 413,
                "body-too-large");
  check_problem(open.get("/api/v1/status", {"-H", "X-Long: " + std::string(17000, 'x')}), 431,
                "header-too-large");
  check_problem(open.get("/api/v1/messages", {"-H", "Content-Length: 6", "-H", "Transfer-Encoding: chunked",
                                              "-H", "Expect:", "-d", "{}"}),
                400, "malformed-request");
  const said meaning = open.get("/problems/wrong-content-type");
  CHECK(meaning.status() == 200);
  CHECK_THAT(meaning.output, Catch::Contains("Content-Type: application/json"));
}

TEST_CASE(
    "with tokens, nothing but health and the page's files without one, and changes by operators alone") {
  house closed{loopback};
  check_problem(closed.get("/api/v1/status"), 401, "token-needed");
  CHECK_THAT(closed.get("/api/v1/status").output, Catch::Contains("WWW-Authenticate: Bearer"));
  check_problem(closed.get("/metrics"), 401, "token-needed");
  check_problem(closed.get("/api/v1/status", bearer("ops-0123456789abcdef0123456789aX")), 401, "wrong-token");
  CHECK(closed.get("/healthz").status() == 200);
  CHECK(closed.get("/readyz").status() == 503); // there is no broker
  CHECK(closed.get("/").status() == 200);
  CHECK(closed.get("/metrics", bearer(reader)).status() == 200);
  CHECK_THAT(closed.get("/api/v1/whoami", bearer(reader)).output,
             Catch::Contains(R"({"name":"reader","role":"read-only"})"));
  check_problem(closed.get("/api/v1/routes/r/pause", bearer(reader, posting("{}"))), 403, "read-only-token");
  CHECK(closed.get("/api/v1/routes/r/pause", bearer(ops, posting("{}"))).status() == 200);
  CHECK_THAT(closed.daemon.log(), Catch::Contains("msg=\"route paused\" who=ops from=127.0.0.1:"));
  CHECK_THAT(closed.daemon.log(), Catch::Contains("a wrong token for the admin endpoint"));
  for (const std::string& token : {ops, reader})
    CHECK_THAT(closed.daemon.log(), !Catch::Contains(token));

  // Another token in the file counts from the reload on, and who listens by the former is cut off.
  plain_socket listening{closed.daemon.admin_port()};
  REQUIRE(listening.send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + reader +
                         "\r\n\r\n"));
  CHECK_THAT(listening.until(": postponed"), Catch::Contains("text/event-stream"));
  closed.keys.write("reader", "another-0123456789abcdef01234567\n");
  CHECK(closed.get("/metrics", bearer(reader)).status() == 200);
  CHECK(closed.get("/api/v1/reload", bearer(ops, {"-X", "POST"})).status() == 200);
  CHECK(closed.get("/metrics", bearer(reader)).status() == 401);
  CHECK(closed.get("/metrics", bearer("another-0123456789abcdef01234567")).status() == 200);
  const std::string heard = listening.until("\r\n0\r\n\r\n");
  CHECK_THAT(heard, !Catch::EndsWith("\r\n0\r\n\r\n")); // it ended in the middle
}

TEST_CASE("changes are heard at the events, and again by who comes back") {
  house open{loopback, false};
  plain_socket listening{open.daemon.admin_port()};
  REQUIRE(listening.send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  CHECK_THAT(listening.until(": postponed\n\n"), Catch::Contains("Content-Type: text/event-stream"));
  CHECK(open.get("/api/v1/routes/r/pause", posting("{\"why\": \"a test\"}")).status() == 200);
  const std::string heard = listening.until("a test");
  CHECK_THAT(heard,
             Catch::Contains("id: 1\nevent: changed\ndata: {\"what\":\"route paused\",\"who\":\"local "));
  CHECK(open.get("/api/v1/routes/r/resume", posting("{}")).status() == 200);
  plain_socket again{open.daemon.admin_port()};
  REQUIRE(again.send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 1\r\n\r\n"));
  const std::string missed = again.until("route resumed");
  CHECK_THAT(missed, Catch::Contains("id: 2\n") && !Catch::Contains("id: 1\n"));
  CHECK(open.daemon.terminate() == 0); // with two who listen
}

TEST_CASE("a client that sends a byte now and then is cut off at the deadline, and harms nobody meanwhile") {
  house open{loopback, false};
  std::vector<std::unique_ptr<plain_socket>> slow;
  for (int i = 0; i < 40; ++i) {
    slow.push_back(std::make_unique<plain_socket>(open.daemon.admin_port()));
    REQUIRE(slow.back()->send("GET /api/v1/status HTTP/1.1\r\nX-Slow: "));
  }
  const auto begin = std::chrono::steady_clock::now();
  CHECK(open.get("/healthz").status() == 200);
  std::size_t cut = 0;
  while (cut < slow.size() && std::chrono::steady_clock::now() - begin < 25s) {
    cut = 0;
    for (const auto& each : slow)
      cut += each->send("x") ? 0 : 1;
    std::this_thread::sleep_for(200ms); // that it is slow is what is tested
  }
  CHECK(cut == slow.size());
  CHECK(std::chrono::steady_clock::now() - begin > 10s); // of the 15
  CHECK(open.get("/healthz").status() == 200);
}

TEST_CASE("over a unix socket, for its owner and group, also after a kill") {
  house open{loopback, false}; // for its folder; it is stopped at once
  REQUIRE(open.daemon.terminate() == 0);
  const std::string path = (open.keys.folder / "admin.sock").string();
  open.daemon.configure(yaml("  listen: unix:" + path + "\n"));
  const auto ask = [&] { return curl({"--unix-socket", path, "http://localhost/api/v1/whoami"}); };
  for (int round = 0; round < 2; ++round) {
    open.daemon.launch();
    REQUIRE(eventually([&] { return ask().status() == 200; }));
    struct ::stat made {};
    REQUIRE(::stat(path.c_str(), &made) == 0);
    CHECK((made.st_mode & 07777) == 0660);
    CHECK_THAT(ask().output, Catch::Contains("{\"name\":\"uid " + std::to_string(::getuid()) + "\","));
    if (round > 0) break;
    open.daemon.kill9(); // the socket stays, and the next one replaces it
    REQUIRE(::stat(path.c_str(), &made) == 0);
  }
  CHECK_THAT(open.daemon.log(), Catch::Contains("admin=unix:" + path));
  CHECK(open.daemon.terminate() == 0);
  struct ::stat gone {};
  CHECK(::stat(path.c_str(), &gone) != 0);
}

TEST_CASE("over TLS, with a certificate that a reload reads again") {
  secrets keys;
  keys.certificate("first");
  const std::string pem = (keys.folder / "first.pem").string(),
                    own_key = (keys.folder / "first.key").string();
  sidecar daemon{
      yaml(loopback + keys.tokens() + "  tls: {certificate_file: " + pem + ", key_file: " + own_key + "}\n"),
      nobody()};
  daemon.launch();
  const std::string at = "https://localhost:" + std::to_string(daemon.admin_port());
  const auto ask = [&](const std::string& authority) {
    return curl(bearer(ops, {"--cacert", authority, "-4", at + "/api/v1/whoami"}));
  };
  REQUIRE(eventually([&] { return ask(pem).status() == 200; }));
  CHECK_THAT(daemon.log(), Catch::Contains("admin=https://127.0.0.1:"));
  CHECK(curl({"http://localhost:" + std::to_string(daemon.admin_port()) + "/healthz"}).code != 0);
  CHECK(curl(bearer(ops, {"--cacert", pem, "-4", "--tls-max", "1.1", at + "/healthz"})).code != 0);
  auto page = posting("{}");
  page.insert(page.end(), {"--cacert", pem, "-4", "-H", "Origin: " + at, at + "/api/v1/routes/r/pause"});
  CHECK(curl(bearer(ops, page)).status() == 200);

  keys.certificate("second");
  const std::string former = read_file(keys.folder / "first.pem");
  write_file(keys.folder / "former.pem", former);
  std::filesystem::rename(keys.folder / "second.pem", pem);
  // A certificate and a key that do not belong together: the former stay.
  CHECK(curl(bearer(ops, {"--cacert", (keys.folder / "former.pem").string(), "-4", "-X", "POST",
                          at + "/api/v1/reload"}))
            .status() == 422);
  std::filesystem::rename(keys.folder / "second.key", own_key);
  daemon.hang_up();
  CHECK(eventually([&] { return ask(pem).status() == 200; }));
  CHECK(ask((keys.folder / "former.pem").string()).code != 0);
  CHECK(daemon.terminate() == 0);
}

TEST_CASE("an address that others can reach is refused without tokens, and served with them") {
  secrets keys;
  const auto refused = [&](const std::string& admin) {
    sidecar daemon{yaml(admin), nobody()};
    daemon.launch();
    CHECK(daemon.wait(20s) == 1);
    return daemon.log();
  };
  CHECK_THAT(refused("  listen: 0.0.0.0:{port}\n"),
             Catch::Contains(":6:11: others can reach 0.0.0.0, and admin.tokens has none") &&
                 Catch::Contains("or listen on 127.0.0.1"));
  keys.write("ops", "short");
  CHECK_THAT(refused(loopback + keys.tokens()), Catch::Contains("has fewer than 16 bytes"));
  keys.write("ops", ops);
  sidecar daemon{yaml("  listen: 0.0.0.0:{port}\n  allowed_hosts: [postponed.example]\n" + keys.tokens()),
                 nobody()};
  daemon.launch();
  const std::string at = "http://127.0.0.1:" + std::to_string(daemon.admin_port());
  const auto status = [&](std::vector<std::string> arguments) { return curl(std::move(arguments)).status(); };
  REQUIRE(eventually([&] { return status({at + "/healthz"}) == 200; }));
  CHECK(status({at + "/healthz", "-H", "Host: 10.1.2.3:9470"}) == 200); // as a kubelet asks
  CHECK(status(bearer(ops, {at + "/metrics", "-H", "Host: postponed.example:9470"})) == 200);
  CHECK(status(bearer(ops, {at + "/metrics", "-H", "Host: 10.1.2.3:9470"})) == 403);
  CHECK(status({at + "/metrics", "-H", "Host: postponed.example"}) == 401);
  CHECK_THAT(daemon.log(), Catch::Contains("tokens go to 0.0.0.0 in clear text"));
}
