#include "io/webhook.hpp"
#include "support/temp_dir.hpp"
#include "support/webhook_receiver.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <functional>

using namespace postponed;
using namespace postponed::io;
using namespace std::chrono_literals;
using postponed::test::webhook_receiver;

namespace {

constexpr const char* busy = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy";

relay::alert_event raised(const std::string& dead_letter, double value, const std::string& webhook) {
  const wall_time since{std::chrono::milliseconds{1795467278123}};
  return {true, dead_letter, "orders.dead", webhook, {relay::alert_kind::depth, value, 1000, since}};
}
relay::alert_event cleared(const std::string& dead_letter, double value, const std::string& webhook) {
  relay::alert_event event = raised(dead_letter, value, webhook);
  event.raised = false;
  return event;
}

webhook_parameters quick() {
  webhook_parameters limits;
  limits.host = "broker-1";
  limits.timeout = 5s;
  limits.retry = {1ms, 20ms, 2.0, 0.0};
  return limits;
}

struct world {
  boost::asio::io_context context{1};
  std::unique_ptr<boost::asio::ssl::context> tls;
  webhook_receiver receiver;
  webhooks of;

  explicit world(webhook_parameters limits = quick(),
                 std::unique_ptr<boost::asio::ssl::context> with = nullptr)
      : tls{std::move(with)}, receiver{context, tls.get()}, of{context, std::move(limits)} {}
  ~world() {
    of.stop();
    receiver.stop();
    context.restart();
    context.run(); // returns as nothing is left
    CHECK(of.finished());
  }
  std::string url(const std::string& path = "/hook") const {
    return (tls ? "https://localhost:" : "http://127.0.0.1:") + std::to_string(receiver.port) + path;
  }
  bool until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      context.restart();
      context.run_one_for(100ms);
    }
    return condition();
  }
  webhook_state state() const { return of.state().front(); }
  bool until_posted(std::uint64_t count) {
    return until([&] { return state().posted == count && state().waiting == 0; });
  }
  // "raised orders 1200", of the requests that came.
  std::vector<std::string> told() const {
    std::vector<std::string> result;
    for (const auto& each : receiver.got) {
      const auto between = [&](const std::string& before, char after) {
        const std::size_t at = each.body().find(before) + before.size();
        return each.body().substr(at, each.body().find(after, at) - at);
      };
      result.push_back(between("\"event\":\"", '"') + " " + between("\"dead_letter\":\"", '"') + " " +
                       between("\"value\":", ','));
    }
    return result;
  }
};

using lines = std::vector<std::string>;

} // namespace

TEST_CASE("an alert is posted as one JSON document") {
  world it;
  it.of.post(raised("orders", 1200, it.url("/hook?a=b%20c")));
  REQUIRE(it.until_posted(1));
  REQUIRE(it.receiver.got.size() == 1);
  const webhook_receiver::request& got = it.receiver.got.front();
  CHECK(got.method_string() == "POST");
  CHECK(got.target() == "/hook?a=b%20c");
  CHECK(got[boost::beast::http::field::host] == "127.0.0.1:" + std::to_string(it.receiver.port));
  CHECK(got[boost::beast::http::field::content_type] == "application/json");
  CHECK(got.body() ==
        R"({"event":"raised","dead_letter":"orders","queue":"orders.dead","kind":"depth",)"
        R"("value":1200,"threshold":1000,"since":"2026-11-23T20:54:38.123Z","host":"broker-1"})");
  CHECK(it.state().last_error.empty());
}

TEST_CASE("without a webhook nothing is posted") {
  world it;
  it.of.post(raised("orders", 1200, ""));
  CHECK(it.of.state().empty());
  CHECK(it.of.finished());
}

TEST_CASE("a webhook is tried until it answers 2xx, whatever is wrong with it") {
  world it;
  const std::string what = GENERATE(as<std::string>{}, busy, "close", "SSH-2.0-OpenSSH_9.2\r\n\r\n",
                                    "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", "HTTP/1.1 404 \r\n\r\n");
  it.receiver.script = {what, what, what, "HTTP/1.1 204 No Content\r\n\r\n"};
  it.of.post(raised("orders", 1200, it.url()));
  REQUIRE(it.until_posted(1));
  CHECK(it.receiver.connections == 4);
  CHECK(it.state().failed == 3);
  CHECK(it.state().last_error.empty());
}

TEST_CASE("where nobody listens, the alert waits, with the reason") {
  world it;
  const std::string url = it.url();
  it.receiver.stop();
  it.of.post(raised("orders", 1200, url));
  REQUIRE(it.until([&] { return it.state().failed >= 2; }));
  CHECK(it.state().waiting == 1);
  CHECK(it.state().last_error.find("cannot connect") == 0);
  CHECK(!it.of.finished());
}

TEST_CASE("a server that takes the request and is silent costs no more than the timeout") {
  webhook_parameters limits = quick();
  limits.timeout = 50ms;
  world it{limits};
  it.receiver.script = {"hang"};
  it.of.post(raised("orders", 1200, it.url()));
  REQUIRE(it.until_posted(1));
  CHECK((it.state().failed == 1 && it.receiver.connections == 2));
}

TEST_CASE("alerts of one webhook are told in order") {
  world it;
  it.receiver.script = {busy, busy};
  for (int i = 1; i <= 5; ++i)
    it.of.post(raised("orders-" + std::to_string(i), i, it.url()));
  REQUIRE(it.until_posted(5));
  CHECK(it.told() == lines{"raised orders-1 1", "raised orders-1 1", "raised orders-1 1", "raised orders-2 2",
                           "raised orders-3 3", "raised orders-4 4", "raised orders-5 5"});
}

