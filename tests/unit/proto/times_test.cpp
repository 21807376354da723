#include "proto/durations.hpp"
#include "proto/headers.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace postponed::proto;
using namespace std::chrono_literals;

namespace {

std::int64_t micros(std::string_view text) {
  const auto time = parse_rfc3339(text);
  INFO(text);
  REQUIRE(time);
  return time->time_since_epoch().count();
}

} // namespace

TEST_CASE("RFC 3339 times are read with any offset and fraction") {
  CHECK(micros("1970-01-01T00:00:00Z") == 0);
  CHECK(micros("2026-11-23T20:54:38Z") == 1795467278000000);
  CHECK(micros("2026-11-23t20:54:38z") == 1795467278000000);
  CHECK(micros("2026-11-23 20:54:38Z") == 1795467278000000);
  CHECK(micros("2026-11-23T21:54:38+01:00") == 1795467278000000);
  CHECK(micros("2026-11-23T00:54:38-20:00") == 1795467278000000);
  CHECK(micros("2026-11-24T20:53:38+23:59") == 1795467278000000);
  CHECK(micros("2026-11-23T20:54:38-00:00") == 1795467278000000);
  CHECK(micros("2026-11-23T20:54:38.5Z") == 1795467278500000);
  CHECK(micros("2026-11-23T20:54:38.123456Z") == 1795467278123456);
  CHECK(micros("2026-11-23T20:54:38.123456999Z") == 1795467278123456);
  CHECK(micros("2026-11-23T20:54:38.000000001+00:00") == 1795467278000000);
  CHECK(micros("1969-12-31T23:59:59.75Z") == -250000);
  CHECK(micros("0000-01-01T00:00:00Z") == -62167219200000000);
  CHECK(micros("9999-12-31T23:59:59.999999Z") == 253402300799999999);
}

TEST_CASE("the calendar is checked, leap years included") {
  CHECK(parse_rfc3339("2024-02-29T00:00:00Z"));
  CHECK(parse_rfc3339("2000-02-29T00:00:00Z"));
  for (const char* text :
       {"2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+00:60"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_rfc3339(text));
  }
}

TEST_CASE("a leap second ends a month in UTC and is the second after it") {
  CHECK(micros("2016-12-31T23:59:60Z") == micros("2017-01-01T00:00:00Z"));
  CHECK(micros("2016-12-31T23:59:60.5Z") == micros("2017-01-01T00:00:00.5Z"));
  CHECK(micros("2017-01-01T00:59:60+01:00") == micros("2017-01-01T00:00:00Z"));
  CHECK_FALSE(parse_rfc3339("2016-12-30T23:59:60Z"));
  CHECK_FALSE(parse_rfc3339("2016-12-31T23:58:60Z"));
  CHECK_FALSE(parse_rfc3339("2016-12-31T23:59:60+01:00"));
}

TEST_CASE("what is not RFC 3339 is refused") {
  const std::string good = "2026-11-23T20:54:38.123+01:00";
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK_FALSE(parse_rfc3339(good.substr(0, size)));
  for (const char* text :
       {" 2026-11-23T20:54:38Z", "2026-11-23T20:54:38Z ", "2026-11-23T20:54:38", "2026-11-23T20:54:38.Z",
        "2026-11-23T20:54:38.1234567890Z", "2026-11-23T20:54:38,5Z", "2026-11-23_20:54:38Z",
        "26-11-23T20:54:38Z", "2026/11/23T20:54:38Z", "+2026-11-23T20:54:38Z", "2026-11-23T20:54:38+0100",
        "2026-11-23T20:54:38+1:00", "2026-11-23T20:54Z", "2026-1-23T20:54:38Z", "-026-11-23T20:54:38Z",
        "2026-11-23T20:54:38UTC", "12026-11-23"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_rfc3339(text));
  }
}

TEST_CASE("times are written in UTC with milliseconds, the rest cut") {
  CHECK(format_rfc3339(wall_time{1795467278123999us}) == "2026-11-23T20:54:38.123Z");
  CHECK(format_rfc3339(wall_time{}) == "1970-01-01T00:00:00.000Z");
  CHECK(format_rfc3339(wall_time{-1us}) == "1969-12-31T23:59:59.999Z");
  CHECK(format_rfc3339(*parse_rfc3339("2024-02-29T09:08:07.006Z")) == "2024-02-29T09:08:07.006Z");
  CHECK(format_rfc3339(wall_time::max()) == "9999-12-31T23:59:59.999Z");
  CHECK(format_rfc3339(wall_time::min()) == "0000-01-01T00:00:00.000Z");
}

TEST_CASE("Go durations are read as Go reads them") {
  CHECK(parse_go_duration("0") == 0us);
  CHECK(parse_go_duration("-0") == 0us);
  CHECK(parse_go_duration("+5s") == 5s);
  CHECK(parse_go_duration("5s") == 5s);
  CHECK(parse_go_duration("-1478s") == -1478s);
  CHECK(parse_go_duration("1h30m0s") == 90min);
  CHECK(parse_go_duration("1.5s") == 1500ms);
  CHECK(parse_go_duration("1.s") == 1s);
  CHECK(parse_go_duration(".5s") == 500ms);
  CHECK(parse_go_duration("-.5s") == -500ms);
  CHECK(parse_go_duration("500ms") == 500ms);
  CHECK(parse_go_duration("2us") == 2us);
  CHECK(parse_go_duration("2\xC2\xB5s") == 2us);
  CHECK(parse_go_duration("2\xCE\xBCs") == 2us);
  CHECK(parse_go_duration("1999ns") == 1us);
  CHECK(parse_go_duration("-1999ns") == -1us);
  CHECK(parse_go_duration("10.5s4m") == 250500ms);
  CHECK(parse_go_duration("39h9m14.425s") == 140954425ms);
  CHECK(parse_go_duration("0.3333333333333333333h") == 20min);
  CHECK(parse_go_duration("0.100000000000000000000h") == 6min);
  CHECK(parse_go_duration("9223372036854775.807us") == 9223372036854775us);
  CHECK(parse_go_duration("-9223372036854775808ns") == -9223372036854775us);
  CHECK(parse_go_duration("9007199254.740993ms") == 9007199254740us);
}

TEST_CASE("what Go refuses as a duration is refused") {
  for (const char* text : {"",
                           "3",
                           "-",
                           "s",
                           ".",
                           "-.",
                           ".s",
                           "+.s",
                           "1d",
                           "1 s",
                           " 1s",
                           "1s ",
                           "1h 30m",
                           "5S",
                           "1m-1s",
                           "\x85\x85",
                           "1e3s",
                           "1ss",
                           "1.1.1s",
                           "00",
                           "9223372036854775808ns",
                           "9223372036854775.808us",
                           "9223372036854ms775us808ns",
                           "-9223372036854775809ns",
                           "3000000h",
                           "99999999999999999999h",
                           "2562047h48m",
                           "1\xC2s"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_go_duration(text));
  }
}

TEST_CASE("durations are shown as the file writes them") {
  CHECK(show_duration(0us) == "0s");
  CHECK(show_duration(24h * 365) == "365d");
  CHECK(show_duration(90min) == "1h30m");
  CHECK(show_duration(1500ms) == "1s500ms");
  CHECK(show_duration(-1us) == "-1us");
  CHECK_FALSE(show_duration(microseconds::min()).empty());
}
