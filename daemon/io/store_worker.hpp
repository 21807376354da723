// Gives the store its thread: operations in, completions posted back to the io_context, in the order in which
// they were executed. Between operations it lets the store do its housekeeping.
//
// All members are called on the io_context's thread; only run() is on the worker's. Destroy after stop().
#pragma once

#include "base/clock.hpp"
#include "store/store.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace postponed::io {

class store_worker {
 public:
  struct handlers {
    std::function<void(store::commit_outcome&&, double milliseconds)> on_committed;
    std::function<void(store::horizon_page&&)> on_loaded;
    std::function<void(std::vector<held_id>&& asked, std::vector<held_record>&&)> on_read;
    std::function<void(const store::store_stats&)> on_stats; // about once a second
    std::function<void(const std::string& why)> on_failed;   // once; nothing else comes after
  };

  store_worker(boost::asio::io_context& context, std::unique_ptr<store::store> held, handlers on);
  ~store_worker();
  store_worker(const store_worker&) = delete;
  store_worker& operator=(const store_worker&) = delete;

  void commit(store::batch&& work);
  void load(store::horizon_position after, wall_time until, std::size_t limit,
            std::vector<std::uint32_t> skip);
  void read(std::vector<held_id> ids);
  // `ask` runs on the store's thread with the store and answers a result; then `answer` runs here with its
  // value. For what people ask (dead letters, lists), beside the three above, which are the relay's own way.
  template <typename Ask, typename Answer>
  void ask(Ask asked, Answer answer) {
    push(question{[this, asked = std::move(asked), answer = std::move(answer)](store::store& held) mutable {
      auto result = asked(held);
      if (!result) return boost::system::error_code{result.error()};
      boost::asio::post(context_, [answer = std::move(answer), value = std::move(*result)]() mutable {
        answer(std::move(value));
      });
      return boost::system::error_code{};
    }});
  }
  void stop(); // finishes what was asked, then closes the store; blocks until then

 private:
  struct load_operation {
    store::horizon_position after;
    wall_time until{};
    std::size_t limit = 0;
    std::vector<std::uint32_t> skip;
  };
  using question = std::function<boost::system::error_code(store::store&)>;
  using operation = std::variant<store::batch, load_operation, std::vector<held_id>, question>;

  void push(operation&& next);
  void run();
  bool perform(operation& next); // false: the store failed
  bool housekeep(bool idle, bool& more);
  void report_stats();
  void fail(const boost::system::error_code& error);

  boost::asio::io_context& context_;
  std::unique_ptr<store::store> store_;
  handlers on_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<operation> queue_;
  bool stopping_ = false;
  std::chrono::steady_clock::time_point stats_reported_{};
  std::thread thread_; // last: it starts when all else stands
};

} // namespace postponed::io
