#include "proto/headers.hpp"

#include "proto/octets.hpp"
#include "proto/properties_writer.hpp"
#include "proto/rfc3339.hpp"
#include "proto/show_field.hpp"
#include "proto/table_cursor.hpp"

#include <array>
#include <cassert>
#include <charconv>
#include <cstddef>
#include <limits>

namespace postponed::proto {

namespace {

constexpr std::size_t error_limit = 1024; // bytes of postponed-error
constexpr std::uint8_t persistent = 2;    // delivery_mode
constexpr std::uint32_t last_attempt = std::numeric_limits<std::int32_t>::max();

// One header that postponed writes. It takes the place of the message's own header of that name.
struct stamp_field {
  std::string_view name;
  char type = 'S';
  std::string_view text;    // of an S
  std::int64_t integer = 0; // of an l
  bool written = false;
};

class stamp_list {
 public:
  void add(std::string_view name, std::string_view text) { next() = {name, 'S', text, 0, false}; }
  void add(std::string_view name, std::int64_t integer) { next() = {name, 'l', {}, integer, false}; }

  stamp_field* find(std::string_view name) {
    if (!name.starts_with("postponed-")) return nullptr;
    for (stamp_field& each : *this)
      if (each.name == name) return &each;
    return nullptr;
  }
  std::size_t encoded_size() const {
    std::size_t size = 0;
    for (std::size_t i = 0; i < count_; ++i)
      size += 1 + fields_[i].name.size() + 1 + 8 + fields_[i].text.size();
    return size;
  }
  stamp_field* begin() { return fields_.data(); }
  stamp_field* end() { return fields_.data() + count_; }

 private:
  stamp_field& next() {
    assert(count_ < fields_.size());
    return fields_[count_++];
  }

