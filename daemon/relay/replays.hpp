// The replays of collected letters that are under way: which piece is next, at what rate, where a canary
// stops. The store moves the letters (store/letters.hpp), piece by piece, and writes the job with each; so
// that a replay goes on after a restart where it was. Pure; one thread.
#pragma once

#include "base/clock.hpp"
#include "relay/jobs.hpp"
#include "schedule/token_bucket.hpp"
#include "store/letters.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace postponed::relay {

class replays {
 public:
  static constexpr std::size_t piece = 500; // letters at most

  // What the store knows of; those that were running go on.
  void load(const std::vector<store::job>& known);
  void add(const store::job& begun, const replay_spec& spec);

  // A person's word. `why_not`: there is no such job, or it has ended.
  bool pause(std::int64_t id, std::string& why_not);
  bool resume(std::int64_t id, std::string& why_not); // also past its canary
  bool stop(std::int64_t id, std::string& why_not);

  struct step {
    store::job job;
    replay_spec spec;
    std::size_t limit = 0;
  };
  // What to do now; each step is answered by one on_step() or on_failed().
  std::vector<step> take_steps(steady_time now);
  void on_step(const store::job& after, bool finished);
  // Nothing came of the step, for now: it is tried again in a while, and people see why.
  void on_failed(std::int64_t id, std::string error, steady_time now);
  std::optional<steady_time> next_wake(steady_time now) const;

  // Jobs that changed by other things than a step, to be written.
  std::vector<store::job> take_updates() { return std::exchange(updates_, {}); }
  std::vector<store::job> jobs() const; // newest first
  std::optional<store::job> job(std::int64_t id) const;
  bool any_running() const;
  bool under_way(std::int64_t id) const; // a step of it

 private:
  struct entry {
    store::job is;
    replay_spec spec;
    schedule::token_bucket tokens;
    bool under_way = false;
    steady_time next{}; // not before
  };
  entry& insert(const store::job& from, const replay_spec& spec);
  entry* changeable(std::int64_t id, std::string& why_not);
  void change(entry& each, store::job::state to);

  std::map<std::int64_t, entry> all_;
  std::vector<store::job> updates_;
};

std::string_view to_string(store::job::state value);

} // namespace postponed::relay
