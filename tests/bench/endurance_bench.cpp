// The store over time: the worst commits under a steady load, what is written for each byte held, and whether
// the file grows when it is filled and emptied again and again.
//
//   endurance_bench [--seconds 600] [--rate 5000] [--delay 10] [--size 1024] [--cycles 10]
//                   [--cycle-rows 100000] [--folder DIR] [--json FILE]
//
// Steady: as the daemon does it, so many a second are taken in batches that gather as long as the daemon's
// do, read when they are due, and marked done in the next batch; housekeeping every 32 operations. `waited`
// is from when a batch was ready until it was durable: it holds what the store's thread did before it
// (reading, a page of the horizon, a checkpoint). Written: the blocks of 4 KiB that each sync had to bring to
// the disk, log and file together, up to the end of a checkpoint. The kernel's own count (/proc/self/io) is
// of what it marks in its cache, which may be 16 blocks for one. Exit 0 when all came out again, whatever the
// figures.
#include "bench/flow.hpp"
#include "bench/store_bench.hpp"
#include "relay/group_commit.hpp"
#include "store/sqlite/sqlite_store.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <unordered_set>
#include <vector>

using namespace postponed;
using namespace postponed::bench;

namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr std::size_t busy_period = 32; // as io/store_worker has it
constexpr std::size_t page_rows = 200000;
constexpr auto horizon_ahead = 2s;

struct options {
  std::size_t seconds = 600, size = 1024, cycles = 10, cycle_rows = 100000;
  double rate = 5000;
  int delay = 10;
  std::string folder = std::filesystem::temp_directory_path().string(), json;
};

// What SQLite wrote and has not synced yet, by file; and what its syncs brought to the disk. One thread.
constexpr std::int64_t block = 4096;
std::map<int, std::unordered_set<std::int64_t>> unsynced;
std::uint64_t synced_blocks = 0;

double written_bytes() {
  return static_cast<double>(synced_blocks) * block;
}

double ms_since(steady::time_point begin) {
  return std::chrono::duration<double, std::milli>(steady::now() - begin).count();
}

class steady_load {
 public:
  steady_load(const options& chosen, const std::string& file) : o_{chosen}, body_(o_.size, 'x') {
    store::sqlite_options options;
    options.path = file;
    std::string why;
    auto opened = store::open_sqlite_store(options, why);
    if (!opened) throw std::runtime_error{why};
    store_ = std::move(*opened);
  }

  std::string run() {
    const double written = written_bytes();
    const auto begin = steady::now();
    const auto wanted = static_cast<std::size_t>(o_.rate * static_cast<double>(o_.seconds));
    const std::chrono::nanoseconds first_comes{static_cast<std::int64_t>(1e9 / o_.rate)};
    for (auto next = begin; out_ < wanted;) {
      next += first_comes + gathering_.linger(next);
      std::this_thread::sleep_until(next); // late batches follow at once
      now_ = start_ + std::chrono::duration_cast<microseconds>(steady::now() - begin);
      const double elapsed = std::chrono::duration<double>(next - begin).count();
      const std::size_t before = in_;
      take(std::min(wanted, static_cast<std::size_t>(elapsed * o_.rate)), next);
      gathering_.submitted(in_ - before, next);
      release();
      if (steady::now() - begin > std::chrono::seconds{o_.seconds + 120 + static_cast<std::size_t>(o_.delay)})
        throw std::runtime_error{fmt::format("{} of {} came out", out_, wanted)};
    }
    commit({}, steady::now());
    while (value(store_->maintain(now_, true))) {
    }
    const double amplification = (written_bytes() - written) / held_bytes_;
    fmt::print("{:.0f}/s for {} s, delay {} s, {} B: {} commits of {:.1f} rows in the mean\n", o_.rate,
               o_.seconds, o_.delay, o_.size, commits_ms_.size(),
               2 * static_cast<double>(wanted) / static_cast<double>(commits_ms_.size()));
    std::string json = fmt::format("\"amplification\":{:.2f}", amplification);
    for (const auto& [name, times] : {std::pair{"commit", &commits_ms_}, std::pair{"waited", &waited_ms_}}) {
      const double p50 = percentile(*times, 0.5), p99 = percentile(*times, 0.99),
                   p999 = percentile(*times, 0.999), most = percentile(*times, 1);
      fmt::print("{:<8} ms: p50 {:.2f} p99 {:.2f} p99.9 {:.2f} max {:.2f}\n", name, p50, p99, p999, most);
      json += fmt::format(",\"{}_ms\":{{\"p50\":{:.3f},\"p99\":{:.3f},\"p999\":{:.3f},\"max\":{:.3f}}}", name,
                          p50, p99, p999, most);
    }
    fmt::print("written for each byte held: {:.2f}\n", amplification);
    return json;
  }

 private:
  template <typename Value>
  Value value(boost::system::result<Value>&& result) {
    if (!result) throw std::runtime_error{store_->last_error()};
    if (++operations_ % busy_period == 0 && !store_->maintain(now_, false))
      throw std::runtime_error{store_->last_error()};
    return std::move(*result);
  }

  void take(std::size_t until, steady::time_point ready) {
    store::batch work;
    for (; in_ < until; ++in_) {
      store::insert_request request;
      request.record.due = now_ + std::chrono::seconds{o_.delay};
      request.record.first_seen = now_;
      request.record.route = "orders";
      request.record.content.exchange = "orders";
      request.record.content.routing_key = "order.timeout";
      request.record.content.properties = properties_;
      request.record.content.body = body_;
      work.inserts.push_back(std::move(request));
      held_bytes_ += static_cast<double>(body_.size() + properties_.size());
    }
    commit(std::move(work), ready);
  }

