// The heart: intake, horizon and release put together. Events and `now` in, actions out; no socket, clock,
// file or thread of its own.
//
// The driver (io/relay_driver) owns it on the io_context's thread. After every event, or batch of events, it
// calls run() and performs the actions, gives what take_batch() answers to the store, and sleeps until
// next_wake().
#pragma once

#include "relay/history.hpp"
#include "relay/intake.hpp"
#include "relay/releaser.hpp"

#include <deque>
#include <optional>
#include <string_view>
#include <vector>

namespace postponed::relay {

class engine {
 public:
  engine(parameters limits, releaser::random_source random);
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  void start(const store::store_stats& held); // what the store holds already

  // --- the configuration ---
  // Takes over another one, at once; what is on its way goes on. Held messages of a route that is no longer
  // named stay held (store_settings of it, such as the store's path, cannot change here).
  void reload(parameters limits);
  std::vector<source> sources() const { return routes_.sources(); } // what is to be consumed
  bool has_route(const std::string& name) { return routes_.named(name) != nullptr; }
  // Pauses or resumes a route, from now on; durable with the next commit. False: there is no such route.
  bool pause(const store::route_pause& what);
  std::vector<store::route_pause> paused();

  // --- what people ask of single messages ---
  using standing = releaser::standing;
  // Cancels or moves messages; what is answered for each is whether that is possible now (free). Then it is
  // not published until the change is durable, and its outcome is among take_changed() after that commit.
  std::vector<standing> change(const std::vector<store::held_change>& what);
  std::vector<store::change_outcome> take_changed() { return std::exchange(changed_, {}); }
  // Holds a message that came by HTTP; the outcome is among take_scheduled() when it is durable.
  // REQUIRES has_route(), or scheduled_route.
  void schedule(store::insert_request&& request);
  std::vector<store::insert_outcome> take_scheduled() { return std::exchange(scheduled_, {}); }

  // --- consuming ---
  // False: that source is not consumed any more.
  bool on_delivery(source_id from, std::uint64_t epoch, proto::event::delivered&& delivery, moment now);
  bool pending_from(source_id from) const { return intake_.pending_from(from); } // taken, not yet acked
  std::size_t unacked() const { return intake_.pending(); }                      // taken, not yet durable
  std::size_t unacked_bytes() const { return intake_.pending_bytes(); }

  // --- the store ---
  // What to commit next, in one transaction; every batch taken is answered by one on_committed(), in order.
  store::batch take_batch();
  bool has_batch() const { return batch_rows_ > 0; }
  std::size_t batch_rows() const { return batch_rows_; }
  // Of these, those that somebody waits for: an ack, an answer. After run().
  std::size_t waited_for() const {
    return batch_.inserts.size() + batch_.letters.size() + batch_.scheduled.size() + batch_.changes.size() +
           batch_.pauses.size();
  }
  // `at`: when it was durable; left out: about now.
  void on_committed(store::commit_outcome&& outcome, double milliseconds,
                    std::optional<wall_time> at = std::nullopt);
  void on_loaded(const store::horizon_page& page);
  void on_read(const std::vector<held_id>& asked, std::vector<held_record>&& found);
  // Letters that are held again, in a transaction of the store's own.
  void on_replayed(const store::replayed& what, const std::string& dead_letter);

  // --- publishing; see releaser ---
  void on_lane_open(lane which, moment now) { releaser_.on_lane_open(which, now); }
  void on_lane_lost(lane which, std::uint16_t code, const std::string& text, moment now);
  void set_properties_max(std::size_t bytes) { releaser_.set_properties_max(bytes); }
  void on_blocked(bool blocked, moment now) { releaser_.set_blocked(blocked, now); }
  void on_confirmed(lane which, std::uint64_t tag, bool multiple, moment now);
  void on_refused(lane which, std::uint64_t tag, bool multiple, moment now);
  void on_returned(lane which, std::string_view properties, std::uint16_t code, const std::string& text);

  // The wall clock was set back by `by` (positive).
  void on_clock_back(microseconds by);
  void on_clock_jump() { ++count_.clock_jumps; }

  // --- doing ---
  void run(moment now, actions& out);
  std::optional<wall_time> next_wake(moment now) const;
  void stop() { releaser_.stop(); }
  // Nothing is on its way: all taken is committed and acked, all published is settled and marked.
  bool drained() const;
  std::size_t in_flight() const { return releaser_.in_flight(); }

  const counters& count() const { return count_; }
  const history& past() const { return past_; } // of single messages, lately
  const parameters& limits() const { return limits_; }

 private:
  struct submitted {
    std::vector<held_id> done;
    std::vector<store::deferral> deferrals;
    std::vector<store::held_change> changes;
    struct request {
      std::string route;
      wall_time received{};
    };
    std::vector<request> scheduled;
  };
  void on_changed(const store::held_change& asked, const store::change_outcome& outcome, wall_time at);
  void on_scheduled(const submitted::request& asked, store::insert_outcome&& told, wall_time at);
  void collect();
  void restart_horizon();
  void offer(const route_entry& route, const held_ref& held);

  parameters limits_;
  counters count_;
  history past_;
  route_table routes_;
  horizon near_;
  releaser releaser_;
  intake intake_;
  store::batch batch_; // gathered, not yet taken
  std::size_t batch_rows_ = 0;
  std::deque<submitted> submitted_; // taken, not yet committed
  std::vector<ack_action> acks_;
  std::vector<store::change_outcome> changed_;
  std::vector<store::insert_outcome> scheduled_;
  notes notes_;
  std::vector<horizon::expiry> expired_;
  std::int64_t next_row_ = 1; // rows from here on will be assigned by coming commits
  steady_time deadlines_checked_{};
  wall_time ran_{}; // last
};

} // namespace postponed::relay
