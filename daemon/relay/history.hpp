// What happened to messages lately, for the person who asks of one and for those who watch: a ring of fixed
// records, the oldest overwritten. Costs the way of a message one such record a step, and no allocation.
// Pure; one thread.
#pragma once

#include "base/held.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace postponed::relay {

enum class step : std::uint8_t {
  received,      // by its intake or over HTTP
  stored,        // durable
  published,     // to where it goes, or to its dead letter
  confirmed,     // by the broker: it is done
  dead_lettered, // likewise, by the dead letter's exchange
  returned,      // no queue took it
  refused,       // basic.nack, or a channel closed over it
  unknown,       // the connection was lost, or no confirm came: it is published again
  deferred,      // tried again later
  buried,        // from now on it is on its way to its dead letter
  cancelled,     // by a person
  rescheduled,   // likewise
};
std::string_view to_string(step value);

struct history_event {
  std::uint64_t sequence = 0; // 1 and up; counts every event
  std::int64_t row = 0;       // of the message's id
  wall_time at{};
  step what = step::received;
  std::uint32_t route = 0; // the store's number
};

class history {
 public:
  static constexpr std::size_t most_bytes = std::size_t{16} << 20;

  explicit history(std::size_t bytes = most_bytes) : most_{bytes / sizeof(record)} {}

  void add(std::int64_t row, std::uint32_t route, step what, wall_time at);
  // Of one message, oldest first; looks at all that is remembered, some milliseconds.
  std::vector<history_event> of(std::int64_t row) const;
  // Those after `sequence`, oldest first, `limit` at most. Where some of them are no longer remembered, the
  // first that is answered shows it.
  std::vector<history_event> after(std::uint64_t sequence, std::size_t limit) const;
  std::uint64_t last() const { return next_ - 1; } // the sequence of the latest; 0: none yet

 private:
  struct record {
    std::int64_t at = 0; // us since 1970
    std::int64_t row = 0;
    std::uint32_t route = 0;
    step what = step::received;
  };
  std::uint64_t first() const { return next_ - ring_.size(); }
  history_event event(std::uint64_t sequence) const;

  std::size_t most_;
  std::vector<record> ring_; // grows to `most_`; sequence s stands at s % most_
  std::uint64_t next_ = 1;
};

} // namespace postponed::relay
