// What a broker says when it refuses a declaration: which argument, what was asked for, what there is. Pure.
//
// Source: RabbitMQ's rabbit_misc:assert_args_equivalence and rabbit_amqqueue:assert_equivalence; 3.10 and 4.3
// say the same, but for the type of a queue, where 4.3 names the type that it had chosen itself.
#pragma once

#include "relay/topology.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace postponed::relay {

struct inequivalence {
  struct side {
    bool none = false;
    std::string value, type; // `type`: longstr, signedint, ..; empty where it is not told
  };
  std::string argument; // durable, type, x-max-length, ..
  side received, current;
};
// Nothing where the text says something else, or was cut short (255 bytes).
std::optional<inequivalence> inequivalence_from(std::string_view text);

// A refused declaration as a difference. What its text does not tell stands in it as a whole.
topology_difference difference_from(const topology_step& refused, std::uint16_t code,
                                    const std::string& text);

// The same declaration with the broker's own value for the argument that it named, so that the next
// inequivalence can be heard; nothing where the value cannot be read from the text.
std::optional<topology_step> agreeing(const topology_step& refused, const inequivalence& over);

} // namespace postponed::relay
