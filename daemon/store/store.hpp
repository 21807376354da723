// The store: where held messages are until the broker has confirmed their release.
//
// Two implementations stand behind it: SQLite (embedded) and, later, PostgreSQL (shared). The interface is
// batched and blocking: its caller (io/store_worker) gives it a thread of its own and calls it from that
// thread alone, and no SQL is seen above it. Every commit is durable when commit() returns success. A failed
// commit is sticky: the store then refuses everything, and the process ends unhealthy, for its supervisor to
// start again.
#pragma once

#include "base/held.hpp"
#include "store/fingerprint.hpp"
#include "store/letters.hpp"
#include "store/messages.hpp"

#include <boost/system/result.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace postponed::store {

struct insert_request {
  std::uint64_t token = 0; // the caller's, given back in the outcome
  held_record record;      // record.id is assigned by the store
  fingerprint content;
  bool redelivered = false; // look for `content` among the recently committed, and do not hold it twice
  // The route's dedup key; empty: none. One that was held within its window is not held again.
  fingerprint dedup{};
  wall_time dedup_until{}; // from then on the same key is held anew
  bool give_back = false;  // the record comes back in the outcome if it is held: it is wanted in memory, too
};
struct insert_outcome {
  std::uint64_t token = 0;
  held_ref held;                         // of a duplicate: the one that is (or was) held already
  bool duplicate = false;                // recognised by `content`
  bool suppressed = false;               // by `dedup`: not held
  std::unique_ptr<held_record> record{}; // as it is held, with its id, where it was to come back
};

// Moves a held message to a later due time after a failed publish. The id stays.
struct deferral {
  held_id id;
  wall_time due{};
  std::uint32_t publish_failures = 0;
  reason why = reason::none; // other than none: from now on it is on its way to the dead letter
  std::string error;         // why it goes there; empty: what the record says already stays
};

// A person's word on one held message. Nothing is done where it is not held (any more).
struct held_change {
  std::uint64_t token = 0;      // the caller's, given back in the outcome
  held_id id;                   // stays
  std::optional<wall_time> due; // from now on; absent: it is cancelled
};
struct change_outcome {
  std::uint64_t token = 0;
  bool held = false; // it was, and is changed
  held_ref after;    // as it is now, or was
};

// Pausing a route is the operator's word, and outlives a restart.
struct route_pause {
  std::string route;
  bool paused = false;
  std::string who, why; // for the person who finds it paused
  wall_time since{};
};

struct batch {
  std::vector<insert_request> inserts;
  std::vector<held_id> done; // confirmed (or, later, cancelled): the row may go
  std::vector<deferral> deferrals;
  std::vector<letter_insert> letters;
  std::vector<route_pause> pauses;
  // By HTTP. Their `dedup` is an idempotency key: of one that is known, the outcome names the first message
  // as suppressed, and as a duplicate too where `content` was the same.
  std::vector<insert_request> scheduled;
  std::vector<held_change> changes; // after all else
  bool empty() const {
    return inserts.empty() && done.empty() && deferrals.empty() && letters.empty() && pauses.empty() &&
           scheduled.empty() && changes.empty();
  }
};
struct commit_outcome {
  std::vector<insert_outcome> inserts; // one for each request, in its order
  std::vector<letter_id> letters;      // likewise
  std::vector<insert_outcome> scheduled;
  std::vector<change_outcome> changes;
};

struct horizon_page {
  std::vector<held_ref> rows; // ordered by (due, row); not done
  horizon_position reached;   // everything up to here is in `rows` or was before
  bool complete = false;      // reached covers `until`
};

struct route_totals {
  std::string route;
  std::uint32_t number = 0; // held_ref::route; never changes
  std::uint64_t messages = 0, bytes = 0;
};

struct store_stats {
  std::uint64_t held_messages = 0, held_bytes = 0; // bytes: properties and bodies
  std::uint64_t file_bytes = 0, wal_bytes = 0;
  std::uint64_t buckets = 0;
  std::int64_t next_row = 1;        // the row of the next insert
  std::vector<route_totals> routes; // those with something held, and those known
  std::vector<route_pause> paused;  // routes that are
};

class store {
 public:
  virtual ~store() = default;

  // One transaction, durable on return. `now` decides in which bucket a due time goes.
  virtual boost::system::result<commit_outcome> commit(batch&& work, wall_time now) = 0;

  // The earliest `limit` rows after `after` and due at or before `until`. A row that is committed later is
  // not the store's to report: the caller knows it from its commit. Rows of the routes in `skip` (their
  // numbers: paused, orphans, or with more in memory than their share) are passed over as if they were not
  // there.
  virtual boost::system::result<horizon_page> load(horizon_position after, wall_time until, std::size_t limit,
                                                   const std::vector<std::uint32_t>& skip) = 0;

  // Reads whole records, in the order asked for; a done or unknown id is left out. A record whose checksum
  // does not match is an error (errc::corrupt), sticky.
  virtual boost::system::result<std::vector<held_record>> read(const std::vector<held_id>& ids) = 0;

  // One bounded piece of housekeeping: drop a finished bucket, split a distant one that comes near,
  // checkpoint when `idle` or when the log is large. True: there is more to do, call again soon.
  virtual boost::system::result<bool> maintain(wall_time now, bool idle) = 0;

  virtual letters& dead_letters() = 0; // the same thread, the same failure

  virtual store_stats stats() const = 0;

  virtual messages& held() = 0;

  // What went wrong, in words for the log, when a call answered an error.
  virtual std::string last_error() const = 0;
};

} // namespace postponed::store
