#include "proto/errors.hpp"
#include "proto/properties.hpp"
#include "unit/proto/wire_bytes.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <utility>

using namespace postponed::proto;

namespace {

std::string all_properties() {
  return wire::number(0xFFFC, 2) + wire::short_string("text/plain") + wire::short_string("gzip") +
         wire::long_string(wire::text("k", "v")) + "\x01" + "\x09" + wire::short_string("correlation") +
         wire::short_string("reply") + wire::short_string("60000") + wire::short_string("id-1") +
         wire::number(1764000000, 8) + wire::short_string("type") + wire::short_string("guest") +
         wire::short_string("app") + wire::short_string("cluster");
}

field named(const std::vector<field>& fields, std::string_view name) {
  for (const field& each : fields)
    if (each.name == name) return each;
  FAIL("no field " << name);
  return {};
}

std::string nested_tables(int depth) {
  std::string table;
  for (int i = 1; i < depth; ++i)
    table = wire::nested("f", 'F', table);
  return table;
}

} // namespace

TEST_CASE("all fourteen properties are read") {
  const std::string raw = all_properties();
  const auto view = properties_view::parse(raw);
  REQUIRE(view.has_value());
  CHECK(view->content_type == "text/plain");
  CHECK(view->content_encoding == "gzip");
  CHECK(view->headers == wire::text("k", "v"));
  CHECK(view->delivery_mode == 1);
  CHECK(view->priority == 9);
  CHECK(view->correlation_id == "correlation");
  CHECK(view->reply_to == "reply");
  CHECK(view->expiration == "60000");
  CHECK(view->message_id == "id-1");
  CHECK(view->timestamp == 1764000000);
  CHECK(view->type == "type");
  CHECK(view->user_id == "guest");
  CHECK(view->app_id == "app");
  CHECK(view->cluster_id == "cluster");
}

TEST_CASE("properties encode to the bytes that they were read from, each alone and all together") {
  CHECK(encode(*properties_view::parse(all_properties())) == all_properties());
  const std::string none(2, '\0');
  CHECK(encode(*properties_view::parse(none)) == none);
  const std::string values[] = {wire::short_string("s"), wire::long_string(wire::every_type()), "\x02",
                                wire::number(77, 8)};
  for (int bit = 15; bit >= 2; --bit) {
    const std::string& value = values[bit == 13 ? 1 : bit == 12 || bit == 11 ? 2 : bit == 6 ? 3 : 0];
    const std::string raw = wire::number(1U << bit, 2) + value;
    CAPTURE(bit);
    const auto view = properties_view::parse(raw);
    REQUIRE(view.has_value());
    CHECK(encode(*view) == raw);
  }
}

TEST_CASE("properties cut short anywhere, or too long, are malformed") {
  const std::string raw = all_properties();
  for (std::size_t size = 0; size < raw.size(); ++size) {
    CAPTURE(size);
    const std::string cut{raw, 0, size}; // a copy, so that a sanitizer sees what reads past it
    CHECK(properties_view::parse(cut).error() == errc::malformed_properties);
  }
  CHECK(properties_view::parse(raw + "x").error() == errc::malformed_properties);
}

TEST_CASE("property flags beyond the fourteen are malformed") {
  CHECK_FALSE(properties_view::parse(wire::number(0x0001, 2)).has_value());
  CHECK_FALSE(properties_view::parse(wire::number(0x0002, 2)).has_value());
  CHECK_FALSE(properties_view::parse(wire::number(0x0001, 2) + wire::number(0, 2)).has_value());
}

TEST_CASE("a header table said to be longer than the properties is malformed") {
  CHECK_FALSE(properties_view::parse(wire::number(0x2000, 2) + wire::number(0xFFFFFFFF, 4)).has_value());
  CHECK_FALSE(properties_view::parse(wire::number(0x2000, 2) + wire::number(1, 4)).has_value());
}

TEST_CASE("every field type is read with its value") {
  const std::string table = wire::every_type();
  const auto fields = read_table(table);
  REQUIRE(fields.has_value());
  REQUIRE(fields->size() == 25);
  CHECK(named(*fields, "u16").integer() == 0xFFFE);
  CHECK(named(*fields, "yes").boolean() == true);
  CHECK(named(*fields, "odd true").boolean() == true);
  CHECK(named(*fields, "i8").integer() == -128);
  CHECK(named(*fields, "u8").integer() == 255);
  CHECK(named(*fields, "i16").integer() == -32768);
  CHECK(named(*fields, "i32").integer() == INT32_MIN);
  CHECK(named(*fields, "u32").integer() == 4294967295);
  CHECK(named(*fields, "i64").integer() == INT64_MIN);
  CHECK(named(*fields, "u64").integer() == std::nullopt);
  CHECK(std::isnan(named(*fields, "float").real().value()));
  CHECK(named(*fields, "double").real() == -std::numeric_limits<double>::infinity());
  CHECK(named(*fields, "decimal").real().value() == Approx(3.14));
  CHECK(named(*fields, "string").text()->size() == 27);
  CHECK(named(*fields, "empty").text() == "");
  CHECK(named(*fields, "").text() == "no name");
  CHECK(named(*fields, "time").integer() == 1764000000);
  CHECK(named(*fields, "void").value.empty());
  CHECK(named(*fields, "bytes").text() == std::string_view("\0\1\2", 3));
  CHECK(named(*fields, "empty array").array() == "");

  const auto elements = read_array(named(*fields, "array").array().value());
  REQUIRE(elements.has_value());
  REQUIRE(elements->size() == 4);
  CHECK((*elements)[1].text() == "x");
  CHECK((*elements)[1].name.empty());
  const auto inner = read_table((*elements)[3].table().value());
  REQUIRE(inner.has_value());
  CHECK(named(*inner, "deep").table() == "");
}

