// A daemon that is well, with one route that has seen some of everything.
#pragma once

#include "admin/snapshot.hpp"

namespace postponed::test {

inline admin::snapshot sample_snapshot() {
  using namespace std::chrono_literals;
  admin::snapshot shown;
  shown.version = "0.1.0";
  shown.revision = "cafe";
  shown.started = std::chrono::sys_days{std::chrono::year{2026} / 11 / 23};
  shown.now = shown.started + 90s;
  shown.connections = {
      {"consume", "open", "amqp://app@127.0.0.1:5672/", "RabbitMQ 3.10.8", "", false, "", 0},
      {"publish", "open", "amqp://app@127.0.0.1:5672/", "RabbitMQ 3.10.8", "", false, "", 3}};
  shown.routes = {{"timeouts", "orders.later", "consuming", ""}};
  shown.topology = {true, "create", {}};
  shown.store.held_messages = 7;
  shown.store.file_bytes = 65536;
  shown.store.wal_bytes = 4096;
  shown.store.buckets = 4;
  shown.resident_bytes = 9000000;
  relay::route_counters count;
  count.held_messages = 7;
  count.held_bytes = 700;
  count.intake = 20;
  count.redelivered = 2;
  count.duplicates = 1;
  count.unrecognised = 1;
  count.released = 13;
  count.confirmed = 10;
  count.returned = 5;
  count.nacked = 6;
  count.unknown = 8;
  count.repeated = 9;
  count.dead_lettered[reason::bad_delay] = 2;
  count.dead_lettered[reason::unroutable] = 1;
  count.dead_letter_failures = 4;
  count.retries = 21;
  count.suppressed = 22;
  count.late_released = 23;
  count.late_buried = 24;
  count.late_spread = 25;
  count.hops_cut = 26;
  count.circuit_opened = 27;
  count.circuits_open = 28;
  count.parked = 29;
  count.paced = 30;
  count.paused = true;
  for (int i = 0; i < 9; ++i)
    count.lateness.observe(1.5);
  count.lateness.observe(40);
  shown.counters.routes["timeouts"] = count;
  shown.counters.commit.observe(1.5);
  shown.counters.commit.observe(6000);
  shown.counters.commits = 2;
  shown.counters.committed_rows = 30;
  shown.counters.clock_jumps = 1;
  shown.counters.horizon_rows = 11;
  shown.counters.staged_bytes = 12;
  shown.counters.in_flight = 13;
  shown.counters.unacked = 14;
  shown.counters.overdue = 15;
  shown.counters.hold.observe(2.5);
  return shown;
}

} // namespace postponed::test
