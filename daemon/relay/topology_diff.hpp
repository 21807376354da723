// In what the topology of the file and that of a broker differ. Pure.
//
// Only what the file says is compared; what policies add belongs to them. Of the broker's own objects those
// that everybody has (the default exchange and its bindings, amq.*) and those that come and go with a
// connection (exclusive queues, names that the broker made up) are no difference.
#pragma once

#include "relay/topology.hpp"

#include <map>
#include <string>
#include <vector>

namespace postponed::relay {

// The queue that a route which retries releases to: its consumers' rejects are to come back to `intake`.
struct retry_target {
  std::string route, intake, queue;
};
// Where postponed parks dead letters.
struct parking_place {
  std::string dead_letter, exchange;
};

struct wanted_topology {
  std::vector<topology_step> steps;
  std::vector<retry_target> retries;
  std::vector<parking_place> parking;
};

struct seen_binding {
  proto::binding_declaration what; // `queue` is the destination
  bool to_exchange = false;
};
struct seen_policy {
  std::string name, pattern, apply_to;           // queues, exchanges, all, quorum_queues, ..
  std::map<std::string, std::string> definition; // values in words
  std::int64_t priority = 0;
};
// What a broker has in one virtual host.
struct seen_topology {
  std::vector<proto::exchange_declaration> exchanges;
  std::vector<proto::queue_declaration> queues;
  std::vector<seen_binding> bindings;
  std::vector<seen_policy> policies;
  std::string default_queue_type = "classic"; // of a declaration that names none
};

struct topology_report {
  std::string source; // how the broker was asked: "management API", "AMQP"
  std::vector<topology_difference> differences;
  std::vector<std::string> warnings;    // what loses messages, and only the broker knows
  std::vector<std::string> not_checked; // what this source does not tell
};

std::vector<topology_difference> compare(const std::vector<topology_step>& wanted, const seen_topology& seen);

// Whether the broker has all that the file lists, as the file lists it. Objects that the file does not know
// do not count.
bool satisfied(const std::vector<topology_difference>& found);

// Missing, without a word about the broker: "type topic, durable".
topology_difference missing(const topology_step& step);

} // namespace postponed::relay
