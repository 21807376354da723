// x-death: how a message died before it came here, as the broker (or whoever forged it) tells. Pure; any
// thread. Source: RabbitMQ's dead-letter exchanges; the header is an array of tables, the most recent first,
// one for each {queue, reason}. A hint, never a count of attempts: brokers of 4.x begin it anew, clients may
// write it.
#pragma once

#include "proto/headers.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postponed::proto {

struct death {
  std::string queue;
  std::string reason; // rejected, expired, maxlen, delivery_limit; anything where forged
  std::string exchange;
  std::vector<std::string> routing_keys;
  std::uint64_t count = 0;
  std::optional<wall_time> time; // of the first death of this {queue, reason}; whole seconds
};

// Absent, mistyped or broken: none. Entries without a queue are left out, other fields where mistyped.
std::vector<death> read_deaths(std::string_view raw_properties);

// The death that brought a message to the queue `intake`: the one in `work_queue` where that is given and has
// one, else the most recent that is not in `intake` itself. Where x-death is absent, 4.x's x-last-death-* say
// it.
std::optional<death> death_of(std::string_view raw_properties, std::string_view work_queue,
                              std::string_view intake);

} // namespace postponed::proto
