// `{route}`, `{queue}`, `{reason}` and `{routing_key}` in exchange and routing-key templates; `{{` and `}}`
// are braces. Pure; any thread. The configuration has refused unknown names; here they stay as they are.
#pragma once

#include "relay/parameters.hpp"

#include <string>
#include <string_view>

namespace postponed::relay {

struct template_values {
  std::string_view route, queue, reason, routing_key;
};
std::string expand(std::string_view text, const template_values& values);

// Where a message of `route` goes: what was said for it alone (record.to), the release, or with `record.why`
// the dead letter. Names longer than AMQP's 255 bytes are cut there, at a character boundary, and `cut` says
// so: a release is then unroutable, but a dead letter in a slightly wrong place is better than none.
struct address {
  std::string exchange, routing_key;
  bool cut = false;
  reason problem = reason::none; // no_origin: nothing tells where it is to go back to, with `error`
  std::string error;
};
address resolve(const route_parameters& route, const held_record& record);
// The same into an address that was used before: its strings' memory is used again.
void resolve(const route_parameters& route, const held_record& record, address& out);

} // namespace postponed::relay
