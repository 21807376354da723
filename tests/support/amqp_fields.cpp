#include "support/amqp_fields.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace postponed::test {

namespace {

amqp_bytes_t bytes_of(const std::string& from) {
  return {from.size(), const_cast<char*>(from.data())};
}
std::string string_of(const amqp_bytes_t& from) {
  return {static_cast<const char*>(from.bytes), from.len};
}

template <class T>
T* allocate(amqp_pool_t& pool, std::size_t count) {
  // The pool returns nothing for no octets.
  return static_cast<T*>(amqp_pool_alloc(&pool, std::max<std::size_t>(count, 1) * sizeof(T)));
}

amqp_field_value_t to_amqp(const field_value& from, amqp_pool_t& pool) {
  amqp_field_value_t to{};
  to.kind = from.kind;
  const auto whole = [&] { return std::get<std::int64_t>(from.data); };
  const auto natural = [&] { return std::get<std::uint64_t>(from.data); };
  switch (from.kind) {
  case AMQP_FIELD_KIND_BOOLEAN:
    to.value.boolean = std::get<bool>(from.data);
    break;
  case AMQP_FIELD_KIND_I8:
    to.value.i8 = static_cast<std::int8_t>(whole());
    break;
  case AMQP_FIELD_KIND_I16:
    to.value.i16 = static_cast<std::int16_t>(whole());
    break;
  case AMQP_FIELD_KIND_I32:
    to.value.i32 = static_cast<std::int32_t>(whole());
    break;
  case AMQP_FIELD_KIND_I64:
    to.value.i64 = whole();
    break;
  case AMQP_FIELD_KIND_U8:
    to.value.u8 = static_cast<std::uint8_t>(natural());
    break;
  case AMQP_FIELD_KIND_U16:
    to.value.u16 = static_cast<std::uint16_t>(natural());
    break;
  case AMQP_FIELD_KIND_U32:
    to.value.u32 = static_cast<std::uint32_t>(natural());
    break;
  case AMQP_FIELD_KIND_U64:
  case AMQP_FIELD_KIND_TIMESTAMP:
    to.value.u64 = natural();
    break;
  case AMQP_FIELD_KIND_F32:
    to.value.f32 = std::get<float>(from.data);
    break;
  case AMQP_FIELD_KIND_F64:
    to.value.f64 = std::get<double>(from.data);
    break;
  case AMQP_FIELD_KIND_DECIMAL: {
    const auto& value = std::get<decimal>(from.data);
    to.value.decimal = {value.decimals, value.value};
    break;
  }
  case AMQP_FIELD_KIND_UTF8:
  case AMQP_FIELD_KIND_BYTES:
    to.value.bytes = bytes_of(std::get<std::string>(from.data));
    break;
  case AMQP_FIELD_KIND_TABLE:
    to.value.table = to_table(std::get<fields>(from.data), pool);
    break;
  case AMQP_FIELD_KIND_ARRAY: {
    const auto& values = std::get<std::vector<field_value>>(from.data);
    to.value.array = {static_cast<int>(values.size()), allocate<amqp_field_value_t>(pool, values.size())};
    for (std::size_t i = 0; i < values.size(); ++i)
      to.value.array.entries[i] = to_amqp(values[i], pool);
    break;
  }
  case AMQP_FIELD_KIND_VOID:
    break;
  default:
    throw std::invalid_argument("no AMQP field type");
  }
  return to;
}

field_value from_amqp(const amqp_field_value_t& from) {
  field_value to;
  to.kind = from.kind;
  switch (from.kind) {
  case AMQP_FIELD_KIND_BOOLEAN:
    to.data = from.value.boolean != 0;
    break;
  case AMQP_FIELD_KIND_I8:
    to.data = std::int64_t{from.value.i8};
    break;
  case AMQP_FIELD_KIND_I16:
    to.data = std::int64_t{from.value.i16};
    break;
  case AMQP_FIELD_KIND_I32:
    to.data = std::int64_t{from.value.i32};
    break;
  case AMQP_FIELD_KIND_I64:
    to.data = from.value.i64;
    break;
  case AMQP_FIELD_KIND_U8:
    to.data = std::uint64_t{from.value.u8};
    break;
  case AMQP_FIELD_KIND_U16:
    to.data = std::uint64_t{from.value.u16};
    break;
  case AMQP_FIELD_KIND_U32:
    to.data = std::uint64_t{from.value.u32};
    break;
  case AMQP_FIELD_KIND_U64:
  case AMQP_FIELD_KIND_TIMESTAMP:
    to.data = from.value.u64;
    break;
  case AMQP_FIELD_KIND_F32:
    to.data = from.value.f32;
    break;
  case AMQP_FIELD_KIND_F64:
    to.data = from.value.f64;
    break;
  case AMQP_FIELD_KIND_DECIMAL:
    to.data = decimal{from.value.decimal.decimals, from.value.decimal.value};
    break;
  case AMQP_FIELD_KIND_UTF8:
  case AMQP_FIELD_KIND_BYTES:
    to.data = string_of(from.value.bytes);
    break;
  case AMQP_FIELD_KIND_TABLE:
    to.data = from_table(from.value.table);
    break;
  case AMQP_FIELD_KIND_ARRAY: {
    std::vector<field_value> values;
    for (int i = 0; i < from.value.array.num_entries; ++i)
      values.push_back(from_amqp(from.value.array.entries[i]));
    to.data = std::move(values);
    break;
  }
  default:
    break; // void
  }
  return to;
}

std::string escaped(const std::string& from) {
  std::string to = "\"";
  for (const char each : from) {
    const auto octet = static_cast<unsigned char>(each);
    char code[8];
    std::snprintf(code, sizeof code, "\\x%02x", octet);
    to += octet < 0x20 || octet > 0x7e ? std::string{code} : std::string(1, each);
  }
  return to + "\"";
}

struct shower {
  std::string operator()(std::monostate) const { return "void"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(std::uint64_t value) const { return std::to_string(value); }
  std::string operator()(float value) const { return std::to_string(value); }
  std::string operator()(double value) const { return std::to_string(value); }
  std::string operator()(const decimal& value) const {
    return std::to_string(value.value) + "e-" + std::to_string(value.decimals);
  }
  std::string operator()(const std::string& value) const { return escaped(value); }
  std::string operator()(const std::vector<field_value>& values) const {
    std::string to = "[";
    for (const field_value& each : values)
      to += (to.size() > 1 ? ", " : "") + each.show();
    return to + "]";
  }
  std::string operator()(const fields& values) const { return test::show(values); }
};

} // namespace

std::string field_value::show() const {
  return std::string(1, static_cast<char>(kind)) + ":" + std::visit(shower{}, data);
}

bool operator==(const field_value& left, const field_value& right) {
  return left.kind == right.kind && left.data == right.data;
}
bool operator==(const field& left, const field& right) {
  return left.name == right.name && left.value == right.value;
}

field text(std::string name, std::string value) {
  return {std::move(name), {AMQP_FIELD_KIND_UTF8, std::move(value)}};
}
field integer(std::string name, std::int32_t value) {
  return {std::move(name), {AMQP_FIELD_KIND_I32, std::int64_t{value}}};
}
field long_integer(std::string name, std::int64_t value) {
  return {std::move(name), {AMQP_FIELD_KIND_I64, value}};
}
field number(std::string name, double value) {
  return {std::move(name), {AMQP_FIELD_KIND_F64, value}};
}
field boolean(std::string name, bool value) {
  return {std::move(name), {AMQP_FIELD_KIND_BOOLEAN, value}};
}
field timestamp(std::string name, std::uint64_t seconds) {
  return {std::move(name), {AMQP_FIELD_KIND_TIMESTAMP, seconds}};
}
field array(std::string name, std::vector<field_value> values) {
  return {std::move(name), {AMQP_FIELD_KIND_ARRAY, std::move(values)}};
}
field table(std::string name, fields values) {
  return {std::move(name), {AMQP_FIELD_KIND_TABLE, std::move(values)}};
}

const field_value* find(const fields& in, const std::string& name) {
  for (const field& each : in)
    if (each.name == name) return &each.value;
  return nullptr;
}

std::string text_of(const fields& in, const std::string& name) {
  const field_value* const found = find(in, name);
  const auto* const value = found != nullptr ? std::get_if<std::string>(&found->data) : nullptr;
  return value != nullptr ? *value : std::string{};
}

std::string show(const fields& all) {
  std::string to = "{";
  for (const field& each : all)
    to += (to.size() > 1 ? ", " : "") + each.name + "=" + each.value.show();
  return to + "}";
}

amqp_table_t to_table(const fields& from, amqp_pool_t& pool) {
  amqp_table_t to{static_cast<int>(from.size()), allocate<amqp_table_entry_t>(pool, from.size())};
  for (std::size_t i = 0; i < from.size(); ++i) {
    to.entries[i].key = bytes_of(from[i].name);
    to.entries[i].value = to_amqp(from[i].value, pool);
  }
  return to;
}

fields from_table(const amqp_table_t& table) {
  fields to;
  for (int i = 0; i < table.num_entries; ++i)
    to.push_back({string_of(table.entries[i].key), from_amqp(table.entries[i].value)});
  return to;
}

} // namespace postponed::test
