// What people ask of held messages: lists by due time, one whole, and how many are due when. Part of the
// store (store.hpp): the same file, the same thread, the same rules. Every call does a bounded piece of work,
// as commits wait for it.
#pragma once

#include "base/held.hpp"

#include <boost/system/result.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace postponed::store {

// A position in the order (due, row): everything at or before it was seen.
struct horizon_position {
  wall_time due = wall_time::min();
  std::int64_t row = 0;
  auto operator<=>(const horizon_position&) const = default; // NOLINT(modernize-use-nullptr): a false alarm
};

// All that is given must hold.
struct message_filter {
  std::optional<std::string> route;
  std::optional<wall_time> due_from, due_until; // due at or after; before
  std::optional<bool> dead_lettering;           // on its way to its dead letter, or not
  std::vector<std::pair<std::string, std::string>>
      headers;                     // name and its text (numbers in decimal); "": any value
  std::optional<std::string> text; // in the body or the routing key

  bool reads_messages() const { return dead_lettering || !headers.empty() || text; } // not entries alone
};

struct held_summary {
  held_record record;      // properties and body are left out
  std::uint64_t bytes = 0; // of both
};

// A page may hold fewer than asked for, even none, where more was to be looked at than one piece of work.
template <typename T>
struct message_page {
  std::vector<T> messages;              // ordered by (due, row)
  std::optional<horizon_position> next; // give as `after` for the next page; nothing: that was all
};

struct calendar_query {
  enum class unit : std::uint8_t { minute, hour, day, month }; // of UTC
  wall_time from{}, until{};
  unit per = unit::hour;
  std::optional<std::string> route;
};
struct calendar_share {
  std::uint64_t messages = 0, bytes = 0;
};
// Most spans are one unit long. What lies far off is counted by longer spans only: these stand as they are,
// and may overlap others.
struct calendar_span {
  wall_time start{}, end{};
  std::map<std::string, calendar_share> routes; // those with any
};

class messages {
 public:
  virtual ~messages() = default;

  virtual boost::system::result<message_page<held_summary>>
  list(const message_filter& by, horizon_position after, std::size_t limit) = 0;
  virtual boost::system::result<message_page<held_id>> ids(const message_filter& by, horizon_position after,
                                                           std::size_t limit) = 0;
  virtual boost::system::result<std::optional<held_record>> get(const held_id& id) = 0;
  // Whether this store ever gave out the id. Of files from before ids could be verified, only as long as the
  // message is held.
  virtual bool was_given(const held_id& id) const = 0;
  // Non-empty spans that touch [from, until), in the order of their start; from counters, and for what is
  // near and few from the entries.
  virtual boost::system::result<std::vector<calendar_span>> calendar(const calendar_query& what) = 0;
};

} // namespace postponed::store
