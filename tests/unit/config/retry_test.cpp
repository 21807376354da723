// What the keys of retries, flow and dead letters become, and their defaults.
#include "findings.hpp"

using namespace postponed::config;
using namespace postponed::config::test;
using namespace std::chrono_literals;

namespace {

const std::string plain = ", release: {queue: w}";

settings loaded(const std::string& in_route, const std::string& in_letter = "", const std::string& top = "") {
  const auto outcome = load_text("broker: {uris: [\"amqp://h/\"]" + top + "}\n" + store +
                                     "routes: [{name: r, queue: q, dead_letter: bin" + in_route +
                                     "}]\ndead_letters: [{name: bin, queue: dead" + in_letter + "}]\n",
                                 "f", no_environment);
  for (const finding& each : outcome.findings)
    UNSCOPED_INFO(to_string(each));
  REQUIRE(outcome.value);
  return *outcome.value;
}

route_settings route_with(const std::string& keys) {
  return loaded(plain + ", " + keys).routes.at(0);
}

} // namespace

TEST_CASE("a retry that says nothing has the defaults") {
  const route_settings with = route_with("retry: {}");
  REQUIRE(with.retry);
  CHECK(with.retry->rule.attempts == retry_rule{}.attempts);
  CHECK(with.retry->rule.pause.initial == 1s);
  CHECK(with.retry->rule.pause.schedule.empty());
  CHECK(with.retry->reasons.empty());
  CHECK_FALSE(route_with("max_size: 1MiB").retry);
}

TEST_CASE("a route with retry alone does not delay") {
  CHECK_FALSE(route_with("retry: {}").delays);
  CHECK(route_with("retry: {}, delay: {}").delays);
  CHECK(route_with("delay: {default: 1s}").delays);
  CHECK(route_with("max_size: 1MiB").delays);
}

TEST_CASE("a reason's rule takes what it leaves out from the rule above it, wherever that stands") {
  const auto retry =
      *route_with("retry: {expired: {attempts: 2}, rejected: {backoff: {initial: 3s}}, "
                  "maxlen: {schedule: [0s, 5s]}, delivery_limit: {max_age: 0s}, attempts: 7, "
                  "backoff: {initial: 2s, max: 1h, multiplier: 1.5, jitter: full}, max_age: 1d}")
           .retry;
  CHECK(retry.rule.attempts == 7);
  CHECK(retry.rule.pause.full_jitter);
  REQUIRE(retry.reasons.size() == 4);
  const retry_rule& expired = retry.reasons.at("expired");
  CHECK(expired.attempts == 2);
  CHECK(expired.pause.initial == 2s);
  CHECK(expired.pause.multiplier == 1.5);
  CHECK(expired.max_age == 24h);
  const retry_rule& rejected = retry.reasons.at("rejected");
  CHECK(rejected.attempts == 7);
  CHECK(rejected.pause.initial == 3s);
  CHECK(rejected.pause.max == 1h);
  CHECK(rejected.pause.full_jitter);
  const retry_rule& maxlen = retry.reasons.at("maxlen");
  CHECK(maxlen.pause.schedule == std::vector<std::chrono::microseconds>{0s, 5s});
  CHECK(retry.reasons.at("delivery_limit").max_age == 0s);
}

TEST_CASE("back-off and schedule replace each other in a reason's rule") {
  const auto one = *route_with("retry: {schedule: [1s], expired: {backoff: {jitter: 0}}}").retry;
  CHECK(one.rule.pause.schedule.size() == 1);
  CHECK(one.reasons.at("expired").pause.schedule.empty());
  CHECK(one.reasons.at("expired").pause.jitter == 0);
  CHECK(one.reasons.at("expired").pause.initial == 1s);
}

