// Properties and header tables written octet by octet, apart from the code under test.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace wire {

inline std::string number(std::uint64_t value, int octets) {
  std::string out;
  for (int i = octets - 1; i >= 0; --i)
    out += static_cast<char>((value >> (8 * i)) & 0xFF);
  return out;
}
inline std::string short_string(std::string_view text) {
  return number(text.size(), 1).append(text);
}
inline std::string long_string(std::string_view text) {
  return number(text.size(), 4).append(text);
}

// One field: name, type octet, encoded value.
inline std::string field(std::string_view name, char type, std::string_view value) {
  return (short_string(name) + type).append(value);
}
inline std::string text(std::string_view name, std::string_view value) {
  return field(name, 'S', long_string(value));
}
inline std::string int64(std::string_view name, std::int64_t value) {
  return field(name, 'l', number(static_cast<std::uint64_t>(value), 8));
}
inline std::string real(std::string_view name, double value) {
  return field(name, 'd', number(std::bit_cast<std::uint64_t>(value), 8));
}
inline std::string nested(std::string_view name, char type, std::string_view content) {
  return field(name, type, long_string(content));
}

// Properties with headers alone, and with headers and delivery_mode 2, as postponed sends them.
inline std::string with_headers(std::string_view table) {
  return number(0x2000, 2) + long_string(table);
}
inline std::string persistent(std::string_view table) {
  return number(0x3000, 2) + long_string(table) + '\2';
}

// Every field type there is, with awkward names and values, in an order that no sorting would give.
inline std::string every_type() {
  std::string all;
  all += field("u16", 'u', number(0xFFFE, 2));
  all += field("yes", 't', "\x01");
  all += field("odd true", 't', "\x7F");
  all += field("i8", 'b', "\x80");
  all += field("u8", 'B', "\xFF");
  all += field("i16", 's', number(0x8000, 2));
  all += field("i32", 'I', number(0x80000000, 4));
  all += field("u32", 'i', number(0xFFFFFFFF, 4));
  all += field("i64", 'l', number(0x8000000000000000, 8));
  all += field("u64", 'L', number(0xFFFFFFFFFFFFFFFF, 8));
  all += field("float", 'f', number(0x7FC00001, 4)); // a NaN with a payload
  all += field("double", 'd', number(0xFFF0000000000000, 8));
  all += field("decimal", 'D', "\x02" + number(314, 4));
  all += text("string", "with \xC3\xA4 and \xFF and a zero: " + std::string(1, '\0'));
  all += text("empty", "");
  all += text("", "no name");
  all += nested("array", 'A',
                std::string{"V"} + "S" + long_string("x") + "A" + long_string("t\x01") + "F" +
                    long_string(field("in", 'V', "") + nested("deep", 'F', "")));
  all += nested("empty array", 'A', "");
  all += field("time", 'T', number(1764000000, 8));
  all += nested("table", 'F', text("a", "b") + nested("c", 'F', int64("d", -1)));
  all += field("void", 'V', "");
  all += field("bytes", 'x', long_string(std::string("\0\1\2", 3)));
  all += text("twice", "first");
  all += text("twice", "second");
  all += text(std::string(255, 'n'), "the longest name");
  return all;
}

} // namespace wire
