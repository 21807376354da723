// The half of proto/headers.hpp that writes: what goes out with a release, a dead letter and a replay.
#include "proto/field_text.hpp"
#include "proto/headers.hpp"
#include "proto/octets.hpp"
#include "proto/properties_writer.hpp"
#include "proto/rfc3339.hpp"
#include "proto/show_field.hpp"
#include "proto/table_cursor.hpp"

#include <array>
#include <cassert>
#include <cstddef>
#include <cstring>
#include <limits>

namespace postponed::proto {

namespace {

constexpr std::size_t error_limit = 1024; // bytes of postponed-error
constexpr std::uint8_t persistent = 2;    // delivery_mode

// One header that postponed writes. It takes the place of the message's own header of that name.
struct stamp_field {
  std::string_view name;
  char type = 'S';
  std::string_view text;    // of an S
  std::int64_t integer = 0; // of an l
  bool yields = false;      // the message's own stays
  bool written = false;
};

class stamp_list {
 public:
  explicit stamp_list(dialect speaks) : speaks_{speaks} {}

  void add(std::string_view name, std::string_view text) { next() = {name, 'S', text, 0, false, false}; }
  void add(std::string_view name, std::int64_t integer) {
    if (speaks_ != dialect::watermill) {
      next() = {name, 'l', {}, integer, false, false};
      return;
    }
    assert(numbers_made_ < numbers_.size());
    std::string& text = numbers_[numbers_made_++];
    text = std::to_string(integer);
    add(name, text);
  }
  void add_if_absent(std::string_view name, std::string_view text) {
    next() = {name, 'S', text, 0, true, false};
  }

