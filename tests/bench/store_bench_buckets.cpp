// The store itself, through its interface, as the daemon uses it: batches in; then a clock that runs as fast
// as the rows come out, a horizon that is loaded ahead of it, bodies read in small lots, done marks in
// batches.
#include "bench/store_bench.hpp"
#include "store/sqlite/sqlite_store.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <deque>

namespace postponed::bench {

namespace {

constexpr auto horizon_ahead = std::chrono::seconds{90}; // as relay::parameters has them
constexpr std::size_t horizon_rows = 200000;
constexpr std::size_t read_lot = 256;

class buckets_layout final : public layout {
 public:
  explicit buckets_layout(const std::string& file) {
    store::sqlite_options options;
    options.path = file;
    std::string why;
    auto opened = store::open_sqlite_store(options, why);
    if (!opened) die(why);
    store_ = std::move(*opened);
  }

  void insert(const std::vector<timed_row>& rows) override {
    store::batch work;
    work.inserts.reserve(rows.size());
    for (const timed_row& each : rows) {
      store::insert_request request;
      request.record.due = wall_time{microseconds{each.due}};
      request.record.first_seen = now_;
      request.record.route = "orders";
      request.record.content.exchange = "orders";
      request.record.content.routing_key = "order.timeout";
      request.record.content.properties = properties_;
      request.record.content.body = each.body;
      work.inserts.push_back(std::move(request));
    }
    commit(std::move(work));
  }

  std::size_t drain(std::size_t rows) override {
    while (loaded_.size() < rows && !(complete_ && reached_.due > now_ + std::chrono::hours{24 * 40})) {
      if (loaded_.empty() || complete_) now_ += horizon_ahead / 2; // time passes
      load();
      housekeep();
    }
    store::batch work;
    std::vector<held_id> ids;
    while (work.done.size() < rows && !loaded_.empty()) {
      ids.clear();
      for (; ids.size() < read_lot && work.done.size() < rows && !loaded_.empty(); loaded_.pop_front()) {
        ids.push_back(loaded_.front().id);
        work.done.push_back(ids.back());
      }
      const auto read = store_->read(ids);
      if (!read || read->size() != ids.size()) die("cannot read: " + store_->last_error());
    }
    const std::size_t got = work.done.size();
    commit(std::move(work));
    return got;
  }

  void housekeep() override {
    for (;;) {
      const auto more = store_->maintain(now_, false);
      if (!more) die(store_->last_error());
      if (!*more) break;
      look_at_log();
    }
    look_at_log();
  }

  std::size_t head_bytes() const override { return 0; } // insert() gives them
  std::uint64_t wal_bytes() const override { return log_; }
  std::uint64_t file_bytes() const override { return store_->stats().file_bytes; }

 private:
  [[noreturn]] static void die(const std::string& why) {
    fmt::print(stderr, "{}\n", why);
    std::exit(1);
  }
  void commit(store::batch&& work) {
    if (!store_->commit(std::move(work), now_)) die(store_->last_error());
    look_at_log();
  }
  void load() {
    const auto page = store_->load(reached_, now_ + horizon_ahead, horizon_rows - loaded_.size(), {});
    if (!page) die(store_->last_error());
    loaded_.insert(loaded_.end(), page->rows.begin(), page->rows.end());
    reached_ = page->reached;
    complete_ = page->complete;
  }
  void look_at_log() {
    const std::uint64_t now = store_->stats().wal_bytes;
    log_ += now < last_log_ ? now : now - last_log_;
    last_log_ = now;
  }

  std::unique_ptr<store::store> store_;
  const std::string properties_ = std::string(90, 'p');
  wall_time now_{std::chrono::seconds{start_s}};
  std::deque<held_ref> loaded_;
  store::horizon_position reached_;
  bool complete_ = false;
  std::uint64_t log_ = 0, last_log_ = 0;
};

} // namespace

std::unique_ptr<layout> buckets_as_built(const std::string& file, int) {
  return std::make_unique<buckets_layout>(file);
}

} // namespace postponed::bench
