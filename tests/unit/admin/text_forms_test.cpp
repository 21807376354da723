#include "admin/text_forms.hpp"
#include "base/encodings.hpp"

#include <catch2/catch.hpp>

using namespace postponed::admin;
using postponed::is_utf8;
using namespace std::chrono_literals;

TEST_CASE("what is not UTF-8 is known and shown as such") {
  CHECK(is_utf8("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x90\x87"));
  for (const char* wrong : {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80",
                            "\xF4\x90\x80\x80", "a\xFF"}) {
    CHECK(!is_utf8(wrong));
    CHECK(is_utf8(shown_text(wrong)));
  }
  CHECK(shown_text("a\xFF"
                   "b\xC3\xA4") == "a\xEF\xBF\xBD"
                                   "b\xC3\xA4");
}

TEST_CASE("durations are read as the configuration writes them") {
  CHECK(duration_from("90s") == 90s);
  CHECK(duration_from("7d") == 7 * 24h);
  CHECK(duration_from("1d12h") == 36h);
  CHECK(duration_from("1h30m") == 90min);
  CHECK(duration_from("1m500ms") == 60500ms);
  for (const char* wrong : {"", "0s", "1", "h", "1y", "-1h", "1h 2m", "1m1h", "1h1h", "9999999d", "1.5h",
                            "99999999999s", "1s "}) {
    INFO(wrong);
    CHECK(!duration_from(wrong));
  }
}
