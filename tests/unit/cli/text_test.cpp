#include "cli/text.hpp"

#include <catch2/catch.hpp>

using namespace postponed::cli;
using namespace std::chrono_literals;

TEST_CASE("nothing of a message commands a terminal") {
  CHECK(on_one_line("plain ünïcödé 数") == "plain ünïcödé 数");
  CHECK(on_one_line("a\x1b[31mred\x07") == "a\\x1b[31mred\\x07");
  CHECK(on_one_line("two\nlines\tand a tab\r") == "two\\nlines\\tand a tab\\x0d");
  CHECK(on_one_line("\xc2\x9b"
                    "31m") == "\\x9b31m"); // CSI in one character
  CHECK(on_one_line("\xe2\x80\xae"
                    "gnp.exe") == "\\u{202e}gnp.exe");
  CHECK(on_one_line("\xff\xc0\x80") == "\\xff\\xc0\\x80"); // no UTF-8, nor an overlong form of zero
  CHECK(on_one_line("\xed\xa0\x80") == "\\xed\\xa0\\x80"); // a surrogate
  CHECK(on_one_line("cut \xe2\x82") == "cut \\xe2\\x82");
  CHECK(on_lines("two\nlines\tand \x1b") == "two\nlines\tand \\x1b");
}

TEST_CASE("a text is cut by columns, not by bytes") {
  CHECK(width_of("ünï") == 3);
  CHECK(width_of("数字") == 4);
  CHECK(shortened("abcdef", 6) == "abcdef");
  CHECK(shortened("abcdefg", 6) == "abcde…");
  CHECK(shortened("数字数字", 6) == "数字…");
}

TEST_CASE("times are told from now on, in two units at most") {
  const postponed::proto::wall_time now = *postponed::proto::parse_rfc3339("2026-11-25T07:00:00Z");
  CHECK(relative(now, now) == "now");
  CHECK(relative(now + 999ms, now) == "now");
  CHECK(relative(now + 1s, now) == "in 1 s");
  CHECK(relative(now - 90s, now) == "1 min 30 s ago");
  CHECK(relative(now + 3h + 12min + 59s, now) == "in 3 h 12 min");
  CHECK(relative(now + 24h, now) == "in 1 d");
  CHECK(relative(now + 24h + 59s, now) == "in 1 d");
  CHECK(relative(now + 24h * 400, now) == "in 1 y 35 d");
  CHECK(relative("2026-11-25T07:00:30.5Z", now) == "in 30 s");
  CHECK(relative("soon\x1b", now) == "soon\\x1b");
}

TEST_CASE("numbers have their thousands apart, sizes their unit, one thing no s") {
  CHECK(count_text(0) == "0");
  CHECK(count_text(999) == "999");
  CHECK(count_text(1000) == "1,000");
  CHECK(count_text(12345678) == "12,345,678");
  CHECK(bytes_text(1023) == "1023 B");
  CHECK(bytes_text(1536) == "1.5 KiB");
  CHECK(bytes_text(std::uint64_t{3} << 30) == "3.0 GiB");
  CHECK(counted(1, "message") == "1 message");
  CHECK(counted(0, "message") == "0 messages");
}

TEST_CASE("columns stand in line, numbers at the right") {
  table all{{{"NAME"}, {"SIZE", true}, {"ERROR", false, 8}}, {}};
  all.rows.push_back({"ünïcödé", "1", "short"});
  all.rows.push_back({"数", "12,345", "much too long"});
  CHECK(all.text(false) == "NAME       SIZE  ERROR\n"
                           "ünïcödé       1  short\n"
                           "数       12,345  much to…\n");
  CHECK(all.text(true).starts_with("\x1b[1mNAME"));
}
