// The near horizon: which held rows are in memory, and when each has something to be done.
//
// Everything due at or before reached() is here (or is already being worked on); everything later is only on
// disk. Rows come in by pages from the store, in the order (due, row), and by new commits; the number in
// memory is bounded by evicting the far end and moving reached() back. Pure; one thread.
//
// Clock: absolute due times follow the wall clock. A relative delay was computed from the wall clock at
// arrival, so when that clock steps back, the rows that were accepted before the step would wait longer by
// the step; they are pulled in by it (step_back). Rows from an earlier run of the daemon are covered too, as
// rows only count up.
#pragma once

#include "relay/actions.hpp"
#include "schedule/timer_wheel.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace postponed::relay {

class horizon {
 public:
  struct limits {
    std::size_t rows = 200000;
    microseconds ahead{std::chrono::seconds{90}};
    microseconds read_ahead{std::chrono::seconds{1}};
  };
  // What is due for `held`: its body should be read (it is due soon), or it should be published (it is due).
  enum class stage : std::uint8_t { read, publish };
  struct expiry {
    held_ref held;   // as committed
    wall_time due{}; // with clock steps applied
    stage what = stage::publish;
  };

  explicit horizon(const limits& bounds) : limits_{bounds} {}

  // A row that was just committed (or whose due time was). False: it is beyond the horizon, and only on disk.
  bool offer(const held_ref& held);
  // Puts a row in to be published at its due time; its body is in memory.
  void stage_for_publish(const held_ref& held);

  // The next page to ask of the store, when there is room and none is under way. Rows that have expired here
  // and are being read or published take room too, so that a backlog is not loaded all at once: `in_work`,
  // and `overdue` apart.
  std::optional<load_action> want_load(wall_time now, std::size_t in_work, std::size_t overdue);
  // `wanted` answers whether a row is to be scheduled: it is not where it is being worked on already.
  template <typename Wanted>
  void on_loaded(const store::horizon_page& page, Wanted wanted) {
    const stretch_of which = *std::exchange(loading_, std::nullopt);
    if (std::exchange(discard_, false)) return; // asked for before restart()
    for (const held_ref& each : page.rows)
      if (wanted(each, which == stretch_of::overdue)) schedule(each);
    stretch& read = which == stretch_of::overdue ? overdue_ : ahead_;
    if (page.reached > read.reached) read.reached = page.reached;
    read.complete = page.complete;
  }
  // Forgets every row whose body is not in memory, and loads anew from the start: rows that were passed over
  // may be wanted now.
  void restart();
  // The same of what is overdue alone: all that is due by now and not in memory.
  void restart_overdue(wall_time now);
  // How many overdue rows may be in memory.
  std::size_t overdue_room() const { return std::max<std::size_t>(1, limits_.rows / 4); }
  void set_rows(std::size_t rows) { limits_.rows = rows; }

  // Hands out what is to be published at `now`, earliest first, and what is to be read, in the order in which
  // that was due. Of the latter 1,000 rows at most: of very many with one due time the rest waits for the
  // next call, so that what else is to be done need not wait for all of them.
  void advance(wall_time now, std::vector<expiry>& out);
  // When advance() or want_load() next has something to do by the passing of time alone.
  std::optional<wall_time> next_wake(wall_time now) const;
  wall_time effective_due(const held_ref& held) const; // with clock steps applied

  // The wall clock went back by `by`; rows below `row_limit` were accepted before.
  void step_back(microseconds by, std::int64_t row_limit);
  // Forgets far rows when there are more than the limit: they are on disk.
  void shrink(wall_time now);

  std::size_t size() const { return wheel_.size() + to_read_.size(); }
  store::horizon_position reached() const { return ahead_.reached; }

 private:
  // What is overdue (after a downtime, a pause) is a stretch of its own, up to the moment of a split: what is
  // ahead is loaded from there on, and need not wait until a backlog is through.
  enum class stretch_of : std::uint8_t { ahead, overdue };
  struct stretch {
    store::horizon_position reached; // loaded up to here
    bool complete = false;           // up to where it was wanted
  };
  void split(wall_time now);
  std::optional<load_action> want_ahead(wall_time now, std::size_t in_work);
  std::optional<load_action> want_overdue(std::size_t in_work, std::size_t overdue);
  struct payload {
    held_ref held; // as committed, without clock steps
    stage what = stage::publish;
  };
  struct clock_step {
    microseconds by{0};
    std::int64_t row_limit = 0;
  };
  void schedule(const held_ref& held);
  void restage(const payload& each);
  microseconds steps_total() const;

  limits limits_;
  schedule::timer_wheel<payload> wheel_;
  stretch ahead_, overdue_;
  wall_time split_{};  // overdue_ ends and ahead_ begins here
  bool begun_ = false; // there was a split
  std::vector<clock_step> steps_;
  std::optional<stretch_of> loading_; // a page of it is under way
  bool discard_ = false;              // ... and no longer wanted
  std::deque<expiry> to_read_;        // out of the wheel, and not yet handed out
  std::vector<schedule::timer_wheel<payload>::expired> scratch_;
};

} // namespace postponed::relay
