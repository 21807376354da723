#include "proto/headers.hpp"
#include "relay/watch.hpp"

#include <catch2/catch.hpp>

using namespace postponed;
using namespace postponed::relay;
using namespace std::chrono_literals;

namespace {

const wall_time noon{std::chrono::seconds{1795468478}};

struct watchman {
  watch of;
  moment now{noon, steady_time{1h}};

  explicit watchman(alert_policy policy) {
    watched letters{"orders", "orders.dead", false, 10s, std::move(policy)};
    of.set({letters}, now);
  }
  void pass(microseconds time) {
    now.wall += time;
    now.steady += time;
  }
  void reads(std::uint64_t depth, std::uint64_t arrived = 0) { of.on_depth("orders", depth, arrived, now); }
  watched_state state() const { return of.state().front(); }
  // "raised depth 5", "cleared rate 0", ...
  std::vector<std::string> news() {
    std::vector<std::string> lines;
    for (const alert_event& each : of.take_events())
      lines.push_back((each.raised ? "raised " : "cleared ") + std::string{to_string(each.what.kind)} + " " +
                      std::to_string(static_cast<int>(each.what.value)));
    return lines;
  }
};

using lines = std::vector<std::string>;

alert_policy depth_alert(std::uint64_t depth, double clear = 0.8) {
  alert_policy policy;
  policy.depth = depth;
  policy.clear = clear;
  return policy;
}
alert_policy age_alert(microseconds age) {
  alert_policy policy;
  policy.age = age;
  return policy;
}
alert_policy rate_alert(double rate) {
  alert_policy policy;
  policy.rate = rate;
  return policy;
}

std::string buried_at(wall_time when) {
  proto::burial_stamp burial;
  burial.why = reason::nacked;
  burial.buried = when;
  return proto::burial_properties(std::string(2, '\0'), {"1-1-1", 1, "orders", when}, burial);
}

// A header of that name and an int32 value.
std::string with_header(std::string_view name) {
  const std::string field = static_cast<char>(name.size()) + std::string{name} + std::string{"I\0\0\0\1", 5};
  return std::string{"\x20\0\0\0\0", 5} + static_cast<char>(field.size()) + field;
}

} // namespace

TEST_CASE("a watched queue is unknown until its depth is read") {
  watchman it{depth_alert(1)};
  CHECK(!it.state().known);
  CHECK(it.news().empty());
  it.reads(0);
  CHECK((it.state().known && it.state().depth == 0 && it.state().depth_at == noon));
  CHECK((!it.state().rate_per_minute && !it.state().oldest));
  CHECK(it.news().empty());
}

TEST_CASE("a depth alert is raised at its threshold and ends only below the share that clears it") {
  watchman it{depth_alert(100)};
  it.reads(99);
  CHECK(it.news().empty());
  it.pass(10s);
  it.reads(100);
  CHECK(it.news() == lines{"raised depth 100"});
  for (const std::uint64_t depth : {150U, 99U, 80U}) {
    it.pass(10s);
    it.reads(depth);
    CHECK(it.news().empty());
  }
  REQUIRE(it.state().alerts.size() == 1);
  CHECK((it.state().alerts[0].value == 80 && it.state().alerts[0].threshold == 100));
  CHECK(it.state().alerts[0].since == noon + 10s);
  it.reads(79);
  CHECK(it.news() == lines{"cleared depth 79"});
  CHECK(it.state().alerts.empty());
  it.reads(99);
  CHECK(it.news().empty());
  it.reads(100);
  CHECK(it.news() == lines{"raised depth 100"});
}

TEST_CASE("a threshold of one message ends with an empty queue") {
  watchman it{depth_alert(1)};
  it.reads(1);
  it.reads(0);
  CHECK(it.news() == lines{"raised depth 1", "cleared depth 0"});
}

TEST_CASE("the rate counts what the depth grew by over the last minute") {
  watchman it{rate_alert(10)};
  it.reads(500);
  CHECK(!it.state().rate_per_minute); // what lay there before is no arrival
  for (int i = 1; i <= 6; ++i) {
    it.pass(10s);
    it.reads(500 + static_cast<std::uint64_t>(i));
  }
  CHECK(it.state().rate_per_minute == Approx(6));
  it.pass(10s);
  it.reads(511);
  CHECK(it.news() == lines{"raised rate 10"});
  for (int i = 0; i < 5; ++i) {
    it.pass(10s);
    it.reads(511);
  }
  CHECK(it.state().rate_per_minute == Approx(5));
  CHECK(it.news() == lines{"cleared rate 7"});
  it.pass(10s);
  it.reads(511);
  CHECK(it.state().rate_per_minute == Approx(0));
}

