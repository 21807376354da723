// Header tables for tests, every AMQP field type of RabbitMQ, as plain comparable values: what was published
// can be compared with what arrived, types and order included. Converted from and to rabbitmq-c's own tables.
// Pure data.
#pragma once

#include <amqp.h>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace postponed::test {

struct field;
using fields = std::vector<field>;

struct decimal {
  std::uint8_t decimals = 0;
  std::uint32_t value = 0;
  bool operator==(const decimal&) const = default;
};

struct field_value {
  std::uint8_t kind = AMQP_FIELD_KIND_VOID;
  // Signed kinds in int64_t, unsigned ones and the timestamp in uint64_t, strings and byte arrays in
  // std::string.
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, float, double, decimal, std::string,
               std::vector<field_value>, fields>
      data;

  // As in a log line: I:5, S:"text", F:{a=I:1}.
  std::string show() const;
};

struct field {
  std::string name;
  field_value value;
};

bool operator==(const field_value& left, const field_value& right);
bool operator==(const field& left, const field& right);

// Makers, named by what a reader of a test expects; any other kind: {AMQP_FIELD_KIND_.., data}.
field text(std::string name, std::string value);          // S
field integer(std::string name, std::int32_t value);      // I
field long_integer(std::string name, std::int64_t value); // l
field number(std::string name, double value);             // d
field boolean(std::string name, bool value);              // t
field timestamp(std::string name, std::uint64_t seconds); // T
field array(std::string name, std::vector<field_value> values);
field table(std::string name, fields values);

// The first field of that name, or nullptr. text_of: its string, or an empty one where it is no string or not
// there.
const field_value* find(const fields& in, const std::string& name);
std::string text_of(const fields& in, const std::string& name);
std::string show(const fields& all);

// The table lives as long as `pool` and `from`.
amqp_table_t to_table(const fields& from, amqp_pool_t& pool);
fields from_table(const amqp_table_t& table);

} // namespace postponed::test
