// An owned AMQP message, as it came off the wire or goes onto it.
//
// Pure data: any thread, value semantics. The properties stay in their wire form, so that everything that
// postponed does not change leaves with the type, order and bytes that it came with (see properties.hpp for
// reading, editing).
#pragma once

#include <string>

namespace postponed::proto {

struct message {
  std::string exchange;    // where it was (or is to be) published; empty: the default exchange
  std::string routing_key; // at most 255 bytes
  std::string properties;  // property flags and list, AMQP 0-9-1 section 4.2.6.1; at least the two flag bytes
  std::string body;
};

} // namespace postponed::proto
