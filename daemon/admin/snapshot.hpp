// What the admin endpoint shows: a copy of the daemon's state at one moment, filled by the application.
// Pure data; made and read on the io_context's thread.
#pragma once

#include "relay/counters.hpp"
#include "relay/watch.hpp"
#include "store/letters.hpp"
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
  std::string mode;                     // create, verify, off
  std::vector<std::string> differences; // in words: what, have, want
};

struct reload_state { // the last one that was asked for
  bool ok = true;     // false: the file was refused, the former configuration is in force
  std::optional<wall_time> at{};
  std::vector<std::string> errors{}, warnings{}; // file:line:column: what; what to do
};

struct snapshot {
  std::string version, revision;
  wall_time now{};
  wall_time started{};
  std::vector<connection_state> connections;
  std::vector<route_state> routes;
  std::vector<relay::watched_state> dead_letters; // all of the file; those without a queue are not known
  std::vector<store::letter_totals> letters;      // of those collected, as last read
  topology_state topology;
  reload_state reload;
  store::store_stats store;
  bool store_ok = true;
  std::string store_error;
  bool stopping = false;
  std::uint64_t resident_bytes = 0; // of the process
  relay::counters counters;
};

// How long ago, in seconds and fractions; 0 where a clock that was set back makes it negative.
inline double seconds_between(wall_time then, wall_time now) {
  return now > then ? std::chrono::duration<double>(now - then).count() : 0;
}

} // namespace postponed::admin
