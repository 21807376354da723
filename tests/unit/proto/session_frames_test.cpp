#include "proto/frame_codec.hpp"
#include "proto/session_frames.hpp"
#include "support/scripted_broker.hpp"

#include <catch2/catch.hpp>

using namespace postponed;
using namespace postponed::proto;
using found = frame_splitter::found;

TEST_CASE("frames come out whole wherever two reads cut them") {
  const std::string said = test::frame(1, 0, "method") + test::frame(8, 0, "") + test::frame(2, 7, "header") +
                           test::frame(3, 65535, "body");
  for (std::size_t cut = 0; cut <= said.size(); ++cut) {
    frame_splitter splitter;
    std::string seen;
    for (std::string_view input :
         {std::string_view{said}.substr(0, cut), std::string_view{said}.substr(cut)}) {
      frame each;
      while (splitter.next(input, 100, each) == found::frame)
        seen += std::to_string(each.type) + "/" + std::to_string(each.channel) + "=" +
                std::string{each.payload} + " ";
      CHECK(input.empty());
    }
    REQUIRE(seen == "1/0=method 8/0= 2/7=header 3/65535=body ");
  }
}

TEST_CASE("a frame that stands whole in the input is not copied") {
  const std::string said = test::frame(3, 1, "the body");
  frame_splitter splitter;
  std::string_view input = said;
  frame each;
  REQUIRE(splitter.next(input, 100, each) == found::frame);
  CHECK(each.payload.data() == said.data() + 7);
}

TEST_CASE("a frame of frame_max passes, one octet more does not, and that is known from its head") {
  frame_splitter splitter;
  const std::string fits = test::frame(3, 1, std::string(92, 'x')),
                    over = test::frame(3, 1, std::string(93, 'x'));
  std::string_view input = fits;
  frame each;
  CHECK(splitter.next(input, 100, each) == found::frame);
  input = std::string_view{over}.substr(0, 6);
  CHECK(splitter.next(input, 100, each) == found::nothing);
  input = std::string_view{over}.substr(6, 1);
  CHECK(splitter.next(input, 100, each) == found::too_large);
}

TEST_CASE("strings over 255 bytes are not encoded, and leave the output as it was") {
  std::string out = "before";
  const std::string long_name(256, 'x');
  CHECK(!encode::publish(out, 1, long_name, "", true));
  CHECK(!encode::publish(out, 1, "", long_name, true));
  CHECK(!encode::consume(out, 1, "q", long_name, {}));
  CHECK(!encode::connection_close(out, 200, long_name));
  CHECK(out == "before");
  CHECK(encode::publish(out, 1, long_name.substr(1), long_name.substr(1), true));
}