  void commit(store::batch&& work, steady::time_point ready) {
    work.done = std::exchange(done_, {});
    if (work.inserts.empty() && work.done.empty()) return;
    out_ += work.done.size();
    const auto begin = steady::now();
    value(store_->commit(std::move(work), now_));
    commits_ms_.push_back(ms_since(begin));
    waited_ms_.push_back(ms_since(ready));
  }

  // What is due by now is read, and done with the next batch.
  void release() {
    if (reached_.due < now_ + std::chrono::seconds{1} || !complete_) {
      const auto page = value(store_->load(reached_, now_ + horizon_ahead, page_rows - loaded_.size(), {}));
      loaded_.insert(loaded_.end(), page.rows.begin(), page.rows.end());
      reached_ = page.reached;
      complete_ = page.complete;
    }
    std::vector<held_id> ids;
    for (; !loaded_.empty() && loaded_.front().due <= now_; loaded_.pop_front())
      ids.push_back(loaded_.front().id);
    if (ids.empty()) return;
    if (value(store_->read(ids)).size() != ids.size())
      throw std::runtime_error{"a message was not found again"};
    done_.insert(done_.end(), ids.begin(), ids.end());
  }

  const options& o_;
  const std::string body_;
  const std::string properties_ = std::string(90, 'p');
  std::unique_ptr<store::store> store_;
  const wall_time start_{std::chrono::seconds{start_s}};
  wall_time now_ = start_;
  relay::group_commit gathering_;
  std::deque<held_ref> loaded_;
  store::horizon_position reached_;
  bool complete_ = false;
  std::vector<held_id> done_;
  std::vector<double> commits_ms_, waited_ms_;
  std::size_t in_ = 0, out_ = 0, operations_ = 0;
  double held_bytes_ = 0;
};

std::string run_cycles(const options& o, const std::string& file) {
  const auto on = buckets_as_built(file, 4096);
  const std::string body(o.size + 160, 'x');
  std::vector<std::uint64_t> sizes;
  std::int64_t now = start_s;
  for (std::size_t cycle = 0; cycle < o.cycles; ++cycle) {
    for (std::size_t done = 0; done < o.cycle_rows; done += 1000) {
      std::vector<timed_row> rows(std::min<std::size_t>(1000, o.cycle_rows - done));
      for (timed_row& each : rows)
        each = {(now + 60) * million + static_cast<std::int64_t>(done) * 600, body};
      on->insert(rows);
      on->housekeep();
    }
    const std::uint64_t full = on->file_bytes();
    for (std::size_t left = o.cycle_rows; left > 0;) {
      const std::size_t got = on->drain(std::min<std::size_t>(1000, left));
      if (got == 0) throw std::runtime_error{"rows were not found again"};
      left -= got;
      on->housekeep();
    }
    sizes.push_back(std::max(full, on->file_bytes()));
    now += 3600;
  }
  const double growth =
      static_cast<double>(sizes.back()) / static_cast<double>(sizes[sizes.size() > 1 ? 1 : 0]);
  fmt::print("{} times {} rows in and all out: the file has {} MiB at most in the first, {} in the second, "
             "{} in the last "
             "({:.2f} of the second)\n",
             o.cycles, o.cycle_rows, sizes.front() >> 20, sizes[sizes.size() > 1 ? 1 : 0] >> 20,
             sizes.back() >> 20, growth);
  std::vector<std::uint64_t> mib;
  for (const std::uint64_t each : sizes)
    mib.push_back(each >> 20);
  return fmt::format("\"cycle_mib\":[{}],\"growth\":{:.3f}", fmt::join(mib, ","), growth);
}

} // namespace

// SQLite's calls come here, as the program's names go before those of its libraries.
extern "C" ssize_t pwrite64(int file, const void* from, std::size_t size, off64_t at) {
  const ssize_t wrote = ::syscall(SYS_pwrite64, file, from, size, at);
  for (std::int64_t each = at / block; wrote > 0 && each <= (at + wrote - 1) / block; ++each)
    unsynced[file].insert(each);
  return wrote;
}
extern "C" int fdatasync(int file) {
  synced_blocks += unsynced[file].size();
  unsynced[file].clear();
  return static_cast<int>(::syscall(SYS_fdatasync, file));
}

int main(int argc, char** argv) try {
  options o;
  CLI::App app{"The store over time: the worst commits, what is written, whether the file grows"};
  app.add_option("--seconds", o.seconds, "Length of the steady load")->capture_default_str();
  app.add_option("--rate", o.rate, "Messages a second of it")->capture_default_str();
  app.add_option("--delay", o.delay, "Seconds that each is held; more than the 2 of the horizon loaded here")
      ->capture_default_str()
      ->check(CLI::Range(3, 86400));
  app.add_option("--size", o.size, "Bytes of a body")->capture_default_str();
  app.add_option("--cycles", o.cycles, "Times that the file is filled and emptied")->capture_default_str();
  app.add_option("--cycle-rows", o.cycle_rows, "Messages each time")->capture_default_str();
  app.add_option("--folder", o.folder, "Where the file goes; on the disk to be measured")
      ->capture_default_str();
  app.add_option("--json", o.json, "Also write the figures there");
  CLI11_PARSE(app, argc, argv);

  std::string pattern = o.folder + "/endurance-bench-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"cannot make a folder in " + o.folder};
  std::string json = steady_load{o, pattern + "/steady.db"}.run();
  json += "," + run_cycles(o, pattern + "/cycles.db");
  std::filesystem::remove_all(pattern);
  if (!o.json.empty())
    std::ofstream{o.json} << fmt::format("{{\"rate\":{:.0f},\"seconds\":{},{}}}\n", o.rate, o.seconds, json);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "endurance_bench: {}\n", error.what());
  return 1;
}
