// The way out: from "due soon" to "the broker has it". Reads bodies ahead, publishes within the confirm
// window, pairs confirms and returns, and decides what follows a failure. Pure; one thread.
//
// A row is here from the moment it is due soon until the store has committed what became of it. Its phases:
//
//   queued -> reading -> staged -> (paced) -> ready -> in_flight -> closing (done or deferred, commit under
//   way) -> gone
//      ^         ^                               |         |
//      |         +-----------------------------------------+  unknown: the connection was lost, or no confirm
//      came; |                                         |         |  published again with the same id, the
//      attempt not counted
//      +------------- parked <-------------------+---------+  the destination refuses everything
//      (relay/circuits)
//
// queued: waits for room in the body cache, the routes in turn. paced: due, waits for its route's rate. A
// body is freed when it is published or parked: what fails is read again, which is rare, and memory stays
// bounded. A route that is paused, or no longer in the file, is forgotten here up to what is in flight: it is
// on disk.
#pragma once

#include "base/clock.hpp"
#include "proto/confirm_window.hpp"
#include "relay/actions.hpp"
#include "relay/circuits.hpp"
#include "relay/counters.hpp"
#include "relay/destinations.hpp"
#include "relay/history.hpp"
#include "relay/horizon.hpp"
#include "relay/parameters.hpp"
#include "relay/route_table.hpp"
#include "relay/templates.hpp"
#include "schedule/token_bucket.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace postponed::relay {

class releaser {
 public:
  // Uniform in [0, 1), for the jitter of back-offs.
  using random_source = std::function<double()>;

  // `limits`, `near`, `routes`, `count` and `past` outlive the releaser.
  releaser(const parameters& limits, horizon& near, route_table& routes, counters& count, history& past,
           random_source random);

  // --- towards the due time ---
  bool may_keep(std::size_t bytes) const { return staged_bytes_ + bytes <= limits_.body_cache / 2; }
  void keep(const held_ref& held,
            std::unique_ptr<held_record> record); // just committed, the body still at hand
  void on_expired(const horizon::expiry& each, moment now);
  void on_read(const std::vector<held_id>& asked, std::vector<held_record>&& found);
  bool is_active(std::int64_t row) const { return active_.contains(row) || changing_.contains(row); }

  // --- a person's word on single rows ---
  // Whether a row may be changed: not while it is published or settled, nor once it was published with an
  // outcome that nobody knows, as it may have been delivered.
  enum class standing : std::uint8_t { free, in_flight, uncertain };
  standing standing_of(std::int64_t row) const;
  // Takes rows that are free out of work; none is published until its end_change(). Changes of one row nest.
  void begin_changes(const std::vector<std::int64_t>& rows);
  void end_change(std::int64_t row, bool gone);

  // --- routes ---
  void forget(route_entry& route); // paused, or vanished from the file: what is not in flight stays on disk
  // Whether a route may be loaded again that was passed over: the horizon is then to be loaded anew.
  bool take_restart(bool overdue) { return std::exchange(restart_[overdue ? 1 : 0], false); }
  void reconfigure();

  // --- the channels ---
  void on_lane_open(lane which, moment now);
  // The channel is gone. `code` and `text`: why the broker closed it, or closed the connection over what it
  // was sent (501 and up); 0 where the connection was lost otherwise. A lost connection is told for the probe
  // lane first.
  void on_lane_lost(lane which, std::uint16_t code, const std::string& text, moment now);
  void set_properties_max(std::size_t bytes) { properties_max_ = bytes; } // of a frame of this connection
  void set_blocked(bool blocked, moment now); // a resource alarm: publish nothing, blame nobody
  void on_confirmed(lane which, std::uint64_t tag, bool multiple, moment now);
  void on_refused(lane which, std::uint64_t tag, bool multiple, moment now);
  void on_returned(lane which, std::string_view raw_properties, std::uint16_t code, const std::string& text);

  // --- doing what can be done ---
  void pump(moment now, actions& out); // reads and publishes, as far as window and budget go
  void check_deadlines(moment now);    // stalled destinations, confirms that never came
  void stop() { stopping_ = true; }    // nothing new is published

  // What has to be committed; the caller takes both and answers with on_closed() after the commit.
  std::vector<held_id> take_done();
  std::vector<store::deferral> take_deferrals();
  void on_closed(const std::vector<held_id>& done, const std::vector<store::deferral>& deferred);

  std::size_t in_flight() const { return lanes_[0].window.size() + lanes_[1].window.size(); }
  // Rows from due soon until gone, of those overdue or of the others.
  std::size_t in_work(bool overdue) const { return overdue ? overdue_ : active_.size() - overdue_; }
  // When something is to be done by the passing of time alone: a token, a probe, a deadline.
  std::optional<wall_time> next_wake(moment now) const;
  std::size_t staged_bytes() const { return staged_bytes_; }
  std::vector<note> take_notes() { return std::exchange(notes_, {}); }

