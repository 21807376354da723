#include "proto/properties.hpp"

#include "proto/errors.hpp"
#include "proto/octets.hpp"
#include "proto/properties_writer.hpp"
#include "proto/table_cursor.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>
#include <type_traits>

namespace postponed::proto {

namespace {

// The content of a value that begins with its own 4-byte length.
std::optional<std::string_view> counted(const field& each) {
  if (each.value.size() < 4) return std::nullopt;
  return each.value.substr(4);
}

template <typename Number>
std::optional<std::int64_t> whole(const field& each) {
  using bits = std::make_unsigned_t<Number>;
  if (each.value.size() != sizeof(Number)) return std::nullopt;
  const auto value = static_cast<Number>(load_octets<bits>(each.value));
  if constexpr (std::is_same_v<Number, std::uint64_t>)
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

boost::system::result<std::vector<field>> read(std::string_view bytes, table_cursor::form what) {
  std::vector<field> fields;
  table_cursor cursor{bytes, what};
  while (cursor.next())
    fields.push_back(cursor.current());
  if (cursor.malformed()) return errc::malformed_table;
  return fields;
}

// Takes values off the front of the property list. After a failure everything answers nothing and ok() is
// false.
class property_reader {
 public:
  property_reader(std::string_view list, std::uint16_t flags) : rest_{list}, flags_{flags} {}

  void take(std::uint16_t bit, std::optional<std::string_view>& out) {
    if ((flags_ & bit) == 0 || !need(1)) return;
    const std::size_t size = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    if (!need(size)) return;
    out = cut(size);
  }
  void take(std::uint16_t bit, std::optional<std::uint8_t>& out) {
    if ((flags_ & bit) != 0 && need(1)) out = load_octets<std::uint8_t>(cut(1));
  }
  void take(std::uint16_t bit, std::optional<std::uint64_t>& out) {
    if ((flags_ & bit) != 0 && need(8)) out = load_octets<std::uint64_t>(cut(8));
  }
  void take_table(std::uint16_t bit, std::optional<std::string_view>& out) {
    if ((flags_ & bit) == 0 || !need(4)) return;
    const std::size_t size = load_octets<std::uint32_t>(cut(4));
    if (need(size)) out = cut(size);
  }
  // All flagged values were there, and nothing follows them.
  bool complete() const { return ok_ && rest_.empty(); }

 private:
  bool need(std::size_t size) { return ok_ = ok_ && rest_.size() >= size; }
  std::string_view cut(std::size_t size) {
    const std::string_view front = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return front;
  }

  std::string_view rest_;
  std::uint16_t flags_;
  bool ok_ = true;
};

} // namespace

std::optional<std::string_view> field::text() const {
  return type == 'S' || type == 'x' ? counted(*this) : std::nullopt;
}

std::optional<std::int64_t> field::integer() const {
  switch (type) {
  case 'b':
    return whole<std::int8_t>(*this);
  case 'B':
    return whole<std::uint8_t>(*this);
  case 's':
    return whole<std::int16_t>(*this);
  case 'u':
    return whole<std::uint16_t>(*this);
  case 'I':
    return whole<std::int32_t>(*this);
  case 'i':
    return whole<std::uint32_t>(*this);
  case 'l':
    return whole<std::int64_t>(*this);
  case 'L':
  case 'T':
    return whole<std::uint64_t>(*this);
  default:
    return std::nullopt;
  }
}

std::optional<double> field::real() const {
  if (type == 'f' && value.size() == 4)
    return double{std::bit_cast<float>(load_octets<std::uint32_t>(value))};
  if (type == 'd' && value.size() == 8) return std::bit_cast<double>(load_octets<std::uint64_t>(value));
  if (type == 'D' &&
      value.size() == 5) { // places after the point, then the digits, unsigned as RabbitMQ reads them
    const double digits = load_octets<std::uint32_t>(value.substr(1));
    return digits / std::pow(10.0, load_octets<std::uint8_t>(value));
  }
  return std::nullopt;
}

std::optional<bool> field::boolean() const {
  if (type != 't' || value.size() != 1) return std::nullopt;
  return value.front() != '\0';
}

std::optional<std::string_view> field::table() const {
  return type == 'F' ? counted(*this) : std::nullopt;
}

std::optional<std::string_view> field::array() const {
  return type == 'A' ? counted(*this) : std::nullopt;
}

boost::system::result<std::vector<field>> read_table(std::string_view table) {
  return read(table, table_cursor::form::table);
}

boost::system::result<std::vector<field>> read_array(std::string_view array) {
  return read(array, table_cursor::form::array);
}

boost::system::result<properties_view> properties_view::parse(std::string_view raw) {
  if (raw.size() < 2) return errc::malformed_properties;
  const auto flags = load_octets<std::uint16_t>(raw);
  if ((flags & 0x3) != 0) return errc::malformed_properties;
  property_reader list{raw.substr(2), flags};
  properties_view view;
  list.take(flag::content_type, view.content_type);
  list.take(flag::content_encoding, view.content_encoding);
  list.take_table(flag::headers, view.headers);
  list.take(flag::delivery_mode, view.delivery_mode);
  list.take(flag::priority, view.priority);
  list.take(flag::correlation_id, view.correlation_id);
  list.take(flag::reply_to, view.reply_to);
  list.take(flag::expiration, view.expiration);
  list.take(flag::message_id, view.message_id);
  list.take(flag::timestamp, view.timestamp);
  list.take(flag::type, view.type);
  list.take(flag::user_id, view.user_id);
  list.take(flag::app_id, view.app_id);
  list.take(flag::cluster_id, view.cluster_id);
  if (!list.complete()) return errc::malformed_properties;
  return view;
}

std::string encode(const properties_view& properties) {
  std::size_t size = 2 + 4 + 1 + 1 + 8;
  if (properties.headers) size += properties.headers->size();
  for (const auto* text : {&properties.content_type, &properties.content_encoding, &properties.correlation_id,
                           &properties.reply_to, &properties.expiration, &properties.message_id,
                           &properties.type, &properties.user_id, &properties.app_id, &properties.cluster_id})
    if (*text) size += 1 + (*text)->size();
  return write_properties(properties, size, [&](std::string& out) { out.append(*properties.headers); });
}

void header_editor::remove(std::string_view name) {
  remove_if([&](std::string_view each) { return each == name; });
}

void header_editor::set_text(std::string_view name, std::string_view value) {
  std::string encoded;
  encoded.reserve(4 + value.size());
  append_octets(encoded, static_cast<std::uint32_t>(value.size()));
  encoded.append(value);
  set(name, 'S', std::move(encoded));
}

void header_editor::set_integer(std::string_view name, std::int64_t value) {
  std::string encoded;
  append_octets(encoded, static_cast<std::uint64_t>(value));
  set(name, 'l', std::move(encoded));
}

void header_editor::set_boolean(std::string_view name, bool value) {
  set(name, 't', std::string(1, value ? 1 : 0));
}

void header_editor::set(std::string_view name, char type, std::string value) {
  assert(name.size() <= 128);
  // A list: its strings stay where they are when it grows or the editor is moved, so the views may point at
  // them.
  const auto& kept = owned_.emplace_back(std::string{name}, std::move(value));
  const field fresh{kept.first, type, kept.second};
  const auto place = std::ranges::find(fields_, name, &field::name);
  if (place == fields_.end()) {
    fields_.push_back(fresh);
    return;
  }
  *place = fresh;
  // A second field of the name would contradict the new value.
  const auto again =
      std::remove_if(place + 1, fields_.end(), [&](const field& each) { return each.name == name; });
  fields_.erase(again, fields_.end());
}

std::string header_editor::encode() const {
  std::size_t size = 0;
  for (const field& each : fields_)
    size += 2 + each.name.size() + each.value.size();
  std::string out;
  out.reserve(size);
  for (const field& each : fields_) {
    assert(each.name.size() <= 255);
    out += static_cast<char>(each.name.size());
    out.append(each.name);
    out += each.type;
    out.append(each.value);
  }
  return out;
}

} // namespace postponed::proto
