#include "admin/http_server.hpp"
#include "base/log.hpp"
#include "raw_client.hpp"

#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include <ctime>
#include <fcntl.h>
#include <future>
#include <sys/resource.h>
#include <thread>

using namespace postponed::admin;
using namespace std::chrono_literals;
using postponed::test::raw_client;

namespace {

// A server on a thread of its own that says what it was asked; stopped, and waited for, at the end.
class running_server {
 public:
  explicit running_server(http_limits limits = {})
      : server_{context_,
                [](const request& asked) {
                  return response{200,
                                  "text/plain",
                                  asked.method + " " + asked.target + " of " + asked.host,
                                  {{"X-A", "b"}}};
                },
                limits} {
    std::string why;
    if (!server_.listen("127.0.0.1", 0, why)) throw std::runtime_error{why};
    port = server_.port();
    thread_ = std::thread{[this] { context_.run(); }};
  }
  ~running_server() {
    boost::asio::post(context_, [this] { server_.stop(); });
    thread_.join(); // run() returns as nothing is left
    CHECK(server_.idle());
  }
  std::uint16_t port = 0;

 private:
  boost::asio::io_context context_{1};
  http_server server_;
  std::thread thread_;
};

http_limits patient_for(std::chrono::milliseconds time) {
  http_limits limits;
  limits.patience = time;
  return limits;
}

constexpr std::string_view get_a = "GET /a?b=c HTTP/1.1\r\nHost: localhost\r\n\r\n";

} // namespace

TEST_CASE("a connection is kept for the next request") {
  running_server server;
  raw_client client{server.port};
  for (int i = 0; i < 3; ++i) {
    REQUIRE(client.send(get_a));
    const std::string got = client.receive();
    CHECK_THAT(got, Catch::StartsWith("HTTP/1.1 200 OK\r\n"));
    CHECK_THAT(got, Catch::EndsWith("GET /a?b=c of localhost"));
    CHECK_THAT(got, Catch::Contains("X-A: b\r\n"));
    CHECK_THAT(got, Catch::Contains("Content-Type: text/plain\r\n"));
  }
  REQUIRE(client.send(std::string{get_a} + std::string{get_a})); // two at once
  CHECK_THAT(client.receive(), Catch::Contains("200 OK"));
  CHECK_THAT(client.receive(), Catch::Contains("200 OK"));
  client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK_THAT(client.receive(), Catch::Contains("Connection: close"));
  CHECK(client.closed());
}

TEST_CASE("HEAD has the length and no body") {
  running_server server;
  raw_client client{server.port};
  client.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK_THAT(client.receive(true), Catch::Contains("Content-Length: 12\r\n"));
  client.send(get_a);
  CHECK_THAT(client.receive(), Catch::StartsWith("HTTP/1.1 200")); // nothing of a body was in between
}

TEST_CASE("a header that is too large is refused, and the peer hears it") {
  running_server server;
  for (const std::size_t size : {std::size_t{17 * 1024}, std::size_t{400 * 1024}}) {
    raw_client client{server.port};
    client.send("GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(size, 'a') + "\r\n\r\n");
    const std::string got = client.receive();
    CHECK_THAT(got, Catch::StartsWith("HTTP/1.1 431 "));
    CHECK_THAT(got, Catch::Contains("application/problem+json"));
    CHECK_THAT(got, Catch::Contains("\"status\":431"));
    CHECK(client.closed());
  }
}

TEST_CASE("who is refused may still say the rest, and is not cut off before the refusal is read") {
  running_server server;
  raw_client client{server.port};
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n");
  REQUIRE_THAT(client.receive(), Catch::StartsWith("HTTP/1.1 413 "));
  CHECK(client.closed()); // for sending
  const std::string half(1000000, 'a');
  CHECK(client.send(half));
  CHECK(client.send(half)); // to a closed socket the second would fail
}

TEST_CASE("a body that is too large is refused, whether its length is told or not") {
  running_server server;
  const std::string large(1024 * 1024 + 1, 'a');
  raw_client told{server.port};
  told.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(large.size()) + "\r\n\r\n" +
            large);
  CHECK_THAT(told.receive(), Catch::StartsWith("HTTP/1.1 413 "));
  CHECK(told.closed());
  raw_client chunked{server.port};
  chunked.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n" + large +
               "\r\n0\r\n\r\n");
  CHECK_THAT(chunked.receive(), Catch::StartsWith("HTTP/1.1 413 "));
  raw_client fits{server.port};
  fits.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n" + large.substr(1));
  CHECK_THAT(fits.receive(), Catch::StartsWith("HTTP/1.1 200 "));
}

TEST_CASE("what is no HTTP is refused and closed") {
  running_server server;
  raw_client client{server.port};
  client.send("hello, are you there?\r\n\r\n");
  CHECK_THAT(client.receive(), Catch::StartsWith("HTTP/1.1 400 "));
  CHECK(client.closed());
}