  stamp_field* find(std::string_view name) {
    if (!name.starts_with("postponed-") && speaks_ != dialect::watermill) return nullptr;
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
  dialect speaks() const { return speaks_; }
  stamp_field* begin() { return fields_.data(); }
  stamp_field* end() { return fields_.data() + count_; }

 private:
  stamp_field& next() {
    assert(count_ < fields_.size());
    return fields_[count_++];
  }

  dialect speaks_;
  std::array<stamp_field, 22> fields_;
  std::size_t count_ = 0;
  std::array<std::string, 4> numbers_; // as text
  std::size_t numbers_made_ = 0;
};

void append_name(std::string& out, std::string_view name) {
  out += static_cast<char>(name.size());
  out.append(name);
}

void append_text(std::string& out, std::string_view name, std::string_view text) {
  append_name(out, name);
  out += 'S';
  append_octets(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

void append(std::string& out, stamp_field& each) {
  each.written = true;
  if (each.type == 'S') {
    append_text(out, each.name, each.text);
    return;
  }
  append_name(out, each.name);
  out += each.type;
  append_octets(out, static_cast<std::uint64_t>(each.integer));
}

// CC would fan the message out again, and both were meant for the first publish alone.
bool copies_message(std::string_view name) {
  return name == "CC" || name == "BCC";
}

bool is_poison(std::string_view name) {
  return name == "reason_poisoned" || name == "topic_poisoned" || name == "handler_poisoned" ||
         name == "subscriber_poisoned";
}

// What must not travel on with a release: marks of the broker that belong to the journey behind, delays that
// are over, and what an earlier dead letter of the same message said.
bool stripped_on_release(std::string_view name, dialect speaks) {
  if (name.empty()) return false;
  switch (name.front()) {
  case 'C':
  case 'B':
    return copies_message(name);
  case 'x':
    if (name == "x-delay") return speaks != dialect::plugin; // there it becomes minus the delay
    return name == "x-death" || name.starts_with("x-first-death-") || name.starts_with("x-last-death-") ||
           name == "x-delivery-count" || name == "x-acquired-count" || name == "x-opt-delivery-time" ||
           name == "x-opt-delivery-delay";
  case 'p':
    return name == "postponed-until" || name == "postponed-reason" || name == "postponed-error" ||
           name == "postponed-first-seen" || name == "postponed-hops" || name == "postponed-replays" ||
           name == "postponed-origin-queue" || name == "postponed-buried" ||
           name.starts_with("postponed-from-");
  case '_':
    return name == "_watermill_delayed_until"; // its _for stays: Watermill's DelayOnError multiplies it
  default:
    return speaks == dialect::watermill && is_poison(name);
  }
}

// Minus the delay, as the plugin delivers it; one that is negative already came back with a message.
void append_negated(std::string& out, const field& each) {
  append_name(out, each.name);
  if (const auto text = each.text()) {
    const std::string negated = text->starts_with('-') ? std::string{*text} : "-" + std::string{*text};
    out += 'S';
    append_octets(out, static_cast<std::uint32_t>(negated.size()));
    out.append(negated);
  } else if (const auto number = each.integer()) {
    out += 'l';
    append_octets(out, static_cast<std::uint64_t>(*number > 0 ? -*number : *number));
  } else if (const auto real = each.real()) {
    const double negated = *real > 0 ? -*real : *real;
    std::uint64_t bits = 0;
    static_assert(sizeof bits == sizeof negated && std::numeric_limits<double>::is_iec559);
    std::memcpy(&bits, &negated, sizeof bits);
    out += 'd';
    append_octets(out, bits);
  } else {
    out += each.type;
    out.append(each.value);
  }
}

void copy_field(const table_cursor& cursor, dialect speaks, std::string& out) {
  const field& each = cursor.current();
  if (speaks == dialect::watermill && each.type != 'S')
    append_text(out, each.name, text_of(each)); // its consumers nack whatever is no string
  else if (speaks == dialect::plugin && each.name == "x-delay")
    append_negated(out, each);
  else
    out.append(cursor.encoded());
}

// Copies the table's fields but the stripped ones, stamps in place of those of their name, and appends the
// rest of the stamps. False where the table is malformed.
template <typename Strip>
bool copy_table(std::string_view table, stamp_list& stamps, Strip strip, dialect speaks, std::string& out) {
  table_cursor cursor{table};
  while (cursor.next()) {
    const std::string_view name = cursor.current().name;
    stamp_field* const stamp = stamps.find(name);
    if (stamp != nullptr && !stamp->yields) {
      if (!stamp->written) append(out, *stamp);
    } else if (!strip(name)) {
      if (stamp != nullptr) stamp->written = true;
      copy_field(cursor, speaks, out);
    }
  }
  return !cursor.malformed();
}

// `speaks`: how what stays of the message's own headers is written.
template <typename Strip>
std::string restamp(properties_view properties, std::size_t raw_size, stamp_list& stamps, Strip strip,
                    dialect speaks) {
  const std::string_view table = properties.headers.value_or(std::string_view{});
  properties.headers = table;
  properties.delivery_mode = persistent;
  properties.user_id.reset(); // the broker refuses any but the login's
  const std::size_t expected = raw_size + 2 + 4 + 1 + stamps.encoded_size();
  return write_properties(properties, expected, [&](std::string& out) {
    const std::size_t start = out.size();
    if (!copy_table(table, stamps, strip, speaks, out)) {
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
  if (stamp.hops != 0) stamps.add("postponed-hops", std::int64_t{stamp.hops});
  if (stamp.replays != 0) stamps.add("postponed-replays", std::int64_t{stamp.replays});
  // Watermill's requeuer counts the failures that its own retries follow.
  if (stamp.speaks == dialect::watermill && stamp.attempt > 1)
    stamps.add("_watermill_requeuer_retries", std::int64_t{stamp.attempt} - 1);
}

} // namespace

std::string release_properties(std::string_view raw_properties, const release_stamp& stamp) {
  const rfc3339_text due = write_rfc3339(stamp.due);
  const rfc3339_text first_seen = write_rfc3339(stamp.first_seen.value_or(wall_time{}));
  stamp_list stamps{stamp.speaks};
  add(stamps, stamp, due);
  if (stamp.first_seen) stamps.add("postponed-first-seen", view(first_seen));
  return restamp(
      parse_or_empty(raw_properties), raw_properties.size(), stamps,
      [&](std::string_view name) { return stripped_on_release(name, stamp.speaks); }, stamp.speaks);
}

std::string burial_properties(std::string_view raw_properties, const release_stamp& stamp,
                              const burial_stamp& burial) {
  const rfc3339_text due = write_rfc3339(stamp.due);
  const rfc3339_text first_seen = write_rfc3339(burial.first_seen);
  const rfc3339_text buried = write_rfc3339(burial.buried);
  const std::string_view error =
      std::string_view{burial.error}.substr(0, utf8_cut(burial.error, error_limit));
  properties_view properties = parse_or_empty(raw_properties);
  stamp_list stamps{stamp.speaks};
  add(stamps, stamp, due);
  stamps.add("postponed-reason", to_string(burial.why));
  stamps.add("postponed-error", error);
  stamps.add("postponed-first-seen", view(first_seen));
  stamps.add("postponed-buried", view(buried));
  stamps.add("postponed-from-exchange", burial.from_exchange);
  stamps.add("postponed-from-routing-key", burial.from_routing_key);
  stamps.add("postponed-from-queue", burial.from_queue);
  if (!burial.origin_queue.empty()) stamps.add("postponed-origin-queue", burial.origin_queue);
  // A dead letter must not expire unseen. As the broker does when it dead-letters, the property becomes a
  // header.
  if (properties.expiration) stamps.add("postponed-from-expiration", *properties.expiration);
  properties.expiration.reset();
  if (stamp.speaks == dialect::watermill) {
    stamps.add("reason_poisoned", error.empty() ? to_string(burial.why) : error);
    stamps.add_if_absent("topic_poisoned",
                         burial.from_exchange.empty() ? burial.from_routing_key : burial.from_exchange);
    stamps.add_if_absent("handler_poisoned", stamp.route);
    stamps.add_if_absent("subscriber_poisoned", "postponed");
  }
  // What plugin users find in a dead letter is what the publisher wrote.
  const dialect speaks = stamp.speaks == dialect::plugin ? dialect::amqp : stamp.speaks;
  return restamp(properties, raw_properties.size(), stamps, copies_message, speaks);
}

std::string replay_properties(std::string_view raw_properties, const replay_stamp& stamp) {
  properties_view properties = parse_or_empty(raw_properties);
  stamp_list stamps{dialect::amqp};
  stamps.add("postponed-replays", std::int64_t{stamp.replays});
  if (!stamp.origin_queue.empty()) stamps.add("postponed-origin-queue", stamp.origin_queue);
  const auto stripped = [&](std::string_view name) {
    return name.starts_with("postponed-") || (stamp.straight && is_poison(name)) ||
           name == "_watermill_requeuer_retries" || stripped_on_release(name, dialect::amqp);
  };
  return restamp(properties, raw_properties.size(), stamps, stripped, dialect::amqp);
}

} // namespace postponed::proto