TEST_CASE("before a minute was watched the rate is not exaggerated") {
  watchman it{rate_alert(10)};
  it.reads(0);
  it.pass(10s);
  it.reads(2); // 12 a minute, were it to go on
  CHECK(it.state().rate_per_minute == Approx(2));
  CHECK(it.news().empty());
}

TEST_CASE("where readings are rarer than a minute, the rate is that of the last one") {
  watchman it{rate_alert(10)};
  it.reads(0);
  it.pass(5min);
  it.reads(100);
  CHECK(it.state().rate_per_minute == Approx(20));
  it.pass(5min);
  it.reads(100);
  CHECK(it.state().rate_per_minute == Approx(0));
  CHECK(it.news() == lines{"raised rate 20", "cleared rate 0"});
}

TEST_CASE("arrivals that are drained at once are counted by what postponed had confirmed, none twice") {
  watchman it{rate_alert(10)};
  it.reads(0, 1000);
  it.pass(60s);
  it.reads(0, 1012); // drained
  CHECK(it.state().rate_per_minute == Approx(12));
  it.pass(60s);
  it.reads(12, 1024); // the depth grew by the same twelve
  CHECK(it.state().rate_per_minute == Approx(12));
  it.pass(60s);
  it.reads(32, 1024); // twenty that others sent
  CHECK(it.state().rate_per_minute == Approx(20));
}

TEST_CASE("the age is that of the head, as its headers tell, and goes on between looks") {
  watchman it{age_alert(1h)};
  CHECK(!it.of.wants_look("orders", it.now));
  it.reads(3);
  REQUIRE(it.of.wants_look("orders", it.now));
  it.of.on_head("orders", buried_at(noon - 50min), it.now);
  CHECK(it.state().oldest == noon - 50min);
  CHECK(it.news().empty());
  it.pass(9min);
  it.reads(3);
  CHECK(it.news().empty());
  it.pass(1min);
  it.reads(3);
  CHECK(it.news() == lines{"raised age 3600"});
  it.reads(0);
  CHECK(it.news() == lines{"cleared age 0"});
  CHECK(!it.state().oldest);
}

TEST_CASE("an age that is not known raises nothing and ends nothing") {
  watchman it{age_alert(1h)};
  it.reads(3);
  it.of.on_head("orders", std::string(2, '\0'), it.now);
  CHECK(!it.state().oldest);
  CHECK(it.news().empty());
  it.of.on_head("orders", buried_at(noon - 2h), it.now);
  CHECK(it.news() == lines{"raised age 7200"});
  it.of.on_head("orders", std::string(2, '\0'), it.now);
  CHECK(it.news().empty());
  CHECK(it.state().alerts.size() == 1);
}

TEST_CASE("a clock elsewhere makes no message younger than now") {
  watchman it{age_alert(1h)};
  it.reads(1);
  it.of.on_head("orders", buried_at(noon + 1h), it.now);
  CHECK(it.state().oldest == noon);
}

TEST_CASE("a head is looked at once a minute where its age may raise an alert") {
  watchman it{age_alert(1h)};
  it.reads(3);
  it.of.on_head("orders", buried_at(noon), it.now);
  it.pass(59s);
  CHECK(!it.of.wants_look("orders", it.now));
  it.pass(1s);
  CHECK(it.of.wants_look("orders", it.now));
}

TEST_CASE("without an alert for it a head is looked at once, and when the queue became shorter") {
  watchman it{depth_alert(100)};
  it.reads(3);
  CHECK(it.of.wants_look("orders", it.now));
  it.of.on_head("orders", buried_at(noon), it.now);
  it.pass(1h);
  it.reads(5);
  CHECK(!it.of.wants_look("orders", it.now));
  it.reads(4);
  CHECK(it.of.wants_look("orders", it.now));
  it.of.on_head("orders", buried_at(noon), it.now);
  CHECK(!it.of.wants_look("orders", it.now));
  it.reads(0);
  it.pass(1h);
  CHECK(!it.of.wants_look("orders", it.now)); // nothing to look at
}