TEST_CASE("who says nothing, stops in a request, or drips it, is closed when patience ends") {
  running_server server{patient_for(200ms)};
  const auto begin = std::chrono::steady_clock::now();
  raw_client silent{server.port}, stopped{server.port}, kept{server.port}, dripping{server.port};
  stopped.send("GET / HTTP/1.1\r\nHo");
  kept.send(get_a);
  CHECK_THAT(kept.receive(), Catch::StartsWith("HTTP/1.1 200 "));
  bool cut = false;
  for (int i = 0; i < 500 && !cut; ++i) { // 5 s of one byte each 10 ms
    cut = !dripping.send(i == 0 ? "GET / HTTP/1.1\r\nX-Drip: " : "a");
    std::this_thread::sleep_for(10ms);
  }
  CHECK(cut);
  CHECK(silent.closed());
  CHECK(stopped.closed());
  CHECK(kept.closed());
  CHECK(std::chrono::steady_clock::now() - begin < 4s);
  raw_client next{server.port};
  next.send(get_a);
  CHECK_THAT(next.receive(), Catch::StartsWith("HTTP/1.1 200 "));
}

TEST_CASE("connections over the limit wait for a place") {
  http_limits limits;
  limits.connections = 2;
  running_server server{limits};
  raw_client first{server.port};
  auto second = std::make_unique<raw_client>(server.port);
  for (raw_client* const each : {&first, second.get()}) {
    each->send(get_a);
    CHECK_THAT(each->receive(), Catch::StartsWith("HTTP/1.1 200 "));
  }
  raw_client third{server.port};
  third.send(get_a);
  third.wait_at_most(200ms);
  CHECK(third.receive().empty());
  second.reset();
  third.wait_at_most(5s);
  CHECK_THAT(third.receive(), Catch::StartsWith("HTTP/1.1 200 "));
}

TEST_CASE("by default 64 are served at once, and the 65th waits") {
  running_server server;
  std::vector<std::unique_ptr<raw_client>> clients;
  for (int i = 0; i < 65; ++i) {
    clients.push_back(std::make_unique<raw_client>(server.port));
    clients.back()->send(get_a);
  }
  for (int i = 0; i < 64; ++i)
    CHECK_THAT(clients[static_cast<std::size_t>(i)]->receive(), Catch::StartsWith("HTTP/1.1 200 "));
  clients[64]->wait_at_most(200ms);
  CHECK(clients[64]->receive().empty());
  clients[0].reset();
  clients[64]->wait_at_most(5s);
  CHECK_THAT(clients[64]->receive(), Catch::StartsWith("HTTP/1.1 200 "));
}

TEST_CASE("without descriptors the server neither spins nor ends, and serves again when there are some") {
  running_server server;
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  raw_client early{server.port};
  early.send(get_a);
  CHECK_THAT(early.receive(), Catch::StartsWith("HTTP/1.1 200 "));

  // UBSan looks at what it has not seen before through a pipe, which it will not get either: the log's way
  // first.
  postponed::log::warning("descriptors run out; a warning of the server follows", {{"why", "a test"}});
  // The peer's own socket takes the last descriptor; the connection is made by the kernel all the same.
  const int spare = ::open("/dev/null", O_RDONLY | O_CLOEXEC); // the lowest that is free
  REQUIRE(spare >= 0);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(spare) + 1;
  ::close(spare);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
  {
    raw_client late{server.port};
    late.send(get_a);
    late.wait_at_most(400ms);
    const std::clock_t begin = std::clock();
    const bool nothing = late.receive().empty();
    const double busy = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    early.send(get_a);
    const std::string still_served = early.receive();
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(nothing);
    CHECK(busy < 0.2); // of 0.4 s
    CHECK_THAT(still_served, Catch::StartsWith("HTTP/1.1 200 "));
    late.wait_at_most(5s);
    CHECK_THAT(late.receive(), Catch::StartsWith("HTTP/1.1 200 "));
  }
}

TEST_CASE("stopping closes every connection, and then nothing is under way") {
  std::unique_ptr<raw_client> idle, half;
  {
    running_server server;
    idle = std::make_unique<raw_client>(server.port);
    idle->send(get_a);
    CHECK_THAT(idle->receive(), Catch::StartsWith("HTTP/1.1 200 "));
    half = std::make_unique<raw_client>(server.port);
    half->send("GET / HT");
    raw_client served{server.port};
    served.send(get_a);
    served.receive(); // so that all three were accepted
  }
  CHECK(idle->closed());
  CHECK(half->closed());
}

TEST_CASE("an address in use, or that is none, is named") {
  running_server first;
  boost::asio::io_context context;
  http_server second{context, [](const request&) { return response{}; }};
  std::string why;
  CHECK(!second.listen("127.0.0.1", first.port, why));
  CHECK_THAT(why, Catch::Contains("127.0.0.1:" + std::to_string(first.port)));
  CHECK_THAT(why, Catch::Contains("in use"));
  CHECK(second.idle());
  CHECK(!second.listen("localhost:80", 0, why));
  CHECK_THAT(why, Catch::Contains("localhost:80"));
  CHECK(!second.listen("2001:db8::1", 9470, why)); // nobody's
  CHECK_THAT(why, Catch::Contains("[2001:db8::1]:9470"));
  CHECK(second.listen("127.0.0.1", 0, why)); // a failed attempt is no hindrance
  second.stop();
  context.run();
  CHECK(second.idle());
}

TEST_CASE("an IPv6 address is listened on") {
  boost::asio::io_context context;
  http_server server{context, [](const request&) { return response{}; }};
  std::string why;
  if (!server.listen("::1", 0, why)) {
    WARN("no IPv6 here: " + why);
    return;
  }
  CHECK(server.port() != 0);
  server.stop();
  context.run();
}
