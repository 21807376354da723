// Where the server listens beside TCP: a socket in the file system, and TLS; and what it refuses of a header.
#include "admin/http_server.hpp"
#include "admin/server_tls.hpp"
#include "raw_client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace postponed::admin;
using namespace std::chrono_literals;
using postponed::test::raw_client;
namespace asio = boost::asio;

namespace {

class folder {
 public:
  folder() {
    std::string name = std::filesystem::temp_directory_path() / "postponed-listen-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~folder() { std::filesystem::remove_all(path_); }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// Says who asked, with what.
struct server_thread {
  asio::io_context context{1};
  http_server server;
  std::thread thread;

  explicit server_thread(http_limits limits = {})
      : server{context,
               [](const request& asked) {
                 return response{200,
                                 "text/plain",
                                 asked.remote + (asked.local ? " local" : "") + (asked.tls ? " tls" : "") +
                                     " " + asked.method + " " + asked.target + " " + asked.body,
                                 {}};
               },
               limits} {}
  void run() {
    thread = std::thread{[this] { context.run(); }};
  }
  void stop() {
    if (!thread.joinable()) return;
    asio::post(context, [this] { server.stop(); });
    thread.join();
    CHECK(server.idle());
  }
  ~server_thread() { stop(); }
};

constexpr std::string_view get_a = "GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

template <typename Stream>
std::string asked_over(Stream& stream, std::string_view request) {
  boost::system::error_code error;
  asio::write(stream, asio::buffer(request), error);
  std::string got;
  asio::read(stream, asio::dynamic_buffer(got), error);
  return got;
}

std::string ask_socket(const std::string& path) {
  asio::io_context context;
  asio::local::stream_protocol::socket socket{context};
  boost::system::error_code error;
  socket.connect(asio::local::stream_protocol::endpoint{path}, error);
  return error ? error.message() : asked_over(socket, get_a);
}

bool there(const std::string& path) {
  return std::filesystem::exists(std::filesystem::symlink_status(path));
}

void make_certificate(const folder& in, const std::string& name) {
  const std::string command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
                              "-days 2 -subj /CN=" +
                              name + " -keyout " + in / (name + ".key") + " -out " + in / (name + ".pem") +
                              " 2>/dev/null";
  REQUIRE(std::system(command.c_str()) == 0);
}

struct tls_client {
  asio::io_context context;
  asio::ssl::context settings{asio::ssl::context::tls_client};
  asio::ssl::stream<asio::ip::tcp::socket> stream{context, settings};

  boost::system::error_code connect(std::uint16_t port) {
    boost::system::error_code error;
    stream.next_layer().connect({asio::ip::address_v4::loopback(), port}, error);
    if (!error) stream.handshake(asio::ssl::stream_base::client, error);
    return error;
  }
};

std::string subject_of(tls_client& of) {
  char text[256] = "";
  X509* const shown = SSL_get1_peer_certificate(of.stream.native_handle());
  X509_NAME_oneline(X509_get_subject_name(shown), text, sizeof text);
  X509_free(shown);
  return text;
}

} // namespace

TEST_CASE("a socket in the file system is for its owner and group, tells who asks, and goes at the end") {
  const folder in;
  const std::string path = in / "admin.sock";
  server_thread serving;
  std::string why;
  REQUIRE(serving.server.listen_unix(path, why));
  CHECK(serving.server.port() == 0);
  serving.run();
  struct ::stat made {};
  REQUIRE(::lstat(path.c_str(), &made) == 0);
  CHECK(S_ISSOCK(made.st_mode));
  CHECK((made.st_mode & 07777) == 0660);
  CHECK_THAT(ask_socket(path), Catch::EndsWith("uid " + std::to_string(::getuid()) + " local GET /a "));
  serving.stop();
  CHECK(!there(path));
}

TEST_CASE("a socket that was left behind is replaced; one that is answered on, or another file, is not") {
  const folder in;
  const std::string path = in / "admin.sock";
  std::string why;
  {
    asio::io_context context;
    asio::local::stream_protocol::acceptor left{context, asio::local::stream_protocol::endpoint{path}};
  }
  REQUIRE(there(path));
  server_thread serving;
  REQUIRE(serving.server.listen_unix(path, why));
  serving.run();
  CHECK_THAT(ask_socket(path), Catch::Contains("200 OK"));

  asio::io_context context;
  http_server second{context, [](const request&) { return response{}; }};
  CHECK(!second.listen_unix(path, why));
  CHECK_THAT(why, Catch::Contains(path) && Catch::Contains("another process answers there"));
  CHECK_THAT(ask_socket(path), Catch::Contains("200 OK")); // and was not harmed

  std::ofstream{in / "file"} << "precious";
  CHECK(!second.listen_unix(in / "file", why));
  CHECK_THAT(why, Catch::Contains("it is no socket"));
  CHECK(std::filesystem::file_size(in / "file") == 8);
  CHECK(!second.listen_unix(in / "nowhere/admin.sock", why));
  CHECK_THAT(why, Catch::Contains("No such file"));
  CHECK(!second.listen_unix("/" + std::string(200, 'x'), why));
  CHECK_THAT(why, Catch::Contains("107 bytes"));
  CHECK(second.idle());
}

TEST_CASE("a socket that another daemon has made meanwhile is not removed at the end") {
  const folder in;
  const std::string path = in / "admin.sock";
  server_thread first;
  std::string why;
  REQUIRE(first.server.listen_unix(path, why));
  first.run();
  std::filesystem::remove(path);
  server_thread second;
  REQUIRE(second.server.listen_unix(path, why));
  second.run();
  first.stop();
  CHECK(there(path));
  CHECK_THAT(ask_socket(path), Catch::Contains("200 OK"));
}

TEST_CASE(
    "over TLS it is the same, a new certificate counts for new connections, and old TLS is not spoken") {
  const folder in;
  make_certificate(in, "first");
  make_certificate(in, "second");
  std::string why;
  const auto first = server_tls(in / "first.pem", in / "first.key", why);
  const auto second = server_tls(in / "second.pem", in / "second.key", why);
  REQUIRE(first);
  REQUIRE(second);
  server_thread serving;
  serving.server.use_tls(first);
  REQUIRE(serving.server.listen("127.0.0.1", 0, why));
  const std::uint16_t port = serving.server.port();
  serving.run();

  tls_client kept;
  REQUIRE(!kept.connect(port));
  CHECK(subject_of(kept) == "/CN=first");
  asio::post(serving.context, [&] { serving.server.use_tls(second); });
  {
    tls_client next;
    REQUIRE(!next.connect(port));
    CHECK(subject_of(next) == "/CN=second");
    const std::string large(300000, 'x');
    const std::string got = asked_over(
        next.stream, "POST /b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " +
                         std::to_string(large.size()) + "\r\n\r\n" + large);
    CHECK_THAT(got, Catch::StartsWith("HTTP/1.1 200 OK\r\n"));
    CHECK_THAT(got, Catch::EndsWith(" tls POST /b " + large));
  }
  CHECK_THAT(asked_over(kept.stream, get_a), Catch::EndsWith(" tls GET /a "));
  {
    tls_client old;
    SSL_set_max_proto_version(old.stream.native_handle(), TLS1_1_VERSION);
    SSL_set_security_level(old.stream.native_handle(), 0);
    CHECK(old.connect(port));
  }
  raw_client plain{port};
  plain.send(get_a);
  CHECK(plain.closed());
  CHECK_THAT(plain.unread(), !Catch::Contains("200 OK"));
}

TEST_CASE("who does not go on with the handshake is closed when patience ends") {
  const folder in;
  make_certificate(in, "own");
  http_limits limits;
  limits.patience = 100ms;
  server_thread serving{limits};
  std::string why;
  serving.server.use_tls(server_tls(in / "own.pem", in / "own.key", why));
  REQUIRE(serving.server.listen("127.0.0.1", 0, why));
  serving.run();
  raw_client silent{serving.server.port()};
  CHECK(silent.closed());
}

TEST_CASE("files that are no certificate, no key, or not each other's, are named") {
  const folder in;
  make_certificate(in, "a");
  make_certificate(in, "b");
  std::string why;
  CHECK(!server_tls(in / "nothing.pem", in / "a.key", why));
  CHECK_THAT(why, Catch::Contains("cannot use the certificate in " + in / "nothing.pem"));
  CHECK(!server_tls(in / "a.pem", in / "a.pem", why));
  CHECK_THAT(why, Catch::Contains("cannot use the key in " + in / "a.pem"));
  CHECK(!server_tls(in / "a.pem", in / "b.key", why));
  CHECK_THAT(why, Catch::Contains("cannot use the key in " + in / "b.key"));
}

TEST_CASE(
    "what has two lengths, or none that is understood, is refused, and nothing behind it is a request") {
  server_thread serving;
  std::string why;
  REQUIRE(serving.server.listen("127.0.0.1", 0, why));
  serving.run();
  const std::string behind = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (const std::string fields :
       {"Host: localhost\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n",
        "Host: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n",
        "Host: localhost\r\nContent-Length: 6\r\nContent-Length: 7\r\n",
        "Host: localhost\r\nContent-Length: 6, 7\r\n", "Host: localhost\r\nContent-Length: +6\r\n",
        "Host: localhost\r\nContent-Length: 0x6\r\n", "Host: localhost\r\nTransfer-Encoding: gzip\r\n",
        "Host: localhost\r\nTransfer-Encoding: gzip, chunked\r\n",
        "Host: localhost\r\nTransfer-Encoding: chunked, gzip\r\n",
        "Host: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Host: localhost\r\nTransfer-Encoding : chunked\r\n",
        "Host: localhost\r\nTransfer-Encoding: xchunked\r\n", "Host: localhost\r\nHost: evil.example\r\n",
        "Content-Length: 6\r\n"}) {
    INFO(fields);
    raw_client client{serving.server.port()};
    client.send("POST /a HTTP/1.1\r\n" + fields + "\r\n" + behind);
    const std::string got = client.receive();
    CHECK_THAT(got, Catch::StartsWith("HTTP/1.1 400 "));
    CHECK_THAT(got, Catch::Contains("/problems/malformed-request"));
    CHECK(client.closed());
    CHECK_THAT(client.unread(), !Catch::Contains("smuggled"));
  }
  raw_client older{serving.server.port()};
  older.send("POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + behind);
  CHECK_THAT(older.receive(), Catch::Contains("400 "));
  raw_client expecting{serving.server.port()};
  expecting.send(
      "POST /a HTTP/1.1\r\nHost: localhost\r\nExpect: the-impossible\r\nContent-Length: 1\r\n\r\n");
  CHECK_THAT(expecting.receive(), Catch::StartsWith("HTTP/1.1 417 "));
}

TEST_CASE("who is not admitted is told so before the body comes, and every answer is guarded") {
  asio::io_context context{1};
  std::mutex lock;
  std::vector<std::string> answered;
  http_service service;
  service.admit = [](request& asked) -> std::optional<response> {
    if (asked.authorization != "Bearer x") return problem("token-needed", "no");
    asked.who.name = "x";
    return std::nullopt;
  };
  service.answer = [&](const request& asked, const reply& done) {
    const std::lock_guard held{lock};
    answered.push_back(asked.who.name);
    done({200, "text/plain", "yes", {}});
  };
  http_server server{context, service};
  std::string why;
  REQUIRE(server.listen("127.0.0.1", 0, why));
  std::thread thread{[&] { context.run(); }};
  {
    raw_client client{server.port()};
    client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n"); // the body does not come
    const std::string got = client.receive();
    CHECK_THAT(got, Catch::StartsWith("HTTP/1.1 401 "));
    for (const char* const each :
         {"X-Content-Type-Options: nosniff\r\n", "Referrer-Policy: no-referrer\r\n",
          "Cache-Control: no-store\r\n",
          "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n", "Connection: close\r\n"})
      CHECK_THAT(got, Catch::Contains(each));
    CHECK_THAT(got, !Catch::Contains("Access-Control"));
    client.send("hello");
    CHECK(client.closed());
    raw_client kept{server.port()};
    kept.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); // without a body the connection is kept
    CHECK_THAT(kept.receive(), Catch::StartsWith("HTTP/1.1 401 "));
    kept.send("GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n");
    CHECK_THAT(kept.receive(), Catch::StartsWith("HTTP/1.1 200 "));
  }
  asio::post(context, [&] { server.stop(); });
  thread.join();
  CHECK(answered == std::vector<std::string>{"x"});
}
