// The shell around the relay's engine: feeds it what the broker, the store and the clock say, and performs
// what it wants done. Lives on the io_context's thread.
//
// Group commit: one commit is under way at a time; meanwhile the next gathers, so that one sync covers many
// messages (relay/group_commit.hpp).
//
// Stopping: consumers are cancelled, what was taken is committed and acked, what was published is awaited
// until a deadline, then both connections close. What is not confirmed by then is published again after the
// next start, with the same id.
#pragma once

#include "io/broker_link.hpp"
#include "io/consumers.hpp"
#include "io/publisher.hpp"
#include "io/store_worker.hpp"
#include "io/topology_inspector.hpp"
#include "io/wake_moderation.hpp"
#include "io/wall_timer.hpp"
#include "io/watcher.hpp"
#include "relay/engine.hpp"
#include "relay/group_commit.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace postponed::io {

struct driver_parameters {
  relay::parameters relay;
  std::vector<relay::topology_step> topology; // to declare
  bool verify_topology = false;               // at each connect `wanted` is compared instead
  relay::wanted_topology wanted;              // all that the file lists
  std::optional<management_parameters> management;
  std::vector<relay::watched> watched; // dead letters that have a queue
  link_parameters link;                // role is filled in for each of the two
  std::uint16_t prefetch = 1000;
  std::size_t intake_bytes = std::size_t{16} << 20; // taken and not yet durable, at most; reading stops above
  std::size_t batch_rows = 1000;                    // a full batch
  std::chrono::milliseconds drain_deadline{10000};
};

class relay_driver {
 public:
  // `on_failed`: the store failed; nothing is acked any more, the process should end. `on_stopped`: stop() is
  // done. `on_alert`: of a watched dead letter.
  struct handlers {
    std::function<void(const std::string& why)> on_failed;
    std::function<void()> on_stopped;
    std::function<void(const relay::alert_event&)> on_alert;
    // The first verification found the broker to differ; nothing was taken yet, the process should end.
    std::function<void()> on_topology_refused;
  };

  relay_driver(boost::asio::io_context& context, driver_parameters limits, std::unique_ptr<store::store> held,
               handlers on);
  ~relay_driver();
  relay_driver(const relay_driver&) = delete;
  relay_driver& operator=(const relay_driver&) = delete;

  void start();
  void stop();

  // Takes over another configuration at once. Connections are kept, unless what they are made with changes.
  void reload(driver_parameters limits);
  // `done` is called when it is durable. False: there is no such route.
  bool pause(const store::route_pause& what, std::function<void()> done);
  // Letters that the store holds again, to be sent.
  void on_replayed(const store::replayed& what, const std::string& dead_letter);
  // Copies of the first messages of a queue, which stay where they are. `done` is called once, later.
  void peek(std::string queue, std::size_t limit, peeker::taker done) {
    watcher_.peek(std::move(queue), limit, std::move(done));
  }

  // Takes the first messages of a queue out of it until they are settled; see peeker.
  void take(std::string queue, std::size_t limit, peeker::taker done) {
    drainer_.take(std::move(queue), limit, std::move(done));
  }
  void settle(std::uint64_t ticket, bool done) { drainer_.settle(ticket, done); }

  // What people do to single messages. `done` is called when that is durable. Each change answers at once
  // whether it is possible now; where not, nothing is done. REQUIRES ids that the store gave out; a route of
  // the engine's, or relay::scheduled_route.
  using change_done = std::function<void(const store::change_outcome&)>;
  using schedule_done = std::function<void(const store::insert_outcome&)>;
  std::vector<relay::engine::standing> change(std::vector<store::held_change> what, const change_done& done);
  void schedule(store::insert_request&& request, schedule_done done);

  const relay::engine& engine() const { return engine_; }
  const relay::topology_run& topology() const { return topology_; }
  // In what broker and file differ, asked now; whatever the mode.
  void inspect_topology(topology_inspector::completion<relay::topology_report> done);
  const link_status& consume_status() const { return consume_link_.status(); }
  const link_status& publish_status() const { return publish_link_.status(); }
  struct intake_state {
    relay::source of;
    consumers::state state;
  };
  std::vector<intake_state> intake_states() const; // of routes and of collected dead letters
  std::vector<relay::watched_state> watched() const { return watcher_.state(); }
  const std::vector<store::letter_totals>& letter_totals() const { return totals_; } // as last read
  // For what people ask of the store; its thread answers in turn. Nothing is answered once the store failed.
  store_worker& store() { return *worker_; }
  const store::store_stats& store_stats() const { return stats_; }
  steady_time store_seen() const { return store_seen_; } // when the store's thread last answered
  bool stopping() const { return stopping_; }
  // For the thread's loop (io/wake_moderation.hpp): whether so much passes that it should rest after each
  // round; if so, for how long.
  bool busy();
  steady_time::duration rest();
  const std::string& failure() const { return failure_; } // empty: the store is well

 private:
  void pump();
  void pump_soon();
  void tell_people();
  void perform(relay::actions& wanted);
  void commit_when_worth_it();
  void submit();
  void count_moved(steady_time now);
  void on_consume_event(proto::session_event&& event);
  std::uint64_t arrivals(const relay::watched& of) const;
  void ask_totals(watcher::totals_taker answer);
  void on_clock(microseconds stepped);
  void on_failed(const std::string& why);
  void check_stopped();
  void close_links();
  void verify_topology();
  void on_topology_inspected(relay::topology_report&& found);
  void on_topology_unseen(const std::string& why);

  boost::asio::io_context& context_;
  driver_parameters limits_;
  handlers on_;
  relay::engine engine_;
  relay::topology_run topology_;
  store::store_stats stats_;
  steady_time store_seen_ = std::chrono::steady_clock::now();
  std::unique_ptr<store_worker> worker_;
  consumers consumers_;
  watcher watcher_;
  peeker drainer_;
  std::vector<store::letter_totals> totals_;
  publisher publisher_;
  topology_inspector inspector_;
  boost::asio::steady_timer verify_again_;
  std::uint64_t verification_ = 0; // answers of former ones do not count
  broker_link consume_link_;
  broker_link publish_link_;
  wall_timer clock_;
  relay::group_commit gathering_;
  boost::asio::steady_timer linger_;
  boost::asio::steady_timer drain_;
  wake_moderation wakes_;
  std::size_t moved_ = 0; // messages taken and published, and not yet told to it
  bool busy_ = false;
  bool lingering_ = false;
  bool commit_under_way_ = false;
  bool stopping_ = false;
  bool closing_ = false;
  bool stopped_ = false;
  bool failed_ = false;
  std::string failure_;
  relay::actions wanted_; // scratch
  bool pump_posted_ = false;
  std::uint64_t next_token_ = 1; // of what people ask
  std::unordered_map<std::uint64_t, change_done> changing_;
  std::unordered_map<std::uint64_t, schedule_done> scheduling_;
  std::vector<std::function<void()>> awaiting_;   // the next commit
  std::vector<std::function<void()>> committing_; // the one under way
};

} // namespace postponed::io
