// Whatever a publisher put into a message's properties, reading and rewriting them is safe, and what is
// released, buried or replayed, in every dialect, can be read again and carries its stamp.
#include "proto/deaths.hpp"
#include "proto/headers.hpp"
#include "proto/properties.hpp"
#include "proto/watermill.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace postponed::proto;

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

// Walks every field, nested ones too.
void read_all(const std::vector<field>& fields, int level) {
  for (const field& each : fields) {
    static_cast<void>(each.text());
    static_cast<void>(each.integer());
    static_cast<void>(each.real());
    static_cast<void>(each.boolean());
    if (const auto table = each.table()) {
      const auto inner = read_table(*table);
      require(inner.has_value() && level < 64, "a table was accepted with a bad or too deep one inside");
      read_all(*inner, level + 1);
    }
    if (const auto array = each.array()) {
      const auto inner = read_array(*array);
      require(inner.has_value() && level < 64, "a table was accepted with a bad or too deep array inside");
      read_all(*inner, level + 1);
    }
  }
}

void check_table(std::string_view octets) {
  const auto fields = read_table(octets);
  if (!fields) return;
  read_all(*fields, 1);
  require(header_editor{*fields}.encode() == octets, "an untouched table is not encoded as it came");
}

void read_failures(std::string_view raw) {
  const journey found = journey_of(raw);
  require(!found.attempt || *found.attempt >= 1, "an attempt 0 was believed");
  for (const death& each : read_deaths(raw))
    require(!each.queue.empty(), "a death in no queue");
  if (const auto at = death_of(raw, "orders", "intake"))
    require(!at->queue.empty() && at->queue != "intake", "a message died in no queue, or in its intake");
  for (const dialect speaks : {dialect::amqp, dialect::watermill, dialect::plugin})
    require(failed_attempt_of(raw, speaks) >= 1, "an attempt 0 failed");
  if (poison_of(raw)) require(failed_at_consumer(raw, dialect::watermill), "poisoned, and no failure");
  if (!read_deaths(raw).empty())
    require(failed_at_consumer(raw, dialect::amqp), "it died, and nobody failed");
}

const release_stamp& stamp_of(dialect speaks) {
  static release_stamp stamp{"1.2.abc",    3, "orders", wall_time{std::chrono::seconds{1795468478}},
                             std::nullopt, 2, 1};
  stamp.first_seen = stamp.due - std::chrono::hours{1};
  stamp.speaks = speaks;
  return stamp;
}

void check_readable(const std::string& raw, dialect speaks, const char* what) {
  const auto parsed = properties_view::parse(raw);
  const auto fields = parsed && parsed->headers ? read_table(*parsed->headers) : read_table("?");
  require(fields.has_value(), what);
  require(parsed->delivery_mode == 2, "what is released is not persistent");
  if (speaks != dialect::watermill) return;
  for (const field& each : *fields)
    require(each.type == 'S', "a header for Watermill is no string");
}

void check_stamped(const std::string& raw, dialect speaks, const char* what) {
  check_readable(raw, speaks, what);
  const release_stamp& stamp = stamp_of(speaks);
  const journey found = journey_of(raw);
  require(postponed_id_of(raw) == stamp.id && found.id == stamp.id, "the stamp's id is lost");
  require(attempt_of(raw) == stamp.attempt && found.attempt == stamp.attempt &&
              failed_attempt_of(raw, speaks) == stamp.attempt,
          "the stamp's attempt is lost");
  require(found.route == stamp.route && found.hops == stamp.hops && found.replays == stamp.replays,
          "the stamp's route, hops or replays are lost");
  require(found.first_seen == stamp.first_seen, "when it was first seen is lost");
}

void check_written(std::string_view raw, dialect speaks, const std::string& error) {
  const release_stamp& stamp = stamp_of(speaks);
  const std::string released = release_properties(raw, stamp);
  check_stamped(released, speaks, "what is released cannot be read");
  require(!journey_of(released).was_buried(), "what is released looks like a dead letter");
  require(!failed_at_consumer(released, speaks) && !death_of(released, "", ""),
          "what is released looks as if its consumer had failed already");

  burial_stamp burial;
  burial.why = reason::bad_delay;
  burial.error = error;
  burial.from_exchange = "orders";
  burial.from_queue = "intake";
  burial.origin_queue = "work";
  burial.first_seen = *stamp.first_seen;
  burial.buried = stamp.due;
  const std::string buried = burial_properties(raw, stamp, burial);
  check_stamped(buried, speaks, "what is buried cannot be read");
  const journey letter = journey_of(buried);
  require(letter.reason == "bad_delay" && letter.from_exchange == "orders" && letter.from_queue == "intake" &&
              letter.origin_queue == "work" && letter.buried == burial.buried,
          "a dead letter does not tell where it comes from");
  require(!properties_view::parse(buried)->expiration, "a dead letter expires");
  if (speaks == dialect::watermill)
    require(poison_of(buried) && failed_at_consumer(buried, speaks), "a dead letter is not poisoned");

  const std::string replayed = replay_properties(buried, {7, "", true});
  check_readable(replayed, dialect::amqp, "what is replayed cannot be read");
  const journey again = journey_of(replayed);
  require(again.replays == 7 && !again.attempt && again.hops == 0 && again.id.empty() && !again.was_buried(),
          "a replay does not begin anew");
  require(!failed_at_consumer(replayed, speaks), "a replay looks as if its consumer had failed already");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view raw{reinterpret_cast<const char*>(data), size};
  check_table(raw);
  static_cast<void>(read_array(raw));
  static_cast<void>(parse_rfc3339(raw));
  static_cast<void>(parse_go_duration(raw));

  if (const auto parsed = properties_view::parse(raw)) {
    require(encode(*parsed) == raw, "untouched properties are not encoded as they came");
    if (parsed->headers) check_table(*parsed->headers);
  }
  static_cast<void>(postponed_id_of(raw));
  static_cast<void>(message_id_of(raw));
  static_cast<void>(attempt_of(raw));

  const wall_time arrived{std::chrono::seconds{1795468478}};
  delay_policy policy;
  policy.from_publisher_timestamp = size % 2 != 0;
  const due_outcome due = read_due(raw, policy, arrived);
  require(due.problem != reason::none || due.due <= arrived + policy.max,
          "a delay beyond the maximum was accepted");
  require((due.problem == reason::none) == due.error.empty(),
          "a problem without words, or words without one");

  read_failures(raw);
  for (const dialect speaks : {dialect::amqp, dialect::watermill, dialect::plugin})
    check_written(raw, speaks, due.error);
  return 0;
}
