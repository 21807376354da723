// What the admin endpoint shows: a copy of the daemon's state at one moment, filled by the application.
// Pure data; made and read on the io_context's thread.
#pragma once

#include "relay/counters.hpp"
#include "store/store.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postponed::admin {

struct connection_state {
  std::string role;       // consume, publish
  std::string state;      // connecting, handshake, open, waiting, closed
  std::string broker;     // the URI without the password
  std::string server;     // RabbitMQ 3.10.8
  std::string last_error; // why it is not open, or why it was last lost
  bool blocked = false;   // a resource alarm of the broker
  std::string blocked_reason;
  std::uint64_t reconnects = 0; // connections lost and made again
};

struct route_state {
  std::string name;
  std::string queue;
  std::string state;   // consuming, waiting, orphan
  std::string problem; // why it is not consuming
};

struct topology_state {
  bool ready = false;
  std::string mode;                     // create, off
  std::vector<std::string> differences; // in words: what, have, want
};

struct snapshot {
  std::string version, revision;
  wall_time now{};
  wall_time started{};
  std::vector<connection_state> connections;
  std::vector<route_state> routes;
  topology_state topology;
  store::store_stats store;
  bool store_ok = true;
  std::string store_error;
  bool stopping = false;
  std::uint64_t resident_bytes = 0; // of the process
  relay::counters counters;
};

} // namespace postponed::admin