 private:
  enum class phase : std::uint8_t { queued, reading, staged, paced, ready, parked, in_flight, closing };
  struct active {
    held_ref held;
    wall_time due{}; // with clock steps applied
    phase at = phase::queued;
    bool holds = false;   // its bytes count as staged
    bool overdue = false; // goes by `catch_up`
    bool repeat = false;  // published before, the outcome unknown
    bool suspect = false; // may be why the broker closed the channel: goes by the probe lane
    bool probe = false;   // tries a destination whose circuit is open
    lane on = lane::main;
    reason why = reason::none;
    std::uint32_t failures = 0;
    route_entry* route = nullptr;
    destination* to = nullptr;
    steady_time published{};
    std::unique_ptr<held_record> record; // staged, paced and ready only
  };
  struct lane_state {
    bool open = false;
    std::uint64_t next_tag = 1;
    proto::confirm_window window;
  };
  using settlement = proto::confirm_window::settled;

  lane_state& of(lane which) { return lanes_[static_cast<std::size_t>(which)]; }
  active* enter(const held_ref& held, wall_time due, bool overdue); // null: not wanted here, or here already
  void count_in(active& each);
  void count_out(active& each);
  void set_overdue(active& each);
  // Where not, rows that were on time stay on disk: a destination that recovers and fails again and again
  // would otherwise add as many to the overdue ones each time.
  bool room_for_overdue(route_entry& route) const {
    return !route.of(true).lagging && overdue_ < near_.overdue_room() / 4; // and room to load others
  }
  void leave(active& each); // the last thing before it is erased
  void queue(active& each, bool first = false);
  void read_more(moment now, actions& out);
  bool may_read_overdue(const route_entry& route) const;
  void enter_reading(active& each);
  void stage(active& each, std::unique_ptr<held_record> record);
  void put_back(active& each, const held_record& now);
  void make_ready(active& each, moment now);
  bool is_late(const active& each, wall_time now) const;
  bool turned_away_late(active& each, wall_time now);
  void pace(active& each);
  void let_paced_go(moment now);
  void go(active& each, moment now);
  void park(active& each, const address& where);
  void unpark(active& each, bool first);
  void leave_parked(const active& each); // for the gauges
  void probe_circuits(moment now);
  void remember(const active& each, step what, wall_time at) {
    past_.add(each.held.id.row, each.held.route, what, at);
  }
  void hold(active& each);
  void let_go(active& each);
  void publish(active& each, lane on, moment now, actions& out);
  std::string properties_of(const active& each, wall_time now) const;
  void publish_suspects(moment now, actions& out);
  void judge(lane which, std::uint16_t code, const std::string& text, std::vector<settlement>& all,
             moment now);
  void settle(const std::vector<settlement>& all, moment now);
  // No longer in flight; answers where it was sent, if it is to `tell`: two strings a message.
  address land(active& each, moment now, bool tell = true);
  void on_success(active& each, const address& where, moment now);
  void on_unknown(active& each);
  void fail(active& each, const address& where, reason why, std::string error, moment now);
  bool trips(active& each, const address& where, const std::string& error, moment now);
  void on_circuit_opened(active& each, const address& where, const circuit_policy& policy,
                         const std::string& error);
  void on_recovered(circuits::recovery&& what, const address& where, wall_time now);
  void close_gauges(const circuits::blamed& who);
  void bury(active& each, reason why, std::string error, wall_time now);
  void defer(active& each, wall_time due, std::string error);

  const parameters& limits_;
  horizon& near_;
  route_table& routes_;
  counters& count_;
  history& past_;
  random_source random_;
  std::array<lane_state, lane_count> lanes_;
  std::pmr::unsynchronized_pool_resource nodes_; // of active_, used again: no allocation a message
  std::pmr::unordered_map<std::int64_t, active> active_{&nodes_}; // by row
  destinations destinations_;
  circuits circuits_;
  std::deque<route_entry*> round_;   // with something queued, to be read in turn
  std::vector<route_entry*> pacing_; // with something paced
  std::vector<held_id> to_read_;
  std::deque<std::int64_t> suspects_;                   // ready, to be tried one at a time on the probe lane
  std::unordered_map<std::int64_t, unsigned> changing_; // by a person, commit under way: how often
  std::unordered_set<std::int64_t> uncertain_;          // held, published before, the outcome unknown
  std::unordered_set<std::int64_t> convicted_; // found guilty of closing a channel: always by the probe lane
  std::vector<held_id> done_;
  std::vector<store::deferral> deferrals_;
  std::vector<note> notes_;
  std::size_t staged_bytes_ = 0;           // read or being read, not yet published
  std::size_t staged_overdue_ = 0;         // ... of which overdue
  std::size_t overdue_ = 0;                // rows in active_ that are
  schedule::token_bucket catch_up_;        // for reading them
  std::optional<steady_time> catch_up_at_; // overdue rows wait for its next token
  std::size_t properties_max_ = SIZE_MAX;
  bool blocked_ = false;
  bool stopping_ = false;
  std::array<bool, 2> restart_{};   // by whether of the overdue
  bool probe_alone_ = false;        // a publish took the connection down: suspects only, singly
  std::vector<settlement> settled_; // scratch
  address where_;                   // scratch
};

} // namespace postponed::relay
