#include "io/store_worker.hpp"

#include "io/wall_timer.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace postponed::io {

namespace {

using namespace std::chrono_literals;

constexpr auto idle_after = 50ms; // without an operation for so long the store counts as idle
constexpr auto stats_period = 1s;
constexpr std::size_t busy_period = 32; // operations between two pieces of housekeeping under load

} // namespace

store_worker::store_worker(boost::asio::io_context& context, std::unique_ptr<store::store> held, handlers on)
    : context_{context}, store_{std::move(held)}, on_{std::move(on)}, thread_{[this] { run(); }} {}

store_worker::~store_worker() {
  stop();
}

void store_worker::commit(store::batch&& work) {
  push(std::move(work));
}

void store_worker::load(store::horizon_position after, wall_time until, std::size_t limit,
                        std::vector<std::uint32_t> skip) {
  push(load_operation{after, until, limit, std::move(skip)});
}

void store_worker::read(std::vector<held_id> ids) {
  push(std::move(ids));
}

void store_worker::push(operation&& next) {
  {
    const std::lock_guard lock{mutex_};
    queue_.push_back(std::move(next));
  }
  wake_.notify_one();
}

void store_worker::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  store_.reset();
}

void store_worker::run() {
  std::size_t since_housekeeping = 0;
  bool more = true; // housekeeping left over
  for (;;) {
    operation next;
    bool have = false;
    {
      std::unique_lock lock{mutex_};
      // With housekeeping left over, go on with it as soon as nobody waits.
      wake_.wait_for(lock, more ? 1ms : idle_after, [&] { return stopping_ || !queue_.empty(); });
      if (!queue_.empty()) {
        next = std::move(queue_.front());
        queue_.pop_front();
        have = true;
      } else if (stopping_) {
        return;
      }
    }
    if (have && !perform(next)) return;
    if (have && ++since_housekeeping < busy_period) continue;
    since_housekeeping = 0;
    if (!housekeep(!have, more)) return;
    report_stats();
  }
}

bool store_worker::perform(operation& next) {
  if (auto* const work = std::get_if<store::batch>(&next)) {
    const auto begin = std::chrono::steady_clock::now();
    auto outcome = store_->commit(std::move(*work), read_clocks().wall);
    if (!outcome) return fail(outcome.error()), false;
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    boost::asio::post(context_, [this, result = std::move(*outcome), ms = took.count()]() mutable {
      on_.on_committed(std::move(result), ms);
    });
  } else if (auto* const page = std::get_if<load_operation>(&next)) {
    auto loaded = store_->load(page->after, page->until, page->limit, page->skip);
    if (!loaded) return fail(loaded.error()), false;
    boost::asio::post(context_,
                      [this, result = std::move(*loaded)]() mutable { on_.on_loaded(std::move(result)); });
  } else if (auto* const asked = std::get_if<question>(&next)) {
    if (const auto error = (*asked)(*store_)) return fail(error), false;
  } else {
    auto& ids = std::get<std::vector<held_id>>(next);
    auto records = store_->read(ids);
    if (!records) return fail(records.error()), false;
    boost::asio::post(context_, [this, asked = std::move(ids), result = std::move(*records)]() mutable {
      on_.on_read(std::move(asked), std::move(result));
    });
  }
  return true;
}

bool store_worker::housekeep(bool idle, bool& more) {
  const auto done = store_->maintain(read_clocks().wall, idle);
  if (!done) return fail(done.error()), false;
  more = *done;
  return true;
}

void store_worker::report_stats() {
  const auto now = std::chrono::steady_clock::now();
  if (now - stats_reported_ < stats_period) return;
  stats_reported_ = now;
  boost::asio::post(context_, [this, stats = store_->stats()] { on_.on_stats(stats); });
}

void store_worker::fail(const boost::system::error_code& error) {
  std::string why = error.message();
  if (const std::string words = store_->last_error(); !words.empty()) why += ": " + words;
  boost::asio::post(context_, [this, why = std::move(why)] { on_.on_failed(why); });
}

} // namespace postponed::io
