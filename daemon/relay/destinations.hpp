// Who is published next: one queue of due messages per destination, served in turn, so that a destination
// that is broken or slow delays no other. Pure; one thread.
//
// A destination is an exchange and routing key. It has at most half of the confirm window in flight, of
// overdue messages only as many as keep it busy (catch_up_window.hpp); one that has confirmed nothing for a
// while is stalled: what it has in flight no longer counts against the others' window, and nothing more is
// published to it until it answers. An exchange that the broker refused (it does not exist, or the login may
// not write to it) is avoided until a given time, and then tried apart from the others, until it accepts
// something: each attempt would cost everyone the channel.
#pragma once

#include "base/clock.hpp"
#include "relay/catch_up_window.hpp"
#include "relay/due_queue.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace postponed::relay {

struct destination {
  std::string exchange, routing_key;
  due_queue ready; // rows that are due
  std::size_t in_flight = 0;
  std::size_t overdue_in_flight = 0; // of these
  catch_up_window catch_up;          // ... at most
  steady_time progress{};            // the last settlement, or the first publish after being empty
  bool stalled = false;
  bool listed = false; // in the round
};

class destinations {
 public:
  explicit destinations(std::size_t window) : cap_{window > 1 ? window / 2 : 1} {}

  // The destination stays valid while it has something ready or in flight.
  destination& at(std::string_view exchange, std::string_view routing_key);
  void add_ready(destination& to, std::int64_t row, bool overdue);
  // The next row to publish, in turn over the destinations that may; nothing where none may.
  destination* next_runnable();
  std::int64_t take(destination& from, steady_time now);          // counts it as in flight
  void add_probe(destination& to, bool overdue, steady_time now); // one more in flight, past queue and cap
  // `took`: from its publish to this confirm; before settled().
  void confirmed(destination& by, steady_time::duration took, steady_time now);
  // Confirmed, refused or unknown: no longer in flight.
  void settled(destination& from, bool overdue, steady_time now);

  // Takes rows out that wait, all of `from`'s or those that `dropped` says.
  std::deque<std::int64_t> take_all_ready(destination& from);
  template <typename Dropped>
  void drop_ready(Dropped dropped) {
    for (auto& [key, each] : all_)
      each.ready.erase_if(dropped);
  }
  destination* find(std::string_view exchange, std::string_view routing_key);
  void set_window(std::size_t window) { cap_ = window > 1 ? window / 2 : 1; }
  void set_share(double share) { share_ = share; } // of overdue rows while others are ready, 0 to 1

  // Marks those as stalled that have something in flight and no progress since `since`, and answers them.
  std::vector<destination*> stall(steady_time since);
  std::vector<destination*> all_stalled();
  void unstall_all(steady_time now); // the connection was lost or blocked: silence was no fault of theirs
  // In flight to destinations that are not stalled: what counts against the window.
  std::size_t in_flight() const { return in_flight_ - stalled_in_flight_; }

  struct refusal {
    wall_time until{};
    std::uint16_t code = 0;
    std::string text;
  };
  void refuse_exchange(const std::string& exchange, refusal why) { refused_[exchange] = std::move(why); }
  // While it is to be avoided.
  const refusal* refused(const std::string& exchange, wall_time now) const;
  // It was refused, and has accepted nothing since: the next refusal would cost the channel again, and make
  // unknown what became of all that is in flight on it.
  bool doubtful(const std::string& exchange) const {
    return !refused_.empty() && refused_.contains(exchange);
  }
  bool any_doubtful() const { return !refused_.empty(); }
  void accepted(const std::string& exchange) { refused_.erase(exchange); }

 private:
  static bool window_open(const destination& each) { return each.overdue_in_flight < each.catch_up.size(); }
  bool overdue_may(const destination& each) const { return window_open(each) && overdue_in_flight_ < cap_; }
  bool may_run(const destination& each, bool overdue) const {
    return !each.stalled && each.in_flight < cap_ && each.ready.next(share_, overdue);
  }
  void list(destination& each);
  void start(destination& each, bool overdue, steady_time now);
  void forget_if_idle(destination& each);
  void set_stalled(destination& each, bool stalled);

  std::size_t cap_;
  double share_ = 0.5;
  std::unordered_map<std::string, destination> all_;
  std::deque<destination*> round_;
  std::size_t in_flight_ = 0;
  std::size_t stalled_in_flight_ = 0;
  std::size_t overdue_in_flight_ = 0; // to those that are not stalled; at most as many as cap_
  std::unordered_map<std::string, refusal> refused_;
  std::string key_; // scratch: no allocation a message
};

} // namespace postponed::relay
