// Compares layouts for held messages in one run: how fast each takes them in with random due times, and gives
// them out in due order. The first is the limit: rows appended and taken out as a queue.
#include "bench/store_bench.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>

namespace postponed::bench {

namespace {

using steady = std::chrono::steady_clock;

double ms_since(steady::time_point begin) {
  return std::chrono::duration<double, std::milli>(steady::now() - begin).count();
}

double cpu_us() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e6 + static_cast<double>(used.tv_nsec) / 1e3;
}

class stopwatch {
 public:
  stopwatch(layout& on, phase& into)
      : on_{on}, into_{into}, wal_before_{on.wal_bytes()}, cpu_before_{cpu_us()}, begin_{steady::now()} {}

  template <typename Transaction>
  void time(Transaction transaction) {
    const auto begin = steady::now();
    transaction();
    each_ms_.push_back(ms_since(begin));
    const auto housekeeping = steady::now();
    on_.housekeep();
    const double ms = ms_since(housekeeping);
    into_.housekeeping_s += ms / 1000;
    into_.worst_housekeeping_ms = std::max(into_.worst_housekeeping_ms, ms);
  }
  void finish(std::size_t rows) {
    into_.seconds = ms_since(begin_) / 1000;
    into_.rows = rows;
    if (rows == 0) return;
    into_.cpu_us = (cpu_us() - cpu_before_) / static_cast<double>(rows);
    into_.wal_per_row = static_cast<double>(on_.wal_bytes() - wal_before_) / static_cast<double>(into_.rows);
    std::sort(each_ms_.begin(), each_ms_.end());
    into_.worst_ms = each_ms_.back();
    into_.p99_ms = each_ms_[each_ms_.size() * 99 / 100];
  }

 private:
  layout& on_;
  phase& into_;
  std::uint64_t wal_before_;
  double cpu_before_;
  steady::time_point begin_;
  std::vector<double> each_ms_;
};

} // namespace

measured measure(const workload& load, const std::string& name, layout& on) {
  measured result{load.name, name, {}, {}, 0};
  std::mt19937_64 random{42}; // the same due times for every layout
  std::uniform_int_distribution<std::int64_t> due{0, load.span_s * million - 1};
  const std::size_t size = load.body + on.head_bytes();
  std::string pool(size + 4096, '\0');
  for (char& each : pool)
    each = static_cast<char>(random());
  const auto next_batch = [&](std::size_t rows) {
    std::vector<timed_row> batch(rows);
    for (timed_row& each : batch)
      each = {start_s * million + due(random), std::string_view{pool}.substr(random() % 4096, size)};
    return batch;
  };
  for (std::size_t done = 0; done < load.preload; done += load.batch) {
    on.insert(next_batch(std::min(load.batch, load.preload - done)));
    on.housekeep();
  }
  stopwatch inserting{on, result.insert};
  for (std::size_t done = 0; done < load.rows; done += load.batch) {
    const auto batch = next_batch(std::min(load.batch, load.rows - done));
    inserting.time([&] { on.insert(batch); });
  }
  inserting.finish(load.rows);
  result.file_bytes = on.file_bytes();
  stopwatch draining{on, result.drain};
  const std::size_t drained = std::min(load.drain, load.rows + load.preload);
  for (std::size_t left = drained; left > 0;) {
    std::size_t got = 0;
    draining.time([&] { got = on.drain(std::min(load.batch, left)); });
    if (got == 0) {
      fmt::print(stderr, "{}: {} rows were not found again\n", name, left);
      std::exit(1);
    }
    left -= got;
  }
  draining.finish(drained);
  return result;
}

namespace {

std::string as_text(const phase& each, double limit) {
  return fmt::format("{:>9.0f}{:>6.2f}{:>7.1f}{:>8.0f}{:>7.1f}{:>7.1f}", each.rate(), each.rate() / limit,
                     each.cpu_us, each.wal_per_row, each.p99_ms,
                     std::max(each.worst_ms, each.worst_housekeeping_ms));
}

std::string as_json(const phase& each) {
  return fmt::format(
      R"({{"rows":{},"seconds":{:.3f},"rows_per_second":{:.0f},"cpu_us_per_row":{:.2f},"wal_bytes_per_row":{:.0f},)"
      R"("p99_ms":{:.2f},"worst_ms":{:.2f},"housekeeping_seconds":{:.3f},)"
      R"("worst_housekeeping_ms":{:.2f}}})",
      each.rows, each.seconds, each.rate(), each.cpu_us, each.wal_per_row, each.p99_ms, each.worst_ms,
      each.housekeeping_s, each.worst_housekeeping_ms);
}

} // namespace

} // namespace postponed::bench

