// Collected dead letters: drawn from a dead-letter queue into the store, where they can be searched, grouped,
// sent again, thrown away and fetched back from the trash. Part of the store (store.hpp): the same file, the
// same thread, the same rules (an error is sticky, a change is durable on return).
#pragma once

#include "base/held.hpp"
#include "store/fingerprint.hpp"

#include <boost/system/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace postponed::store {

using letter_id = std::int64_t; // counts up over the store, never given twice

enum class letter_state : std::uint8_t { kept, trash };

struct letter {
  letter_id id = 0; // assigned by the store
  letter_state state = letter_state::kept;
  std::string dead_letter;  // the name in the file
  std::string queue;        // the dead-letter queue it was drawn from; empty: cut from a loop, never there
  std::string route;        // postponed-route; empty where postponed never held it
  std::string reason;       // postponed-reason, else x-death's; empty: not known
  std::string error;        // postponed-error
  std::string origin_queue; // where the consumer failed on it, as far as is known
  std::string exchange, routing_key; // with which it was first published
  wall_time first_seen{};
  wall_time died{};      // when it became a dead letter, as far as is known, else when it was collected
  wall_time collected{}; // when it came into the store
  wall_time discarded{}; // of the trash
  std::uint32_t attempt = 0, replays = 0;
  std::uint64_t group = 0; // fingerprint of reason and error with numbers and ids removed (relay/grouping)
  std::uint64_t bytes = 0; // properties and body
  proto::message content;  // as it lay in the dead-letter queue; empty in lists
};

struct letter_insert {
  std::uint64_t token = 0; // the caller's
  letter value;
};

// All that is given must hold.
struct letter_filter {
  letter_state state = letter_state::kept;
  std::optional<std::string> dead_letter, route, reason, queue; // queue: the origin's
  std::optional<std::uint64_t> group;
  std::optional<wall_time> died_before, died_after; // before: older than
  std::vector<std::pair<std::string, std::string>>
      headers;                     // name and its text (numbers in decimal); "": any value
  std::optional<std::string> text; // in the error, routing key, or body
  std::vector<letter_id> ids;      // only these, where there are any
};

struct letter_page {
  // Oldest first, by id; without content. Fewer than asked for, even none, where a search through content has
  // read enough for one page.
  std::vector<letter> letters;
  std::optional<letter_id> next; // give as `after` for the next page; nothing: that was all
};

struct letter_group {
  std::uint64_t group = 0;
  std::string dead_letter, route, reason, error; // the error of the latest
  std::uint64_t messages = 0, bytes = 0;
  wall_time first_died{}, last_died{};
};

struct letter_totals { // of one dead letter of the file
  std::string dead_letter;
  std::uint64_t kept = 0, kept_bytes = 0, trash = 0, trash_bytes = 0;
  std::optional<wall_time> oldest_died; // of those kept
};

// How letters are sent again. As held messages due at once: what follows is an ordinary release.
struct replay_target {
  // Given: straight there. Absent: by the letter's route as if it had just become due; where that route is
  // not among `routes`, to the queue in which it died (origin_queue).
  std::optional<direct_target> to;
  std::vector<std::string> routes; // of the configuration
  std::string fallback_route;      // under which direct ones are held (their dead letter if that fails too)
};

// A replay, discard or restore of many, done piece by piece so that it can be paused, stopped and go on after
// a restart.
struct job {
  enum class kind : std::uint8_t { replay, drain }; // drain: a replay from a queue that is not collected
  enum class state : std::uint8_t {
    running,
    paused,
    stopped,
    done,
    failed,
    canary
  };                   // canary: its first N are out, waits
  std::int64_t id = 0; // assigned by the store
  kind what = kind::replay;
  state at = state::running;
  std::string dead_letter;             // of a drain
  std::string spec;                    // filter, target, rate, canary as JSON: the relay's, opaque here
  std::int64_t reached = 0;            // the last letter id that was looked at
  std::uint64_t total = 0;             // when it began
  std::uint64_t done = 0, skipped = 0; // sent again; without an origin
  std::string error;
  wall_time created{}, updated{};
};

// A message that was taken from a dead-letter queue to be sent again, and is not acked yet.
struct drained {
  letter value;
  fingerprint content;      // as insert_request's (store.hpp)
  bool redelivered = false; // likewise
};

struct replayed {
  std::vector<held_ref> held;      // for the horizon
  std::vector<std::string> routes; // of each
  std::uint64_t skipped = 0;       // no target: left where they were
  letter_id reached = 0;
  bool finished = false; // nothing more matches
};

class letters {
 public:
  virtual ~letters() = default;

  virtual boost::system::result<letter_page> find(const letter_filter& by, letter_id after,
                                                  std::size_t limit) = 0;
  virtual boost::system::result<std::optional<letter>> get(letter_id id) = 0; // with content; any state
  virtual boost::system::result<std::uint64_t> count(const letter_filter& by) = 0;
  virtual boost::system::result<std::vector<letter_group>> groups(const letter_filter& by) = 0;
  virtual boost::system::result<std::vector<letter_totals>> totals() = 0; // answered without a scan

  // In one transaction: takes at most `limit` letters after `job.reached` that match, holds each for release,
  // and writes the job with what it came to. kill -9 before the end of it changes nothing, after it all.
  virtual boost::system::result<replayed> replay(job& of, const letter_filter& by, const replay_target& to,
                                                 std::size_t limit, wall_time now) = 0;
  // The same for letters that were taken from a queue. What has no target is kept as a letter, and counts as
  // skipped: its queue will not have it again.
  virtual boost::system::result<replayed> hold_drained(job& of, std::vector<drained>&& taken,
                                                       const replay_target& to, wall_time now) = 0;
  // Sends one again, edited: `content` instead of its own.
  virtual boost::system::result<replayed> replay_edited(letter_id id, proto::message content,
                                                        const replay_target& to, wall_time now) = 0;

  // Each answers how many; at most `limit` a call.
  virtual boost::system::result<std::uint64_t> discard(const letter_filter& by, std::size_t limit,
                                                       wall_time now) = 0; // to the trash
  virtual boost::system::result<std::uint64_t> restore(const letter_filter& by, std::size_t limit,
                                                       wall_time now) = 0; // from it
  // Removes what was discarded before `before`; the only thing that ever deletes a letter.
  virtual boost::system::result<std::uint64_t> purge(const std::string& dead_letter, wall_time before,
                                                     std::size_t limit) = 0;

  virtual boost::system::result<std::int64_t> add_job(const job& value) = 0;
  virtual boost::system::result<void> update_job(const job& value) = 0;
  virtual boost::system::result<std::vector<job>>
  jobs() = 0; // newest first; finished ones of the last week too
};

} // namespace postponed::store
