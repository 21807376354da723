// What a person may do to the running daemon over the admin endpoint. The application implements it.
//
// Every call answers once, through `done`, on the io_context's thread, at once or later: the store answers
// on a thread of its own, and the broker when it likes. Arguments are taken over. The implementation outlives
// every answer that is still to come.
#pragma once

#include "relay/jobs.hpp"
#include "relay/topology.hpp"
#include "store/letters.hpp"

#include <boost/system/result.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace postponed::admin {

// An expected failure: its kind, and in words what is wrong and what would be right.
struct failure {
  enum class kind : std::uint8_t {
    not_found,   // 404: there is no such thing
    conflict,    // 409: not in the state in which it is
    invalid,     // 422: understood, and impossible
    unavailable, // 503: not now; the broker is away, or the daemon stops
    failed,      // 500: the store
  };
  kind what = kind::failed;
  std::string why;
};

template <typename T>
using outcome = boost::system::result<T, failure>;
template <typename T>
using completion = std::function<void(outcome<T>)>;

using relay::topology_difference; // one thing in which the broker and the file differ

struct reload_outcome {
  bool ok = false;
  std::vector<std::string> errors, warnings; // file:line:column: what; what to do
};

// Messages as they lie in a dead-letter queue that is not collected.
struct peeked {
  std::vector<proto::message> messages; // from the head
  std::string warning;                  // what looking did to the queue; empty: nothing
};

enum class job_change : std::uint8_t { pause, resume, stop };

class control {
 public:
  virtual ~control() = default;

  // --- Collected dead letters, as store/letters.hpp has them ---
  virtual void find(store::letter_filter by, store::letter_id after, std::size_t limit,
                    completion<store::letter_page> done) = 0;
  virtual void get(store::letter_id id, completion<std::optional<store::letter>> done) = 0;
  virtual void groups(store::letter_filter by, completion<std::vector<store::letter_group>> done) = 0;
  virtual void count(store::letter_filter by, completion<std::uint64_t> done) = 0;
  virtual void totals(completion<std::vector<store::letter_totals>> done) = 0;
  // All that match, in pieces; how many.
  virtual void discard(store::letter_filter by, completion<std::uint64_t> done) = 0;
  virtual void restore(store::letter_filter by, completion<std::uint64_t> done) = 0;

  // --- Sending again ---
  // Begins a job: a replay of letters by the spec's filter, or a drain of the queue, in which the filter
  // holds nothing but the dead letter's name. Answers the job as it begins.
  virtual void replay(store::job::kind what, std::string dead_letter, relay::replay_spec spec,
                      completion<store::job> done) = 0;
  // One letter, with this content instead of its own; at once, without a job. `to` absent: to where it came
  // from. not_found: it is gone; invalid: nothing tells where it came from.
  virtual void replay_one(store::letter_id id, proto::message content, std::optional<direct_target> to,
                          completion<void> done) = 0;
  virtual void jobs(completion<std::vector<store::job>> done) = 0; // newest first
  virtual void job(std::int64_t id, completion<std::optional<store::job>> done) = 0;
  // Answers the job as it then is. not_found; conflict: it has ended.
  virtual void change_job(std::int64_t id, job_change to, completion<store::job> done) = 0;

  // --- The rest ---
  // At most `limit` from the head of the dead letter's queue, which stays as it was.
  virtual void peek(std::string dead_letter, std::size_t limit, completion<peeked> done) = 0;
  // Persistent. `who` and `why` are for those who find it paused.
  virtual void pause_route(std::string route, bool paused, std::string who, std::string why,
                           completion<void> done) = 0;
  // Reads the configuration file again. A file with errors is no failure: `ok` is false, and the old one
  // stays.
  virtual void reload(std::string who, completion<reload_outcome> done) = 0;
  virtual void topology(completion<std::vector<topology_difference>> done) = 0;
};

} // namespace postponed::admin
