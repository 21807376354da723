// Server-sent events: their text, what is remembered, and listeners that are slow or go.
#include "admin/events.hpp"
#include "fake_exchange.hpp"

#include <catch2/catch.hpp>

using namespace postponed::admin;
using postponed::test::fake_exchange;

namespace {

// Goes at the latest with the last who looks at it, as a connection does: until then exchange and listener
// hold each other.
std::shared_ptr<fake_exchange> listen(event_log& to, const std::string& last = {}) {
  request asked{"GET", "/api/v1/events", "localhost"};
  asked.last_event_id = last;
  const auto one = std::make_shared<fake_exchange>();
  serve_events(to, asked, one);
  return {one.get(), [one](fake_exchange* of) { of->go(); }};
}

const std::string begin = ": postponed\n\n";
const std::string missed =
    "event: missed\ndata: {\"why\":\"what was asked for is no longer remembered\"}\n\n";

} // namespace

TEST_CASE("an event is its id, its type and its data, a line each") {
  CHECK(text_of({7, "released", "{\"a\":1}"}) == "id: 7\nevent: released\ndata: {\"a\":1}\n\n");
  CHECK(text_of({0, "closed", ""}) == "event: closed\ndata: \n\n");
  CHECK(text_of({1, "x", "a\nb\r\nc\rd\n"}) ==
        "id: 1\nevent: x\ndata: a\ndata: b\ndata: c\ndata: d\ndata: \n\n");
}

TEST_CASE("who listens is told what happens from then on") {
  event_log log;
  log.publish("before", "1");
  const auto one = listen(log);
  REQUIRE(one->head);
  CHECK(one->head->status == 200);
  CHECK(one->head->content_type == "text/event-stream");
  CHECK(one->when_idle == ":\n\n");
  CHECK(one->written == begin);
  log.publish("now", "2");
  const auto other = listen(log);
  log.publish("later", "3");
  CHECK(one->written == begin + "id: 2\nevent: now\ndata: 2\n\nid: 3\nevent: later\ndata: 3\n\n");
  CHECK(other->written == begin + "id: 3\nevent: later\ndata: 3\n\n");
}

TEST_CASE("who comes back is told first what it missed, or that this is forgotten") {
  event_log log{3};
  for (const char* each : {"1", "2", "3", "4", "5"})
    log.publish("e", each);
  const auto of = [](int id) {
    return "id: " + std::to_string(id) + "\nevent: e\ndata: " + std::to_string(id) + "\n\n";
  };
  CHECK(listen(log, "5")->written == begin);
  CHECK(listen(log, "4")->written == begin + of(5));
  CHECK(listen(log, "2")->written == begin + of(3) + of(4) + of(5));
  CHECK(listen(log, "1")->written == begin + missed + of(3) + of(4) + of(5));
  CHECK(listen(log, "99")->written == begin + missed + of(3) + of(4) + of(5)); // of before a restart
  CHECK(listen(log, "x")->written == begin + missed + of(3) + of(4) + of(5));
  CHECK(listen(log)->written == begin);
}

TEST_CASE("what is remembered is bounded in bytes too, and the latest always is") {
  event_log log{1000, 4096};
  for (int i = 0; i < 10; ++i)
    log.publish("e", std::string(1000, 'x'));
  const std::string some = listen(log, "0")->written;
  CHECK(some.find("id: 7\n") == std::string::npos);
  CHECK(some.find("id: 10\n") != std::string::npos);
  CHECK(some.size() < 6000);
  log.publish("e", std::string(10000, 'x'));
  CHECK(listen(log, "10")->written.size() > 10000);
}

TEST_CASE("who is too slow is told so at last and dropped; others are not") {
  event_log log;
  const auto slow = listen(log), quick = listen(log);
  slow->not_taken = (256 << 10) + 1;
  log.publish("e", "1");
  CHECK(slow->written == begin + "event: closed\ndata: {\"why\":\"too slow\"}\n\n");
  CHECK(slow->ended);
  CHECK(quick->written == begin + "id: 1\nevent: e\ndata: 1\n\n");
  CHECK(!quick->ended);
  CHECK(log.listeners() == 1);
}

TEST_CASE("who is too slow already for what it missed is dropped over that") {
  event_log log;
  log.publish("e", "1");
  request asked{"GET", "/api/v1/events", "localhost"};
  asked.last_event_id = "0";
  const auto one = std::make_shared<fake_exchange>();
  one->not_taken = 1;
  serve_events(log, asked, one, 0);
  CHECK(one->ended);
  CHECK(log.listeners() == 0);
}

TEST_CASE("who goes is forgotten, and is no harm to what outlives the other") {
  auto log = std::make_unique<event_log>();
  std::weak_ptr<fake_exchange> first;
  {
    const auto one = std::make_shared<fake_exchange>();
    serve_events(*log, {"GET", "/api/v1/events", "localhost"}, one);
    first = one;
    one->go();
  }
  CHECK(log->listeners() == 0);
  CHECK(first.expired()); // nothing holds itself
  const auto late = listen(*log);
  log.reset();
  late->go();
}