int main(int argc, char** argv) {
  using namespace postponed::bench;
  std::size_t rows = 200000, size = 1024, batch = 1000, preload = 0;
  std::int64_t spread_hours = 0;
  int page_size = 4096; // the store's own
  std::string json, only, folder = std::filesystem::temp_directory_path().string();
  CLI::App app{"Compares layouts of the store in one run: rows/s in and out, bytes of log a row"};
  app.add_option("--rows", rows, "Messages in each workload")->capture_default_str();
  app.add_option("--spread-hours", spread_hours,
                 "One workload, due times random over this; without: one over 24 hours, one over 30 days");
  app.add_option("--preload", preload,
                 "Messages held before; over 30 days as many as --rows where not given");
  app.add_option("--size", size, "Bytes of a body")->capture_default_str();
  app.add_option("--batch", batch, "Messages a transaction")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--page-size", page_size, "SQLite's page size of the raw layouts")->capture_default_str();
  app.add_option("--only", only, "Only layouts whose name contains this, and the append-only one");
  app.add_option("--folder", folder, "Where the files go; on the disk to be measured")->capture_default_str();
  app.add_option("--json", json, "Also write the figures there");
  CLI11_PARSE(app, argc, argv);

  std::vector<workload> workloads;
  if (spread_hours > 0) {
    workloads.push_back(
        {fmt::format("{} h", spread_hours), rows, preload, rows, batch, size, spread_hours * 3600});
  } else {
    workloads.push_back({"24 h", rows, preload, rows, batch, size, 86400});
    workloads.push_back({"30 d", rows, preload == 0 ? rows : preload, rows / 2, batch, size, 30 * 86400});
  }
  const std::vector<std::pair<std::string, std::function<std::unique_ptr<layout>(const std::string&, int)>>>
      layouts{{"append-only rowid", append_only},
              {"rowid + index(due)", indexed_by_due},
              {"without rowid(due, id)", clustered_by_due},
              {"without rowid(hour, id)", clustered_by_hour},
              {"buckets as built", buckets_as_built}};

  fmt::print(
      "{} rows of {} bytes, {} a transaction, every one synced; ratio: to append-only in the same run\n\n",
      rows, size, batch);
  const std::string heading = fmt::format("{:>9}{:>6}{:>7}{:>8}{:>7}{:>7}", "rows/s", "ratio", "CPU us",
                                          "WAL/row", "p99 ms", "max ms");
  fmt::print("{:<35}| {:<44}| {:<44}|\n", "", "in", "out");
  fmt::print("{:<9}{:<26}|{} |{} | file MB\n", "due over", "layout", heading, heading);
  std::vector<std::string> results;
  for (const workload& load : workloads) {
    double limit_in = 0, limit_out = 0;
    for (const auto& [name, make] : layouts) {
      if (name != layouts.front().first && name.find(only) == std::string::npos) continue;
      std::string pattern = folder + "/store-bench-XXXXXX";
      if (::mkdtemp(pattern.data()) == nullptr) {
        fmt::print(stderr, "cannot make a folder in {}\n", folder);
        return 1;
      }
      measured each;
      {
        const auto on = make(pattern + "/held.db", page_size);
        each = measure(load, name, *on);
      }
      std::filesystem::remove_all(pattern);
      if (limit_in == 0) limit_in = each.insert.rate();
      if (limit_out == 0) limit_out = each.drain.rate();
      fmt::print("{:<9}{:<26}|{} |{} | {:>7}\n", load.name, name, as_text(each.insert, limit_in),
                 as_text(each.drain, limit_out), each.file_bytes >> 20);
      std::fflush(stdout);
      results.push_back(fmt::format(
          R"({{"workload":"{}","layout":"{}","insert":{},"drain":{},"file_bytes":{}}})", each.workload,
          each.layout, as_json(each.insert), as_json(each.drain), each.file_bytes));
    }
  }
  if (!json.empty()) {
    std::ofstream out{json};
    out << fmt::format("{{\"rows\":{},\"size\":{},\"batch\":{},\"results\":[\n{}\n]}}\n", rows, size, batch,
                       fmt::join(results, ",\n"));
    if (!out.flush()) {
      fmt::print(stderr, "cannot write {}\n", json);
      return 1;
    }
  }
  return 0;
}
