#include "proto/confirm_window.hpp"

#include <catch2/catch.hpp>

using namespace postponed::proto;
using outcome = confirm_window::outcome;

namespace {

// "key:outcome" in order.
std::string show(std::vector<confirm_window::settled>& settled) {
  std::string line;
  for (const auto& each : settled) {
    const char* const names[] = {"confirmed", "returned", "refused", "unknown"};
    line += std::to_string(each.key) + ":" + names[static_cast<int>(each.result)] + " ";
  }
  settled.clear();
  return line;
}

confirm_window window_of(std::uint64_t count) {
  confirm_window window;
  for (std::uint64_t tag = 1; tag <= count; ++tag)
    window.add(tag, 100 + tag, 10);
  return window;
}

} // namespace

TEST_CASE("confirms settle in any order, each once") {
  confirm_window window = window_of(4);
  std::vector<confirm_window::settled> out;
  CHECK((window.size() == 4 && window.bytes() == 40));
  window.on_confirmed(3, false, out);
  window.on_confirmed(1, false, out);
  CHECK(show(out) == "103:confirmed 101:confirmed ");
  window.on_confirmed(3, false, out);
  window.on_confirmed(1, true, out);
  CHECK(show(out).empty());
  CHECK((window.size() == 2 && window.bytes() == 20));
  window.on_confirmed(4, true, out);
  CHECK(show(out) == "102:confirmed 104:confirmed ");
  CHECK((window.empty() && window.bytes() == 0));
}

TEST_CASE("multiple settles everything up to its tag, and nought everything") {
  confirm_window window = window_of(5);
  std::vector<confirm_window::settled> out;
  window.on_confirmed(3, true, out);
  CHECK(show(out) == "101:confirmed 102:confirmed 103:confirmed ");
  window.on_refused(0, true, out);
  CHECK(show(out) == "104:refused 105:refused ");
}

TEST_CASE("tags that were never added settle nothing") {
  confirm_window window = window_of(2);
  std::vector<confirm_window::settled> out;
  window.on_confirmed(3, false, out);
  window.on_confirmed(0, false, out);
  window.on_refused(~0ull, false, out);
  CHECK(show(out).empty());
  window.on_confirmed(9, true, out); // a publish of which the window knows nothing
  CHECK(show(out) == "101:confirmed 102:confirmed ");
  confirm_window none;
  none.on_confirmed(1, true, out);
  none.on_confirmed(0, true, out);
  none.on_lost(out);
  CHECK(show(out).empty());
}

TEST_CASE("a refusal is one") {
  confirm_window window = window_of(3);
  std::vector<confirm_window::settled> out;
  window.on_refused(2, false, out);
  window.on_confirmed(3, true, out);
  CHECK(show(out) == "102:refused 101:confirmed 103:confirmed ");
}

TEST_CASE("a return wins over the ack that follows it, and brings its text") {
  confirm_window window = window_of(3);
  std::vector<confirm_window::settled> out;
  CHECK(window.on_returned(102, 312, "NO_ROUTE"));
  CHECK(window.size() == 3);
  window.on_confirmed(3, true, out);
  REQUIRE(out.size() == 3);
  CHECK(out[1].code == 312);
  CHECK(out[1].text == "NO_ROUTE");
  CHECK((out[0].code == 0 && out[0].text.empty()));
  CHECK(show(out) == "101:confirmed 102:returned 103:confirmed ");
}

TEST_CASE("a return wins over a refusal and over the loss of the channel") {
  confirm_window window = window_of(2);
  std::vector<confirm_window::settled> out;
  window.on_returned(101, 312, "NO_ROUTE");
  window.on_refused(1, false, out);
  CHECK(show(out) == "101:returned ");
  window.on_returned(102, 312, "NO_ROUTE");
  window.on_lost(out);
  CHECK(out[0].text == "NO_ROUTE");
  CHECK(show(out) == "102:returned ");
}

TEST_CASE("a return of something that is not in the window is told") {
  confirm_window window = window_of(1);
  std::vector<confirm_window::settled> out;
  CHECK(!window.on_returned(7, 312, "NO_ROUTE"));
  window.on_confirmed(1, false, out);
  CHECK(!window.on_returned(101, 312, "NO_ROUTE"));
  // ... and does not colour a later publish of the same key.
  out.clear();
  window.add(2, 101, 1);
  window.on_confirmed(2, false, out);
  CHECK(show(out) == "101:confirmed ");
}

TEST_CASE("after a loss everything left is unknown, oldest first, and tags count from 1 again") {
  confirm_window window = window_of(4);
  std::vector<confirm_window::settled> out;
  window.on_confirmed(2, false, out);
  out.clear();
  window.on_lost(out);
  CHECK(show(out) == "101:unknown 103:unknown 104:unknown ");
  CHECK((window.empty() && window.bytes() == 0));
  window.add(1, 101, 5);
  window.on_confirmed(1, false, out);
  CHECK(show(out) == "101:confirmed ");
}

TEST_CASE("tags may be skipped, for publishes that nobody waits for") {
  confirm_window window;
  std::vector<confirm_window::settled> out;
  window.add(5, 1, 1);
  window.add(9, 2, 1);
  CHECK(window.size() == 2);
  window.on_confirmed(7, false, out);
  CHECK(show(out).empty());
  window.on_confirmed(9, true, out);
  CHECK(show(out) == "1:confirmed 2:confirmed ");
}

TEST_CASE("a window of a hundred thousand settles at a cost that grows with its size alone") {
  // Each in turn from the newest to the oldest, with a multiple for the first after each: a scan of what is
  // settled would be five thousand million steps.
  constexpr std::uint64_t count = 100'000;
  std::vector<confirm_window::settled> out;
  SECTION("newest first") {
    confirm_window window = window_of(count);
    for (std::uint64_t tag = count; tag > 0; --tag) {
      window.on_confirmed(tag, false, out);
      window.on_confirmed(0, false, out);
    }
    CHECK(window.empty());
  }
  SECTION("multiple for each, oldest first, behind ever new ones") {
    confirm_window window = window_of(count);
    for (std::uint64_t tag = 1; tag <= count; ++tag) {
      window.on_confirmed(tag, true, out);
      window.add(count + tag, 10 * count + tag, 1);
    }
    CHECK(window.size() == count);
  }
  CHECK(out.size() == count);
}

TEST_CASE("what is abandoned settles no more, whatever comes for it") {
  confirm_window window = window_of(3);
  std::vector<confirm_window::settled> out;
  window.on_returned(102, 312, "NO_ROUTE");
  window.abandon(102);
  window.abandon(7);
  CHECK((window.size() == 2 && window.bytes() == 20));
  CHECK(!window.on_returned(102, 312, "NO_ROUTE"));
  window.add(4, 102, 10); // published again
  window.on_confirmed(2, false, out);
  CHECK(show(out).empty());
  window.on_confirmed(4, true, out);
  CHECK(show(out) == "101:confirmed 103:confirmed 102:confirmed ");
}
