// Bodies and answers in pieces: both ways at once, in bounded memory, and with peers that are slow, fall
// silent or go away.
#include "admin/http_server.hpp"
#include "raw_client.hpp"

#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <thread>

using namespace postponed::admin;
using namespace std::chrono_literals;
using postponed::test::raw_client;

namespace {

// /whole is answered whole; the rest by the stream handler, with what the test is given to do it.
class streaming_server {
 public:
  explicit streaming_server(stream_handler handler, http_limits limits = {})
      : server_{context_,
                http_service{{},
                             [handler = std::move(handler)](const request& head) {
                               return head.target == "/whole" ? stream_handler{} : handler;
                             },
                             [](const request& asked, const reply& done) {
                               done({200, "text/plain", asked.body, {}});
                             }},
                limits} {
    std::string why;
    if (!server_.listen("127.0.0.1", 0, why)) throw std::runtime_error{why};
    port = server_.port();
    thread_ = std::thread{[this] { context_.run(); }};
  }
  ~streaming_server() { stop(); }
  void stop() {
    if (!thread_.joinable()) return;
    boost::asio::post(context_, [this] { server_.stop(); });
    thread_.join(); // run() returns as nothing is left
    CHECK(server_.idle());
  }
  void on_its_thread(std::function<void()> work) {
    std::promise<void> done;
    boost::asio::post(context_, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }
  std::uint16_t port = 0;

 private:
  boost::asio::io_context context_{1};
  http_server server_;
  std::thread thread_;
};

// Says each piece of the body back, and "<end>" or "<broken>" at the end.
void echo(const std::shared_ptr<exchange>& with) {
  with->read([with](const body_piece& got) {
    if (!got.bytes.empty()) with->write(got.bytes);
    if (got.what == body_piece::state::more) return echo(with);
    with->write(got.what == body_piece::state::end ? "<end>" : "<broken>");
    with->end();
  });
}
stream_handler echoing() {
  return [](const request&, const std::shared_ptr<exchange>& with) {
    with->begin({200, "application/x-ndjson", {}, {}});
    echo(with);
  };
}

// Reads the header of an answer, then the text of its chunks until `text` is their end; empty: not in time.
std::string chunks_until(raw_client& client, const std::string& text) {
  std::string got;
  while (!got.ends_with(text)) {
    const std::string piece = client.receive_chunk();
    if (piece.empty()) return {};
    got += piece;
  }
  return got;
}

http_limits patient_for(std::chrono::milliseconds time) {
  http_limits limits;
  limits.patience = time;
  return limits;
}

bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 500; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

constexpr std::string_view post_chunked =
    "POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr std::string_view get_x = "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n";

} // namespace

TEST_CASE("pieces of the answer come while the body still goes") {
  streaming_server server{echoing()};
  raw_client client{server.port};
  client.send(post_chunked);
  const std::string head = client.receive_head();
  CHECK_THAT(head, Catch::StartsWith("HTTP/1.1 200 OK\r\n"));
  CHECK_THAT(head, Catch::Contains("Transfer-Encoding: chunked\r\n"));
  CHECK_THAT(head, Catch::Contains("Content-Type: application/x-ndjson\r\n"));
  CHECK_THAT(head, Catch::Contains("X-Content-Type-Options: nosniff\r\n"));
  client.send("4\r\none\n\r\n");
  CHECK(chunks_until(client, "one\n") == "one\n");
  client.send("4\r\ntwo\n\r\n");
  CHECK(chunks_until(client, "two\n") == "two\n");
  client.send("0\r\n\r\n");
  CHECK(chunks_until(client, "<end>") == "<end>");
  CHECK(client.receive_chunk().empty()); // the last, of no bytes
  CHECK(client.closed());
}

TEST_CASE("who waits to be told to go on is told before the answer's head, not within its body") {
  streaming_server server{echoing()};
  raw_client client{server.port};
  client.send(
      "POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.receive_head() == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK_THAT(client.receive_head(), Catch::StartsWith("HTTP/1.1 200 OK\r\n"));
  client.send("4\r\none\n\r\n0\r\n\r\n");
  CHECK(chunks_until(client, "<end>") == "one\n<end>");
}

TEST_CASE("a body of a told length, its last piece, and none at all") {
  streaming_server server{echoing()};
  raw_client told{server.port};
  told.send("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nabc");
  told.receive_head();
  CHECK(chunks_until(told, "abc") == "abc");
  told.send("def");
  CHECK(chunks_until(told, "<end>") == "def<end>");
  raw_client none{server.port};
  none.send(get_x);
  none.receive_head();
  CHECK(chunks_until(none, "<end>") == "<end>");
}

TEST_CASE("a large body passes in bounded memory, and as slowly as it is asked for") {
  std::atomic<std::size_t> taken{0}, largest{0};
  std::atomic<bool> go_on{false};
  struct sink {
    static void take(const std::shared_ptr<exchange>& with, std::atomic<std::size_t>& taken,
                     std::atomic<std::size_t>& largest, std::function<void(std::function<void()>)> pause) {
      with->read([=, &taken, &largest](const body_piece& got) {
        taken += got.bytes.size();
        largest = std::max<std::size_t>(largest, got.bytes.size());
        if (got.what == body_piece::state::more)
          return pause([=, &taken, &largest] { take(with, taken, largest, pause); });
        with->begin({200, "text/plain", std::to_string(taken), {}});
        with->end();
      });
    }
  };
  std::function<void()> held; // on the server's thread
  streaming_server server{[&](const request&, const std::shared_ptr<exchange>& with) {
    sink::take(with, taken, largest, [&](std::function<void()> next) {
      if (go_on)
        next();
      else
        held = std::move(next);
    });
  }};
  constexpr std::size_t whole = 100 << 20;
  raw_client client{server.port};
  client.send("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(whole) + "\r\n\r\n");
  std::atomic<std::size_t> sent{0};
  std::thread sender{[&] {
    const std::string block(1 << 20, 'x');
    for (int i = 0; i < 100 && client.send(block); ++i)
      sent += block.size();
  }};
  // It was given one piece and asks for no other: what the kernel takes is all that the peer can send.
  REQUIRE(eventually([&] { return taken > 0; }));
  std::size_t before = 0;
  REQUIRE(eventually([&] { return before == std::exchange(before, sent.load()) && before > 0; }));
  CHECK(sent < whole / 2);
  CHECK(taken <= 65536);
  server.on_its_thread([&] {
    go_on = true;
    std::exchange(held, nullptr)();
  });
  sender.join();
  CHECK(sent == whole);
  client.receive_head();
  CHECK(chunks_until(client, std::to_string(whole)) == std::to_string(whole));
  CHECK(largest <= 65536);
}

TEST_CASE("who stops in the middle of a body, or goes away, leaves it broken") {
  std::promise<body_piece::state> said;
  std::atomic<int> gone{0};
  const auto handler = [&](const request&, const std::shared_ptr<exchange>& with) {
    with->on_gone([&] { ++gone; });
    with->read([&, with](const body_piece&) {
      with->read([&, with](const body_piece& got) { said.set_value(got.what); });
    });
  };
  SECTION("silent") {
    streaming_server server{handler, patient_for(100ms)};
    raw_client client{server.port};
    client.send(std::string{post_chunked} + "3\r\nabc\r\n");
    auto answer = said.get_future();
    REQUIRE(answer.wait_for(5s) == std::future_status::ready);
    CHECK(answer.get() == body_piece::state::broken);
    CHECK(client.closed());
    CHECK(eventually([&] { return gone == 1; }));
  }
  SECTION("gone") {
    streaming_server server{handler};
    auto answer = said.get_future();
    {
      raw_client client{server.port};
      client.send(std::string{post_chunked} + "3\r\nabc\r\n");
    }
    REQUIRE(answer.wait_for(5s) == std::future_status::ready);
    CHECK(answer.get() == body_piece::state::broken);
    CHECK(eventually([&] { return gone == 1; }));
  }
  SECTION("no chunk") {
    streaming_server server{handler};
    auto answer = said.get_future();
    raw_client client{server.port};
    client.send(std::string{post_chunked} + "3\r\nabc\r\nzz\r\n");
    REQUIRE(answer.wait_for(5s) == std::future_status::ready);
    CHECK(answer.get() == body_piece::state::broken);
  }
}

TEST_CASE("a slow body is taken piece by piece, for longer than a whole request may last") {
  streaming_server server{echoing(), patient_for(300ms)};
  raw_client client{server.port};
  client.send(post_chunked);
  client.receive_head();
  for (int i = 0; i < 8; ++i) {
    std::this_thread::sleep_for(100ms); // that it is slow is what is tested
    client.send("1\r\nx\r\n");
    CHECK(chunks_until(client, "x") == "x");
  }
  client.send("0\r\n\r\n");
  CHECK(chunks_until(client, "<end>") == "<end>");
}

TEST_CASE("a reader that takes nothing is cut off, and the handler hears of it and can see it coming") {
  std::atomic<bool> gone{false};
  std::shared_ptr<exchange> kept;
  streaming_server server{[&](const request&, const std::shared_ptr<exchange>& with) {
                            with->begin({200, "text/plain", std::string(32 << 20, 'x'), {}});
                            with->on_gone([&] { gone = true; });
                            kept = with;
                          },
                          patient_for(200ms)};
  raw_client client{server.port};
  client.send(get_x);
  REQUIRE(eventually([&] { return gone.load(); }));
  server.on_its_thread([&] {
    CHECK(kept->unwritten() <= 32 << 20);
    kept->write("nobody hears this");
    kept->end();
    kept.reset();
  });
}

TEST_CASE("a slow reader that goes on reading gets all of it, and is told when it may have more") {
  std::atomic<std::size_t> when{0};
  streaming_server server{[&](const request&, const std::shared_ptr<exchange>& with) {
                            with->begin({200, "text/plain", std::string(16 << 20, 'x'), {}});
                            with->when_written(1000, [&, with] {
                              when = with->unwritten() + 1;
                              with->write("<end>");
                              with->end();
                            });
                          },
                          patient_for(500ms)};
  raw_client client{server.port};
  client.send(get_x);
  client.receive_head();
  std::size_t size = client.unread().size();
  for (int i = 0; i < 8; ++i) { // longer than its patience, all in all
    std::this_thread::sleep_for(100ms);
    size += client.read_at_least(1 << 20);
  }
  CHECK(when == 0);
  while (const std::size_t more = client.read_at_least(1))
    size += more;
  CHECK(size > 16 << 20);
  CHECK(when <= 1001);
  CHECK(client.unread().find("<end>") != std::string::npos);
}

TEST_CASE("a listener is told that the daemon lives, and its going is noticed at once") {
  http_limits limits;
  limits.heartbeat = 30ms;
  std::atomic<bool> gone{false};
  std::shared_ptr<exchange> kept;
  streaming_server server{[&](const request&, const std::shared_ptr<exchange>& with) {
                            with->begin({200, "text/event-stream", {}, {}}, ":\n\n");
                            with->on_gone([&] { gone = true; });
                            kept = with;
                          },
                          limits};
  {
    raw_client client{server.port};
    client.send(get_x);
    client.receive_head();
    CHECK(client.receive_chunk() == ":\n\n");
    CHECK(client.receive_chunk() == ":\n\n");
    CHECK(!gone);
  }
  CHECK(eventually([&] { return gone.load(); }));
  server.on_its_thread([&] { kept.reset(); });
}

TEST_CASE("stopping ends what streams, both ways, and tells the handlers") {
  std::atomic<int> gone{0}, broken{0}, begun{0};
  std::vector<std::shared_ptr<exchange>> kept;
  streaming_server server{[&](const request& asked, const std::shared_ptr<exchange>& with) {
    with->on_gone([&] { ++gone; });
    with->begin({200, "text/plain", asked.target == "/large" ? std::string(32 << 20, 'x') : "x", {}});
    if (asked.method == "POST")
      with->read([&](const body_piece& got) { broken += got.what == body_piece::state::broken; });
    kept.push_back(with);
    ++begun;
  }};
  raw_client listening{server.port}, sending{server.port}, slow{server.port};
  listening.send(get_x);
  sending.send(post_chunked);
  slow.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
  REQUIRE(eventually([&] { return begun == 3; }));
  server.stop();
  CHECK(gone == 3);
  CHECK(broken == 1);
  CHECK(listening.closed());
  CHECK(sending.closed());
  for (const auto& each : kept) { // must hurt nobody
    each->write("after the end");
    each->read([&](const body_piece&) { ++broken; });
    each->end();
  }
  CHECK(broken == 1);
}

TEST_CASE("an answer before the body has come is heard, and the rest of the body is no request") {
  streaming_server server{[](const request&, const std::shared_ptr<exchange>& with) {
    with->begin({403, "text/plain", "no", {}});
    with->end();
  }};
  raw_client client{server.port};
  client.send("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n" +
              std::string(1000000, 'x'));
  CHECK_THAT(client.receive_head(), Catch::StartsWith("HTTP/1.1 403 "));
  CHECK(client.receive_chunk() == "no");
  CHECK(client.send(std::string(1000000, 'x')));
  CHECK(client.closed());
}

TEST_CASE("so many answers in pieces at once, and no more; others are served beside them") {
  http_limits limits;
  limits.streams = 2;
  std::vector<std::shared_ptr<exchange>> kept;
  streaming_server server{[&](const request&, const std::shared_ptr<exchange>& with) {
                            with->begin({200, "text/plain", "x", {}});
                            kept.push_back(with);
                          },
                          limits};
  raw_client first{server.port}, third{server.port};
  auto second = std::make_unique<raw_client>(server.port);
  for (raw_client* const each : {&first, second.get()}) {
    each->send(get_x);
    CHECK_THAT(each->receive_head(), Catch::StartsWith("HTTP/1.1 200 "));
  }
  third.send(get_x);
  const std::string refused = third.receive();
  CHECK_THAT(refused, Catch::StartsWith("HTTP/1.1 503 "));
  CHECK_THAT(refused, Catch::Contains("Retry-After: 5\r\n"));
  third.send("GET /whole HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK_THAT(third.receive(), Catch::StartsWith("HTTP/1.1 200 "));
  second.reset();
  CHECK(eventually([&] {
    raw_client next{server.port};
    next.send(get_x);
    return next.receive_head().starts_with("HTTP/1.1 200 ");
  }));
}

TEST_CASE("HTTP/1.0, which knows no chunks, gets the bytes and the end of the connection") {
  streaming_server server{echoing()};
  raw_client client{server.port};
  client.send("POST /x HTTP/1.0\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc");
  const std::string head = client.receive_head();
  CHECK_THAT(head, Catch::StartsWith("HTTP/1.0 200 "));
  CHECK_THAT(head, !Catch::Contains("chunked"));
  CHECK(client.closed());
  CHECK(client.unread() == "abc<end>");
}

TEST_CASE("who waits to be asked for the body is asked when somebody wants it") {
  streaming_server server{echoing()};
  raw_client client{server.port};
  client.send("POST /whole HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  CHECK_THAT(client.receive_head(), Catch::StartsWith("HTTP/1.1 100 "));
  client.send("abc");
  CHECK_THAT(client.receive(), Catch::EndsWith("\r\n\r\nabc"));
  client.send("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  const std::string first = client.receive_head(), second = client.receive_head();
  CHECK_THAT(first + second, Catch::Contains("HTTP/1.1 100 "));
  CHECK_THAT(first + second, Catch::Contains("HTTP/1.1 200 "));
  client.send("abc");
  CHECK(chunks_until(client, "<end>") == "abc<end>");
  raw_client large{server.port};
  large.send("POST /whole HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n"
             "Expect: 100-continue\r\n\r\n");
  CHECK_THAT(large.receive_head(), Catch::StartsWith("HTTP/1.1 413 ")); // and is not asked
}
