// The way in: delivery -> record to be stored -> ack. Pure; one thread.
//
// Inserts are committed in the order of their deliveries, so that one `ack multiple` a channel covers all
// that a commit made durable. What comes from a collected dead-letter queue becomes a letter
// (store/letters.hpp).
#pragma once

#include "base/clock.hpp"
#include "proto/session.hpp"
#include "relay/actions.hpp"
#include "relay/arrival.hpp"
#include "relay/counters.hpp"
#include "relay/route_table.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace postponed::relay {

class intake {
 public:
  // Answers whether a body of so many bytes, due so soon, should stay in memory beside being stored.
  using keep_predicate = std::function<bool(std::size_t bytes)>;
  using random_source = std::function<double()>; // uniform in [0, 1), for the jitter of pauses

  intake(const parameters& limits, route_table& routes, counters& count, keep_predicate may_keep,
         random_source random)
      : limits_{limits}, routes_{routes}, count_{count}, may_keep_{std::move(may_keep)}, random_{std::move(
                                                                                             random)} {}

  // A delivery from source `from`, whose consuming channel is in its opening `epoch`. False: that source is
  // not consumed any more, and the message is left to the broker.
  bool on_delivery(source_id from, std::uint64_t epoch, proto::event::delivered&& delivery, moment now);

  // To commit, together; answered by one on_committed().
  std::vector<store::insert_request> take_inserts() { return std::exchange(inserts_, {}); }
  std::vector<store::letter_insert> take_letters() { return std::exchange(letters_, {}); }
  struct committed {
    held_ref held;
    route_entry* route = nullptr;
    wall_time received{};
    std::unique_ptr<held_record> record; // kept in memory: due soon
  };
  // Appends acks, and answers what is now held (duplicates are not listed: they were held before).
  std::vector<committed> on_committed(store::commit_outcome& outcome, std::vector<ack_action>& acks,
                                      notes& told); // takes the records out of it

  std::size_t pending() const { return pending_.size() + pending_letters_.size(); }
  std::size_t pending_bytes() const { return pending_bytes_; }
  bool pending_from(source_id from) const { return by_source_.contains(from); }

 private:
  struct waiting {
    source_id from = 0;
    std::uint64_t epoch = 0;
    std::uint64_t tag = 0;
    std::size_t bytes = 0;
    wall_time received{};
    bool redelivered = false;
    bool recognisable = false;
    route_entry* route = nullptr; // of a message
    std::string dead_letter;      // of a letter
  };
  void take_message(route_entry& route, proto::message&& content, waiting entry, moment now);
  void take_letter(const dead_letter_parameters& dead_letter, proto::message&& content, waiting entry,
                   moment now);
  void keep_apart(const route_entry& route, arrival&& judged, proto::message&& content, waiting entry,
                  moment now);
  void add_letter(store::letter&& value, waiting entry);
  void expect(std::deque<waiting>& in, waiting&& entry);
  void finish(std::deque<waiting>& in, std::vector<ack_action>& acks, std::size_t first_ack);

  const parameters& limits_;
  route_table& routes_;
  counters& count_;
  keep_predicate may_keep_;
  random_source random_;
  std::uint64_t next_token_ = 1;
  std::deque<waiting> pending_;                          // as in inserts_ and what was taken of it
  std::deque<waiting> pending_letters_;                  // as in letters_, likewise
  std::unordered_map<source_id, std::size_t> by_source_; // of both; those with any
  std::vector<store::insert_request> inserts_;
  std::vector<store::letter_insert> letters_;
  std::size_t pending_bytes_ = 0;
};

} // namespace postponed::relay