TEST_CASE("of alerts about the same only the latest waits") {
  webhook_parameters limits = quick();
  limits.retry = {1h, 1h, 1.0, 0.0};
  world it{limits};
  it.receiver.script = {busy};
  it.of.post(raised("orders", 1, it.url()));
  REQUIRE(it.until([&] { return it.state().failed == 1; }));
  it.receiver.script = {busy};
  it.of.post(raised("payments", 2, it.url())); // the news is worth an attempt before the hour is over
  it.of.post(cleared("orders", 3, it.url()));
  it.of.post(raised("orders", 4, it.url()));
  CHECK(it.state().waiting == 2);
  REQUIRE(it.until([&] { return it.state().failed == 2; }));
  it.of.post(raised("payments", 5, it.url()));
  REQUIRE(it.until_posted(2));
  CHECK(it.told() == lines{"raised orders 1", "raised payments 2", "raised orders 4", "raised payments 5"});
}

TEST_CASE("one that is on its way is not told again when a newer one came meanwhile") {
  webhook_parameters limits = quick();
  limits.timeout = 100ms;
  world it{limits};
  it.receiver.script = {"hang"};
  it.of.post(raised("orders", 1, it.url()));
  REQUIRE(it.until([&] { return it.receiver.got.size() == 1; }));
  it.of.post(cleared("orders", 0, it.url()));
  REQUIRE(it.until_posted(1));
  CHECK(it.told() == lines{"raised orders 1", "cleared orders 0"});
}

TEST_CASE("one webhook that fails does not hold up another") {
  webhook_parameters limits = quick();
  limits.retry = {1h, 1h, 1.0, 0.0};
  world it{limits};
  it.receiver.script = {busy};
  it.of.post(raised("orders", 1, it.url("/a")));
  REQUIRE(it.until([&] { return it.state().failed == 1; }));
  it.of.post(raised("orders", 2, it.url("/b")));
  REQUIRE(it.until([&] { return it.of.state().back().posted == 1; }));
  CHECK(it.state().waiting == 1);
}

TEST_CASE("not more wait than the limit") {
  webhook_parameters limits = quick();
  limits.retry = {1h, 1h, 1.0, 0.0};
  limits.waiting = 3;
  world it{limits};
  it.receiver.script = {busy};
  for (int i = 0; i < 9; ++i)
    it.of.post(raised("orders-" + std::to_string(i), i, it.url()));
  CHECK(it.state().waiting == 3);
  it.of.stop();
  CHECK(it.until([&] { return it.of.finished(); }));
  it.of.post(raised("orders", 1, it.url()));
  CHECK(it.of.finished());
}

TEST_CASE("https is spoken with servers that can be verified, and with no others") {
  test::temp_dir folder{"webhook"};
  const std::string certificate = folder / "server.pem", key = folder / "server.key";
  const std::string make =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
      "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout '" +
      key + "' -out '" + certificate + "' 2>/dev/null";
  REQUIRE(std::system(make.c_str()) == 0);
  auto tls = std::make_unique<boost::asio::ssl::context>(boost::asio::ssl::context::tls_server);
  tls->use_certificate_chain_file(certificate);
  tls->use_private_key_file(key, boost::asio::ssl::context::pem);
  webhook_parameters limits = quick();

  SECTION("trusted") {
    limits.tls.ca_file = certificate;
    world it{limits, std::move(tls)};
    it.of.post(raised("orders", 1200, it.url()));
    REQUIRE(it.until_posted(1));
    CHECK(it.told() == lines{"raised orders 1200"});
  }
  SECTION("not trusted") {
    world it{limits, std::move(tls)};
    it.of.post(raised("orders", 1200, it.url()));
    REQUIRE(it.until([&] { return it.state().failed == 1; }));
    CHECK(it.state().last_error.find("TLS handshake with localhost failed") == 0);
    CHECK(it.receiver.got.empty());
  }
}

TEST_CASE("a webhook's address is taken apart, and shown without its secrets") {
  const auto plain = webhook_address_from("http://user:p%40ss@alerts.example:9093/hook/secret?token=x");
  REQUIRE(plain);
  CHECK((!plain->tls && plain->host == "alerts.example" && plain->port == 9093));
  CHECK(plain->authority == "alerts.example:9093");
  CHECK(plain->resource == "/hook/secret?token=x");
  CHECK(plain->authorization == "Basic dXNlcjpwQHNz"); // user:p@ss
  CHECK(plain->display == "http://alerts.example:9093");

  const auto secure = webhook_address_from("https://[::1]");
  REQUIRE(secure);
  CHECK((secure->tls && secure->host == "::1" && secure->port == 443));
  CHECK((secure->authority == "[::1]" && secure->resource == "/" && secure->authorization.empty()));

  for (const char* const wrong : {"", "alerts", "ftp://alerts/", "http://", "http://h:0/", "http://h:70000/"})
    CHECK(!webhook_address_from(wrong));
}

TEST_CASE("values are written without exponent, names are escaped") {
  relay::alert_event event = raised("a\"b", 3600.0556, "");
  event.what.threshold = 1e9;
  const std::string document = webhook_document(event, "h\n");
  CHECK(document.find(R"("dead_letter":"a\"b")") != std::string::npos);
  CHECK(document.find(R"("value":3600.056,"threshold":1000000000,)") != std::string::npos);
  CHECK(document.find(R"("host":"h\n"})") != std::string::npos);
  CHECK(relay::value_text(0) == "0");
  CHECK(relay::value_text(0.5) == "0.5");
}