TEST_CASE("a quorum queue that counts deliveries is not looked at again") {
  watchman it{age_alert(1h)};
  it.reads(3);
  it.of.on_head("orders", with_header("x-other"), it.now);
  it.pass(1min);
  CHECK(it.of.wants_look("orders", it.now));
  it.of.on_head("orders", with_header("x-delivery-count"), it.now);
  it.pass(1h);
  CHECK(!it.of.wants_look("orders", it.now));
  CHECK(!it.state().note.empty());
}

TEST_CASE("a queue that is missing is shown so, and begins anew when it is back") {
  watchman it{rate_alert(10)};
  it.reads(1000);
  it.pass(10s);
  it.of.on_problem("orders", true, "404 NOT_FOUND");
  CHECK((it.state().missing && !it.state().known && it.state().problem == "404 NOT_FOUND"));
  it.pass(10s);
  it.reads(900);
  CHECK((!it.state().missing && it.state().problem.empty() && it.state().depth == 900));
  CHECK(!it.state().rate_per_minute);
  CHECK(it.news().empty());
}

TEST_CASE("what cannot be read for another reason stays as it was known") {
  watchman it{depth_alert(10)};
  it.reads(10);
  it.of.on_problem("orders", false, "not connected");
  CHECK((it.state().known && it.state().depth == 10 && it.state().problem == "not connected"));
  CHECK(it.state().alerts.size() == 1);
}

TEST_CASE("a reload keeps what is known, and ends the alerts that are no longer asked for") {
  alert_policy both = depth_alert(10);
  both.age = 1h;
  both.webhook = "http://old/";
  watchman it{both};
  it.reads(10);
  it.of.on_head("orders", buried_at(noon - 2h), it.now);
  CHECK(it.news() == lines{"raised depth 10", "raised age 7200"});
  watched next = it.of.all().front();

  SECTION("the same again: nothing happens") {
    it.of.set({next}, it.now);
    CHECK(it.news().empty());
    CHECK(it.state().alerts.size() == 2);
  }
  SECTION("one is not asked for any more") {
    next.alert->age = 0s;
    it.of.set({next}, it.now);
    CHECK(it.news() == lines{"cleared age 7200"});
    CHECK((it.state().known && it.state().alerts.size() == 1));
  }
  SECTION("a higher threshold ends one at once") {
    next.alert->depth = 100;
    it.of.set({next}, it.now);
    CHECK(it.news() == lines{"cleared depth 10"});
  }
  SECTION("the whole dead letter is gone: the old webhook is told") {
    it.of.set({}, it.now);
    const auto events = it.of.take_events();
    REQUIRE(events.size() == 2);
    CHECK((!events[0].raised && events[0].webhook == "http://old/" && events[0].queue == "orders.dead"));
    CHECK(it.of.state().empty());
    it.of.on_depth("orders", 5, 0, it.now);
    it.of.on_problem("orders", true, "");
    it.of.on_head("orders", std::nullopt, it.now);
    CHECK(it.of.state().empty());
  }
  SECTION("another webhook: the old one hears the end, the new one the beginning") {
    next.alert->webhook = "http://new/";
    it.of.set({next}, it.now);
    std::vector<std::string> told;
    for (const alert_event& each : it.of.take_events())
      told.push_back((each.raised ? "raised to " : "cleared to ") + each.webhook);
    CHECK(told == lines{"cleared to http://old/", "cleared to http://old/", "raised to http://new/",
                        "raised to http://new/"});
  }
  SECTION("another queue: nothing is known of it") {
    next.queue = "orders.dead2";
    it.of.set({next}, it.now);
    CHECK(it.news().size() == 2);
    CHECK(!it.state().known);
  }
}

TEST_CASE("a collected one has its age from the store and is never looked at") {
  watchman it{age_alert(1h)};
  watched collected = it.of.all().front();
  collected.collect = true;
  it.of.set({collected}, it.now);
  it.reads(2);
  CHECK(!it.of.wants_look("orders", it.now));
  it.of.on_oldest("orders", noon - 1h, it.now);
  CHECK(it.news() == lines{"raised age 3600"});
}

TEST_CASE("when it died is told by postponed's own header, else by x-death") {
  CHECK(died_at(buried_at(noon), "orders.dead") == noon);
  CHECK(!died_at(std::string(2, '\0'), "orders.dead"));
  CHECK(!died_at("?", "orders.dead"));
}
