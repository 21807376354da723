// The way in: delivery -> record to be stored -> ack. Pure; one thread.
//
// Inserts are committed in the order of their deliveries, so that one `ack multiple` a channel covers all
// that a commit made durable.
#pragma once

#include "base/clock.hpp"
#include "proto/session.hpp"
#include "relay/actions.hpp"
#include "relay/counters.hpp"
#include "relay/parameters.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

namespace postponed::relay {

class intake {
 public:
  // Answers whether a body of so many bytes, due so soon, should stay in memory beside being stored.
  using keep_predicate = std::function<bool(std::size_t bytes)>;

  intake(const parameters& limits, counters& count, keep_predicate may_keep)
      : limits_{limits}, count_{count}, may_keep_{std::move(may_keep)} {}

  // A delivery on route `route`, whose consuming channel is in its opening `epoch`.
  void on_delivery(std::size_t route, std::uint64_t epoch, proto::event::delivered&& delivery, moment now);

  std::vector<store::insert_request> take_inserts(); // to commit; answered by one on_committed()
  struct committed {
    held_ref held;
    const std::string& route;
    std::optional<held_record> record; // kept in memory: due soon
  };
  // Appends acks, and answers what is now held (duplicates are not listed: they were held before).
  std::vector<committed> on_committed(const store::commit_outcome& outcome, std::vector<ack_action>& acks);

  std::size_t pending() const { return pending_.size(); }
  std::size_t pending_bytes() const { return pending_bytes_; }

 private:
  struct waiting {
    std::uint64_t token = 0;
    std::size_t route = 0;
    std::uint64_t epoch = 0;
    std::uint64_t tag = 0;
    std::size_t bytes = 0;
    bool redelivered = false;
    bool recognisable = false;
    std::optional<held_record> record;
  };
  const parameters& limits_;
  counters& count_;
  keep_predicate may_keep_;
  std::uint64_t next_token_ = 1;
  std::deque<waiting> pending_; // by token
  std::vector<store::insert_request> inserts_;
  std::size_t pending_bytes_ = 0;
};

} // namespace postponed::relay