TEST_CASE("a field answers for its own type only") {
  const std::string table = wire::text("s", "1") + wire::int64("l", 1) + wire::real("d", 1);
  const auto fields = read_table(table).value();
  CHECK_FALSE(fields[0].integer());
  CHECK_FALSE(fields[0].real());
  CHECK_FALSE(fields[0].boolean());
  CHECK_FALSE(fields[0].table());
  CHECK_FALSE(fields[0].array());
  CHECK_FALSE(fields[1].text());
  CHECK_FALSE(fields[1].real());
  CHECK_FALSE(fields[2].integer());
  CHECK_FALSE(field{"made by hand", 'l', "123"}.integer());
  CHECK_FALSE(field{"made by hand", 'S', "123"}.text());
}

TEST_CASE("a table cut short within a field is malformed, between fields it is shorter") {
  const std::string table = wire::every_type();
  std::vector<std::size_t> ends{0};
  const auto whole = read_table(table).value();
  for (const field& each : whole)
    ends.push_back(static_cast<std::size_t>(each.value.data() + each.value.size() - table.data()));
  std::size_t accepted = 0;
  for (std::size_t size = 0; size <= table.size(); ++size) {
    const std::string cut{table, 0, size};
    const auto fields = read_table(cut);
    CAPTURE(size);
    const bool between = std::find(ends.begin(), ends.end(), size) != ends.end();
    CHECK(fields.has_value() == between);
    if (fields) CHECK(fields->size() == accepted++);
    if (!fields) CHECK(fields.error() == errc::malformed_table);
  }
}

TEST_CASE("tables with unknown types or wrong lengths are malformed, nested ones too") {
  for (int type = 0; type < 256; ++type) {
    const bool known = type != 0 && std::string_view{"tbBsuIilLfdDSATFVx"}.find(static_cast<char>(type)) !=
                                        std::string_view::npos;
    CAPTURE(type);
    const std::string table = wire::field("n", static_cast<char>(type), std::string(8, '\0'));
    if (!known) CHECK_FALSE(read_table(table).has_value());
    if (!known) CHECK_FALSE(read_table(wire::nested("in", 'F', table)).has_value());
    if (!known)
      CHECK_FALSE(read_array(std::string(1, static_cast<char>(type)) + std::string(8, '\0')).has_value());
  }
  CHECK_FALSE(read_table(wire::field("s", 'S', wire::number(0xFFFFFFFF, 4) + "abc")).has_value());
  CHECK_FALSE(read_table(wire::field("s", 'S', wire::number(4, 4) + "abc")).has_value());
  CHECK_FALSE(read_table(wire::nested("f", 'F', wire::number(200, 1) + "name")).has_value());
  CHECK_FALSE(read_table(wire::nested("a", 'A', "S" + wire::number(0x7FFFFFFF, 4))).has_value());
}

TEST_CASE("sixty-four levels of nesting are read, one more is malformed") {
  CHECK(read_table(nested_tables(64)).has_value());
  CHECK(read_table(nested_tables(65)).error() == errc::malformed_table);
  CHECK_FALSE(read_table(nested_tables(10000)).has_value());
  std::string arrays;
  for (int i = 0; i < 10000; ++i)
    arrays = "A" + wire::long_string(arrays);
  CHECK_FALSE(read_array(arrays).has_value());
}

TEST_CASE("an editor that changes nothing encodes the same bytes") {
  const std::string table = wire::every_type();
  CHECK(header_editor{read_table(table).value()}.encode() == table);
  CHECK(header_editor{{}}.encode().empty());
  CHECK(header_editor{{}}.empty());
}

TEST_CASE("an editor replaces in place, appends what is new, and leaves the rest alone") {
  const std::string before = wire::text("a", "1") + wire::every_type();
  const std::string after = wire::text("z", "26");
  const std::string table = before + wire::field("mid", 'b', "\x05") + after;
  header_editor editor{read_table(table).value()};
  editor.set_text("mid", "short");
  editor.set_integer("new", -2);
  editor.set_boolean("flag", true);
  CHECK(editor.encode() == before + wire::text("mid", "short") + after + wire::int64("new", -2) +
                               wire::field("flag", 't', "\x01"));
  editor.set_text("mid", "again");
  editor.remove("new");
  editor.remove("absent");
  editor.remove_if([](std::string_view name) { return name == "flag"; });
  CHECK(editor.encode() == before + wire::text("mid", "again") + after);
}

TEST_CASE("set leaves one field of a name, where the first stood") {
  const std::string table =
      wire::text("d", "1") + wire::text("k", "v") + wire::text("d", "2") + wire::text("d", "3");
  header_editor editor{read_table(table).value()};
  editor.set_text("d", "new");
  CHECK(editor.encode() == wire::text("d", "new") + wire::text("k", "v"));
}

TEST_CASE("an editor keeps its own values through growth and a move") {
  header_editor editor{{}};
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "h" + std::to_string(i); // short strings live within their object
    editor.set_text(name, std::to_string(i));
    expected += wire::text(name, std::to_string(i));
  }
  header_editor moved = std::move(editor);
  CHECK(moved.encode() == expected);
}
