// Reading and editing basic-class properties and header tables in their wire form.
//
// Why not decode and encode again: a header table may hold any AMQP field type, nested, and a round trip
// through C structures would have to be proved lossless for each. Views point into the caller's bytes; edits
// copy what they keep, byte for byte. Pure; any thread. Source: AMQP 0-9-1 sections 4.2.5.5 and 4.2.6.1,
// RabbitMQ's errata for field types (t b B s u I i l L f d D S A T F V x).
#pragma once

#include <boost/system/result.hpp>

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postponed::proto {

// One field of a table (or, with an empty name, one element of an array).
struct field {
  std::string_view name;
  char type = 'V';
  std::string_view value; // the encoded value, without the type octet

  // Each answers nothing where the type is another one.
  std::optional<std::string_view> text() const;  // S or x: the bytes, without the length
  std::optional<std::int64_t> integer() const;   // b B s u I i l L T; L above 2^63-1 answers nothing
  std::optional<double> real() const;            // f d D
  std::optional<bool> boolean() const;           // t
  std::optional<std::string_view> table() const; // F: the fields, without the length
  std::optional<std::string_view> array() const; // A: the elements, without the length
};

// Splits the fields of a table (its bytes without the 4-byte length). Errors: errc::malformed_table for a
// length that runs out of the table, an unknown type, or nesting deeper than 64.
boost::system::result<std::vector<field>> read_table(std::string_view table);
boost::system::result<std::vector<field>> read_array(std::string_view array);

// All properties of one message; the views point into the bytes given to parse().
struct properties_view {
  std::optional<std::string_view> content_type, content_encoding;
  std::optional<std::string_view> headers; // the table without its length; parse with read_table
  std::optional<std::uint8_t> delivery_mode, priority;
  std::optional<std::string_view> correlation_id, reply_to, expiration, message_id;
  std::optional<std::uint64_t> timestamp; // seconds since 1970
  std::optional<std::string_view> type, user_id, app_id, cluster_id;

  // Errors: errc::malformed_properties. The header table is bounds-checked as a whole, not read.
  static boost::system::result<properties_view> parse(std::string_view raw);
};

// Encodes the view's present properties in wire form (flags first). REQUIRES: short strings of 255 bytes at
// most.
std::string encode(const properties_view& properties);

// Edits a header table: fields that are not named keep their place and bytes; set() on a present name
// replaces it where it stands (a second field of that name goes), on an absent one appends. Names are at most
// 128 bytes. The bytes that the fields point into must outlive the editor. Moved, not copied: the fields may
// point into the editor.
class header_editor {
 public:
  explicit header_editor(std::vector<field> fields) : fields_{std::move(fields)} {}
  header_editor(header_editor&&) = default;
  header_editor& operator=(header_editor&&) = default;

  void remove(std::string_view name);
  // Removes every field for which the predicate answers true.
  template <typename Predicate>
  void remove_if(Predicate predicate) {
    std::erase_if(fields_, [&](const field& each) { return predicate(each.name); });
  }
  void set_text(std::string_view name, std::string_view value); // type S
  void set_integer(std::string_view name, std::int64_t value);  // type l
  void set_boolean(std::string_view name, bool value);          // type t
  bool empty() const { return fields_.empty(); }
  const std::vector<field>& fields() const { return fields_; }

  std::string encode() const; // the table without its length

 private:
  void set(std::string_view name, char type, std::string value);

  std::vector<field> fields_;
  std::list<std::pair<std::string, std::string>> owned_; // the names and values that set() made
};

} // namespace postponed::proto
