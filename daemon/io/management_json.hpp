// What RabbitMQ's management API answers, as what the comparison of topologies takes. Each call answers what
// is wrong with the document; empty: it was read. Pure.
#pragma once

#include "relay/topology_diff.hpp"

#include <string>
#include <string_view>

namespace postponed::io {

std::string read_exchanges(std::string_view document,
                           relay::seen_topology& into);                         // GET /api/exchanges/{vhost}
std::string read_queues(std::string_view document, relay::seen_topology& into); // GET /api/queues/{vhost}
std::string read_bindings(std::string_view document, relay::seen_topology& into); // GET /api/bindings/{vhost}
std::string read_policies(std::string_view document, relay::seen_topology& into); // GET /api/policies/{vhost}
std::string read_virtual_host(std::string_view document,
                              relay::seen_topology& into); // GET /api/vhosts/{vhost}

} // namespace postponed::io
