// Whatever a publisher put into a message's properties, reading and rewriting them is safe, and what is
// released can be read again and carries its stamp.
#include "proto/headers.hpp"
#include "proto/properties.hpp"

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

void check_stamped(const std::string& raw, const char* what) {
  const auto parsed = properties_view::parse(raw);
  require(parsed.has_value() && parsed->headers && read_table(*parsed->headers), what);
  require(postponed_id_of(raw) == "1.2.abc", "the stamp's id is lost");
  require(attempt_of(raw) == 3, "the stamp's attempt is lost");
  require(parsed->delivery_mode == 2, "what is released is not persistent");
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

  const release_stamp stamp{"1.2.abc", 3, "orders", arrived};
  check_stamped(release_properties(raw, stamp), "what is released cannot be read");
  burial_stamp burial;
  burial.why = reason::bad_delay;
  burial.error = due.error;
  burial.from_exchange = "orders";
  check_stamped(burial_properties(raw, stamp, burial), "what is buried cannot be read");
  return 0;
}