  std::array<stamp_field, 12> fields_;
  std::size_t count_ = 0;
};

void append(std::string& out, stamp_field& each) {
  each.written = true;
  out += static_cast<char>(each.name.size());
  out.append(each.name);
  out += each.type;
  if (each.type == 'l') {
    append_octets(out, static_cast<std::uint64_t>(each.integer));
    return;
  }
  append_octets(out, static_cast<std::uint32_t>(each.text.size()));
  out.append(each.text);
}

// CC would fan the message out again, and both were meant for the first publish alone.
bool copies_message(std::string_view name) {
  return name == "CC" || name == "BCC";
}

// What must not travel on with a release: marks of the broker that belong to the journey behind, delays that
// are over, and what an earlier dead letter of the same message said.
bool stripped_on_release(std::string_view name) {
  if (name.empty()) return false;
  switch (name.front()) {
  case 'C':
  case 'B':
    return copies_message(name);
  case 'x':
    return name == "x-death" || name.starts_with("x-first-death-") || name.starts_with("x-last-death-") ||
           name == "x-delivery-count" || name == "x-acquired-count" || name == "x-delay" ||
           name == "x-opt-delivery-time" || name == "x-opt-delivery-delay";
  case 'p':
    return name == "postponed-until" || name == "postponed-reason" || name == "postponed-error" ||
           name == "postponed-first-seen" || name.starts_with("postponed-from-");
  case '_':
    return name == "_watermill_delayed_until"; // its _for stays: Watermill's DelayOnError multiplies it
  default:
    return false;
  }
}

// Copies the table's fields but the stripped ones, stamps in place of those of their name, and appends the
// rest of the stamps. False where the table is malformed.
template <typename Strip>
bool copy_table(std::string_view table, stamp_list& stamps, Strip strip, std::string& out) {
  table_cursor cursor{table};
  while (cursor.next()) {
    const std::string_view name = cursor.current().name;
    if (stamp_field* const stamp = stamps.find(name)) {
      if (!stamp->written) append(out, *stamp);
    } else if (!strip(name)) {
      out.append(cursor.encoded());
    }
  }
  return !cursor.malformed();
}

template <typename Strip>
std::string restamp(properties_view properties, std::size_t raw_size, stamp_list& stamps, Strip strip) {
  const std::string_view table = properties.headers.value_or(std::string_view{});
  properties.headers = table;
  properties.delivery_mode = persistent;
  properties.user_id.reset(); // the broker refuses any but the login's
  const std::size_t expected = raw_size + 2 + 4 + 1 + stamps.encoded_size();
  return write_properties(properties, expected, [&](std::string& out) {
    const std::size_t start = out.size();
    if (!copy_table(table, stamps, strip, out)) {
      out.resize(start); // a malformed table would cost the connection
      for (stamp_field& each : stamps)
        each.written = false;
    }
    for (stamp_field& each : stamps)
      if (!each.written) append(out, each);
  });
}

properties_view parse_or_empty(std::string_view raw) {
  const auto parsed = properties_view::parse(raw);
  return parsed ? *parsed : properties_view{};
}

void add(stamp_list& stamps, const release_stamp& stamp, const rfc3339_text& due) {
  stamps.add("postponed-id", stamp.id);
  stamps.add("postponed-attempt", std::int64_t{stamp.attempt});
  stamps.add("postponed-route", stamp.route);
  stamps.add("postponed-due", view(due));
}

// The first header of the name.
std::optional<field> find_header(std::string_view raw, std::string_view name) {
  const auto properties = properties_view::parse(raw);
  if (!properties || !properties->headers) return std::nullopt;
  table_cursor cursor{*properties->headers};
  while (cursor.next())
    if (cursor.current().name == name) return cursor.current();
  return std::nullopt;
}

constexpr std::string_view delay_header_names[] = {"x-delay",
                                                   "postponed-until",
                                                   "x-opt-delivery-time",
                                                   "x-opt-delivery-delay",
                                                   "_watermill_delayed_until",
                                                   "_watermill_delayed_for"};

} // namespace

std::string_view to_string(reason value) {
  switch (value) {
  case reason::none:
    return "none";
  case reason::bad_delay:
    return "bad_delay";
  case reason::delay_too_long:
    return "delay_too_long";
  case reason::too_large:
    return "too_large";
  case reason::malformed:
    return "malformed";
  case reason::unroutable:
    return "unroutable";
  case reason::nacked:
    return "nacked";
  case reason::attempts_exhausted:
    return "attempts_exhausted";
  case reason::max_age:
    return "max_age";
  case reason::late:
    return "late";
  case reason::duplicate_id:
    return "duplicate_id";
  case reason::loop:
    return "loop";
  case reason::no_origin:
    return "no_origin";
  }
  return "unknown";
}

std::string_view to_string(delay_header value) {
  const auto index = static_cast<std::size_t>(value);
  assert(index < std::size(delay_header_names));
  return delay_header_names[index];
}

std::optional<delay_header> delay_header_from(std::string_view name) {
  for (std::size_t i = 0; i < std::size(delay_header_names); ++i)
    if (delay_header_names[i] == name) return static_cast<delay_header>(i);
  return std::nullopt;
}

const std::vector<delay_header>& all_delay_headers() {
  static const std::vector<delay_header> all{delay_header::x_delay,
                                             delay_header::postponed_until,
                                             delay_header::x_opt_delivery_time,
                                             delay_header::x_opt_delivery_delay,
                                             delay_header::watermill_delayed_until,
                                             delay_header::watermill_delayed_for};
  return all;
}

std::string release_properties(std::string_view raw_properties, const release_stamp& stamp) {
  const rfc3339_text due = write_rfc3339(stamp.due);
  stamp_list stamps;
  add(stamps, stamp, due);
  return restamp(parse_or_empty(raw_properties), raw_properties.size(), stamps, stripped_on_release);
}

std::string burial_properties(std::string_view raw_properties, const release_stamp& stamp,
                              const burial_stamp& burial) {
  const rfc3339_text due = write_rfc3339(stamp.due);
  const rfc3339_text first_seen = write_rfc3339(burial.first_seen);
  properties_view properties = parse_or_empty(raw_properties);
  stamp_list stamps;
  add(stamps, stamp, due);
  stamps.add("postponed-reason", to_string(burial.why));
  stamps.add("postponed-error",
             std::string_view{burial.error}.substr(0, utf8_cut(burial.error, error_limit)));
  stamps.add("postponed-first-seen", view(first_seen));
  stamps.add("postponed-from-exchange", burial.from_exchange);
  stamps.add("postponed-from-routing-key", burial.from_routing_key);
  stamps.add("postponed-from-queue", burial.from_queue);
  // A dead letter must not expire unseen. As the broker does when it dead-letters, the property becomes a
  // header.
  if (properties.expiration) stamps.add("postponed-from-expiration", *properties.expiration);
  properties.expiration.reset();
  return restamp(properties, raw_properties.size(), stamps, copies_message);
}

std::optional<std::string_view> postponed_id_of(std::string_view raw_properties) {
  const auto header = find_header(raw_properties, "postponed-id");
  if (!header || header->type != 'S') return std::nullopt;
  const auto id = header->text();
  return id && !id->empty() ? id : std::nullopt;
}

std::optional<std::string_view> message_id_of(std::string_view raw_properties) {
  const auto properties = properties_view::parse(raw_properties);
  // An empty one names nothing: equal empty ids must not make two messages one.
  if (!properties || !properties->message_id || properties->message_id->empty()) return std::nullopt;
  return properties->message_id;
}

std::uint32_t attempt_of(std::string_view raw_properties) {
  const auto header = find_header(raw_properties, "postponed-attempt");
  if (!header || header->type == 'T') return 1;
  std::int64_t attempt = 0;
  if (const auto text = header->text()) { // a dialect may have turned it into a string
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), attempt);
    if (error != std::errc{} || end != text->data() + text->size()) return 1;
  } else {
    attempt = header->integer().value_or(1);
  }
  return attempt >= 1 && attempt <= last_attempt ? static_cast<std::uint32_t>(attempt) : 1;
}

} // namespace postponed::proto
