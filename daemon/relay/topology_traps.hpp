// What is allowed, loses messages, and only the broker knows of: dead-letter exchanges that do not exist,
// queues without a dead-letter policy where a route waits for their failures, at-least-once dead-lettering
// that is none. What the file alone tells is found by config/warnings. Pure.
#pragma once

#include "relay/topology_diff.hpp"

#include <string>
#include <vector>

namespace postponed::relay {

// The exchanges that the file dead-letters to and does not list, each once.
std::vector<std::string> unlisted_exchanges(const wanted_topology& wanted);

// What can be said where of the broker nothing is known but `seen.exchanges`.
std::vector<std::string> traps_by_exchanges(const wanted_topology& wanted, const seen_topology& seen);

// Where all is known. `unread`: patterns of policies that we cannot read; they match nothing here.
std::vector<std::string> traps(const wanted_topology& wanted, const seen_topology& seen,
                               std::vector<std::string>& unread);

} // namespace postponed::relay
