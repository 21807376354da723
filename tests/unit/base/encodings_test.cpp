#include "base/encodings.hpp"

#include <catch2/catch.hpp>

using namespace postponed;

TEST_CASE("base64 is RFC 4648's, there and back") {
  const std::pair<std::string, std::string> known[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : known) {
    CHECK(base64(bytes) == text);
    CHECK(base64_decoded(text) == bytes);
  }
  std::string all;
  for (int i = 0; i < 256; ++i)
    all += static_cast<char>(i);
  CHECK(base64_decoded(base64(all)) == all);
  for (const char* wrong : {"Zg", "Zg=", "Z===", "====", "Zm9v Zg==", "Zh==", "Zm9=", "Zg==Zg==", "-_-_"}) {
    INFO(wrong);
    CHECK(!base64_decoded(wrong));
  }
}

TEST_CASE("the first code point of a text is its value and its size, or nothing") {
  for (const auto& [text, value, size] : {std::tuple{"a", 0x61, 1},
                                          {"\x7F", 0x7F, 1},
                                          {"\xC2\x80", 0x80, 2},
                                          {"\xDF\xBFx", 0x7FF, 2},
                                          {"\xE0\xA0\x80", 0x800, 3},
                                          {"\xED\x9F\xBF", 0xD7FF, 3},
                                          {"\xEE\x80\x80", 0xE000, 3},
                                          {"\xEF\xBF\xBF", 0xFFFF, 3},
                                          {"\xF0\x90\x80\x80", 0x10000, 4},
                                          {"\xF4\x8F\xBF\xBF", 0x10FFFF, 4}}) {
    INFO(text);
    CHECK(first_code_point(text).value == static_cast<char32_t>(value));
    CHECK(first_code_point(text).size == static_cast<std::size_t>(size));
  }
  for (const char* const wrong :
       {"\x80", "\xBF", "\xC1\xBF", "\xC2", "\xC2x", "\xE0\x9F\xBF", "\xE2\x82", "\xED\xA0\x80",
        "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    INFO(wrong);
    CHECK(first_code_point(wrong).size == 0);
  }
}