TEST_CASE("what keeps a message from being held twice") {
  using key_type = dedup_settings::key_type;
  CHECK_FALSE(route_with("retry: {}").dedup);
  CHECK(route_with("dedup: {}").dedup->key == key_type::message_id);
  CHECK(route_with("dedup: {}").dedup->window == 10min);
  CHECK(route_with("dedup: {key: correlation-id, window: 1h}").dedup->key == key_type::correlation_id);
  CHECK(route_with("dedup: {key: correlation-id, window: 1h}").dedup->window == 1h);
  CHECK(route_with("dedup: {key: body}").dedup->key == key_type::body);
  const auto header = *route_with("dedup: {key: \"header:x-order\"}").dedup;
  CHECK(header.key == key_type::header);
  CHECK(header.header == "x-order");
}

TEST_CASE("rates are a second in a route, and a minute in an alert") {
  CHECK(route_with("retry: {}").rate == 0);
  CHECK(route_with("rate: 100").rate == 100);
  CHECK(route_with("rate: 2.5/s").rate == 2.5);
  CHECK(route_with("rate: 6000/m").rate == 100);
  CHECK(route_with("rate: 1800/h").rate == 0.5);
  const auto arrivals = [](const std::string& text) {
    return loaded(plain, ", alert: {rate: " + text + "}").dead_letters.at(0).alert->rate;
  };
  CHECK(arrivals("10/m") == Approx(10));
  CHECK(arrivals("2/s") == Approx(120));
  CHECK(arrivals("30/h") == Approx(0.5));
}

TEST_CASE("flow, hops and dialect of a route") {
  const route_settings bare = route_with("delay: {}");
  CHECK_FALSE(bare.circuit);
  CHECK_FALSE(bare.late);
  CHECK(bare.speaks == dialect::amqp);
  CHECK(bare.max_hops == 20);
  const route_settings route =
      route_with("circuit: {failures: 3, probe: 1s}, late: {after: 2h, do: spread, over: 5m}, max_hops: 4, "
                 "dialect: watermill, watermill: {topics: {orders: w1, orders/handler: w2}}");
  CHECK(route.circuit->failures == 3);
  CHECK(route.circuit->probe == 1s);
  CHECK(route.late->after == 2h);
  CHECK(route.late->what == late_settings::action::spread);
  CHECK(route.late->over == 5min);
  CHECK(route.max_hops == 4);
  CHECK(route.speaks == dialect::watermill);
  CHECK(route.watermill.topics ==
        std::map<std::string, std::string>{{"orders", "w1"}, {"orders/handler", "w2"}});
  CHECK(route_with("dialect: plugin").speaks == dialect::plugin);
  CHECK(route_with("late: {do: dead_letter}").late->what == late_settings::action::dead_letter);
  CHECK(loaded(", release: {origin: true}, retry: {}").routes.at(0).release.origin);
}

TEST_CASE("how dead letters are watched") {
  const auto unwatched = loaded(plain).dead_letters.at(0);
  CHECK_FALSE(unwatched.collect);
  CHECK_FALSE(unwatched.alert);
  const auto letter = loaded(plain, ", collect: true, trash: 1d, poll: 500ms, alert: {depth: 1000, age: 24h, "
                                    "webhook: \"https://hooks.example/x?y=z\", clear: 0.5}")
                          .dead_letters.at(0);
  CHECK(letter.collect);
  CHECK(letter.trash == 24h);
  CHECK(letter.poll == 500ms);
  CHECK(letter.alert->depth == 1000);
  CHECK(letter.alert->age == 24h);
  CHECK(letter.alert->rate == 0);
  CHECK(letter.alert->webhook == "https://hooks.example/x?y=z");
  CHECK(letter.alert->clear == 0.5);
}

TEST_CASE("the management API's address is taken apart") {
  const auto at = [](const std::string& url) {
    return *loaded(plain, "", ", management: \"" + url + "\"").broker.management;
  };
  CHECK_FALSE(loaded(plain).broker.management);
  CHECK(at("http://h").port == 15672);
  CHECK(at("https://h").port == 15671);
  CHECK(at("https://h").tls);
  CHECK(at("http://h").user == "guest");
  const management_settings whole = at("http://a%40b:p%2Fw@[::1]:8080/rabbit/");
  CHECK(whole.host == "::1");
  CHECK(whole.port == 8080);
  CHECK(whole.user == "a@b");
  CHECK(whole.password == "p/w");
  CHECK(whole.path == "/rabbit");
}
