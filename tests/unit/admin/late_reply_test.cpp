// Handlers that answer later than they are called: the server waits, up to its deadline, and nothing that a
// connection or the server does in the meantime is harmed by the answer.
#include "admin/http_server.hpp"
#include "raw_client.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>

using namespace postponed::admin;
using namespace std::chrono_literals;
using postponed::test::raw_client;

namespace {

// Keeps each reply until the test gives the word.
class hesitant_server {
 public:
  explicit hesitant_server(http_limits limits = {})
      : server_{context_, http_server::handler{[this](request asked, reply done) {
                  const std::lock_guard lock{mutex_};
                  asked_.push_back(std::move(asked));
                  replies_.push_back(std::move(done));
                  came_.notify_all();
                }},
                limits} {
    std::string why;
    if (!server_.listen("127.0.0.1", 0, why)) throw std::runtime_error{why};
    port = server_.port();
    thread_ = std::thread{[this] { context_.run(); }};
  }
  ~hesitant_server() {
    boost::asio::post(context_, [this] { server_.stop(); });
    thread_.join();
    CHECK(server_.idle());
    for (const reply& each : replies_)
      each({200, "text/plain", "after the end", {}}); // must hurt nobody
  }

  // The request number `index`, once it has come.
  request asked(std::size_t index) {
    std::unique_lock lock{mutex_};
    REQUIRE(came_.wait_for(lock, 5s, [&] { return asked_.size() > index; }));
    return asked_[index];
  }
  void answer(std::size_t index, const std::string& body) {
    reply done;
    {
      const std::lock_guard lock{mutex_};
      done = replies_.at(index);
    }
    boost::asio::post(context_, [done, body] { done({200, "text/plain", body, {}}); });
  }
  std::uint16_t port = 0;

 private:
  boost::asio::io_context context_{1};
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<request> asked_;
  std::vector<reply> replies_;
  http_server server_;
  std::thread thread_;
};

http_limits with_deadline(std::chrono::milliseconds time) {
  http_limits limits;
  limits.deadline = time;
  return limits;
}

constexpr std::string_view get_a = "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n";

} // namespace

TEST_CASE("an answer may come later, and the connections do not wait for each other") {
  hesitant_server server;
  raw_client first{server.port}, second{server.port};
  first.send(get_a);
  server.asked(0);
  second.send(get_a);
  server.asked(1);
  server.answer(1, "two");
  CHECK_THAT(second.receive(), Catch::EndsWith("\r\n\r\ntwo"));
  server.answer(0, "one");
  CHECK_THAT(first.receive(), Catch::EndsWith("\r\n\r\none"));
  first.send(get_a); // the connection is kept
  server.asked(2);
  server.answer(2, "three");
  CHECK_THAT(first.receive(), Catch::EndsWith("\r\n\r\nthree"));
}

TEST_CASE("the handler is given method, body, origin and who asks") {
  hesitant_server server;
  raw_client client{server.port};
  client.send("POST /a?b=c HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
              "Content-Length: 5\r\n\r\n{\"a\"}");
  const request asked = server.asked(0);
  CHECK(asked.method == "POST");
  CHECK(asked.target == "/a?b=c");
  CHECK(asked.origin == "http://localhost");
  CHECK(asked.body == "{\"a\"}");
  CHECK_THAT(asked.remote, Catch::StartsWith("127.0.0.1:"));
  server.answer(0, "");
  CHECK_THAT(client.receive(), Catch::StartsWith("HTTP/1.1 200 "));
  client.send(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  CHECK(server.asked(1).body == "abcde");
  server.answer(1, "");
  CHECK_THAT(client.receive(), Catch::StartsWith("HTTP/1.1 200 "));
}

TEST_CASE("who waits longer than the deadline is told so, and what comes later is dropped") {
  hesitant_server server{with_deadline(50ms)};
  raw_client client{server.port};
  client.send(get_a);
  const std::string late = client.receive();
  CHECK_THAT(late, Catch::StartsWith("HTTP/1.1 504 "));
  CHECK_THAT(late, Catch::Contains("within 50 ms"));
  server.answer(0, "for the first"); // not to be taken for the second's
  client.send(get_a);
  server.asked(1);
  server.answer(1, "for the second");
  CHECK_THAT(client.receive(), Catch::EndsWith("for the second"));
}

TEST_CASE("an answer counts once") {
  hesitant_server server;
  raw_client client{server.port};
  client.send(get_a);
  server.asked(0);
  server.answer(0, "once");
  server.answer(0, "twice");
  CHECK_THAT(client.receive(), Catch::EndsWith("once"));
  client.send(get_a);
  server.asked(1);
  server.answer(1, "next");
  CHECK_THAT(client.receive(), Catch::EndsWith("next"));
}

TEST_CASE("an answer for a peer that has gone is no harm, and its place becomes free") {
  http_limits limits;
  limits.connections = 1;
  hesitant_server server{limits};
  {
    raw_client gone{server.port};
    gone.send(get_a);
    server.asked(0);
  }
  server.answer(0, std::string(1 << 20, 'x'));
  raw_client next{server.port};
  next.send(get_a);
  server.asked(1);
  server.answer(1, "here");
  CHECK_THAT(next.receive(), Catch::EndsWith("here"));
}

TEST_CASE("stopping does not wait for answers that have not come") {
  std::unique_ptr<raw_client> waiting;
  const auto begin = std::chrono::steady_clock::now();
  {
    hesitant_server server;
    waiting = std::make_unique<raw_client>(server.port);
    waiting->send(get_a);
    server.asked(0);
  }                                                      // the reply is called after the server's end
  CHECK(std::chrono::steady_clock::now() - begin < 10s); // the deadline is 30 s
  CHECK(waiting->closed());
  CHECK(waiting->unread().empty());
}
