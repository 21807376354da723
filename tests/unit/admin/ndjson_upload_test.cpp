// Lines of JSON in an exchange of pieces: bounded on both sides, and what was taken is answered.
#include "admin/ndjson_upload.hpp"
#include "fake_control.hpp"
#include "fake_exchange.hpp"

#include <catch2/catch.hpp>

using namespace postponed;
using namespace postponed::admin;
using namespace std::chrono_literals;
using postponed::test::fake_exchange;
using postponed::test::fake_messages;

namespace {

const std::string line = "{\"queue\": \"q\", \"delay\": \"1s\"}\n";

struct upload {
  fake_messages messages;
  std::shared_ptr<fake_exchange> with = std::make_shared<fake_exchange>();
  std::optional<std::pair<std::uint64_t, std::uint64_t>> told;

  upload() {
    ndjson_upload::begin(messages, with, [this](std::uint64_t held, std::uint64_t refused) {
      told = {held, refused};
    });
  }
  void hold(std::size_t index) { messages.waiting.at(index)(scheduled{{1, 2, 3}, wall_time{60s}, false}); }
};

} // namespace

TEST_CASE("each line is answered when it is durable, while the next ones come") {
  upload up;
  REQUIRE(up.with->head);
  CHECK(up.with->head->content_type == "application/x-ndjson");
  up.with->give(line + line.substr(0, 5));
  REQUIRE(up.messages.waiting.size() == 1);
  up.hold(0);
  CHECK_THAT(up.with->written, Catch::Contains("\"line\":1,\"status\":201}\n"));
  CHECK(up.with->reads());
  up.with->give(line.substr(5), body_piece::state::end);
  REQUIRE(up.messages.waiting.size() == 2);
  CHECK(!up.with->ended);
  CHECK(!up.told);
  up.hold(1);
  CHECK(up.with->ended);
  CHECK(up.told == std::pair<std::uint64_t, std::uint64_t>{2, 0});
  up.messages.waiting.clear();
  CHECK(up.with.use_count() == 1); // nothing holds itself
}

TEST_CASE("nothing more is read while much is not durable yet") {
  upload up;
  const std::string padded =
      line.substr(0, line.size() - 2) + ", \"body\": \"" + std::string(1 << 20, 'x') + "\"}\n";
  for (int i = 0; i < 4; ++i) {
    REQUIRE(up.with->reads());
    up.with->give(padded);
  }
  CHECK(!up.with->reads()); // more than 4 MiB
  up.hold(0);
  CHECK(up.with->reads());
  up.with->give({}, body_piece::state::end);
  for (std::size_t i = 1; i < 4; ++i)
    up.hold(i);
  CHECK(up.told == std::pair<std::uint64_t, std::uint64_t>{4, 0});
}

TEST_CASE("nothing more is read while the peer does not read what was answered") {
  upload up;
  up.with->not_taken = std::size_t{17} << 20;
  up.with->give("nonsense\n");
  CHECK(!up.with->reads());
  up.with->take_all();
  CHECK(up.with->reads());
  up.with->give({}, body_piece::state::end);
  CHECK(up.told == std::pair<std::uint64_t, std::uint64_t>{0, 1});
}

TEST_CASE("of a peer that goes away the whole lines count, and the half one does not") {
  upload up;
  up.with->give(line + line.substr(0, line.size() - 1)); // JSON, but its end may be missing
  SECTION("while it is read from") {
    up.with->go();
  }
  SECTION("while it does not read") {
    up.with->not_taken = std::size_t{17} << 20;
    up.with->give("\n" + line.substr(0, 3));
    REQUIRE(!up.with->reads());
    up.with->go();
    REQUIRE(up.messages.waiting.size() == 2);
    up.hold(1);
  }
  CHECK(!up.told);
  up.hold(0);
  REQUIRE(up.told);
  CHECK(up.told->first == up.messages.waiting.size());
  up.messages.waiting.clear();
  CHECK(up.with.use_count() == 1);
}

TEST_CASE("a body of nothing is answered with nothing") {
  upload up;
  up.with->give({}, body_piece::state::end);
  CHECK(up.with->ended);
  CHECK(up.with->written.empty());
}
