// The parts of store_bench: a workload, the layouts that it is tried on, and what was measured.
// One thread. Times are wall times; every commit is synced (WAL, synchronous=FULL) and checkpoints are
// included.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postponed::bench {

struct workload {
  std::string name;
  std::size_t rows = 200000;   // inserted and measured
  std::size_t preload = 0;     // held already before that
  std::size_t drain = 200000;  // the earliest of all, taken out afterwards and measured
  std::size_t batch = 1000;    // rows a transaction
  std::size_t body = 1024;     // bytes
  std::int64_t span_s = 86400; // due uniform over this from `start_s`
};

inline constexpr std::int64_t start_s = 1'800'000'000; // the simulated now of every insert
inline constexpr std::int64_t million = 1'000'000;

struct timed_row {
  std::int64_t due = 0; // microseconds since 1970
  std::string_view body;
};

// One way to hold messages. Each call is one or more synced transactions; a failure ends the program with its
// text.
class layout {
 public:
  virtual ~layout() = default;
  virtual void insert(const std::vector<timed_row>& rows) = 0; // one transaction
  // Reads the bodies of the earliest rows, at most `rows`, and takes these out for good: one transaction.
  virtual std::size_t drain(std::size_t rows) = 0;
  virtual void housekeep() = 0; // after every transaction: what the layout does between its transactions
  // What a message has beside its body (properties, keys), where the layout does not add it itself.
  virtual std::size_t head_bytes() const { return 160; }
  virtual std::uint64_t wal_bytes() const = 0; // written to the log so far
  virtual std::uint64_t file_bytes() const = 0;
};

std::unique_ptr<layout> append_only(const std::string& file, int page_size);
std::unique_ptr<layout> indexed_by_due(const std::string& file, int page_size);
std::unique_ptr<layout> clustered_by_due(const std::string& file, int page_size);
std::unique_ptr<layout> clustered_by_hour(const std::string& file, int page_size);
std::unique_ptr<layout> buckets_as_built(const std::string& file, int page_size);

struct phase {
  std::size_t rows = 0;
  double seconds = 0;
  double cpu_us = 0; // processor time a row: steadier than wall time on a machine that does other things too
  double wal_per_row = 0;
  double p99_ms = 0, worst_ms = 0;                      // of one transaction
  double housekeeping_s = 0, worst_housekeeping_ms = 0; // within `seconds`
  double rate() const { return seconds > 0 ? static_cast<double>(rows) / seconds : 0; }
};
struct measured {
  std::string workload, layout;
  phase insert, drain;
  std::uint64_t file_bytes = 0; // after the inserts
};

measured measure(const workload& load, const std::string& name, layout& on);

} // namespace postponed::bench
