// The application's topology at each connect: declared, one object after the other, on a channel that may be
// thrown away; or, in the mode verify, compared by somebody else (io/topology_inspector) and only noted here.
//
// A refused declaration (406: it exists with other arguments; 403; 404 of a binding) closes the channel: it
// is noted as a difference, and the rest goes on on a new opening. Nothing is ever deleted or declared anew.
// Pure; one thread.
#pragma once

#include "proto/session.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace postponed::relay {

using topology_step =
    std::variant<proto::exchange_declaration, proto::queue_declaration, proto::binding_declaration>;

std::string kind_of(const topology_step& step);  // exchange, queue, binding
std::string name_of(const topology_step& step);  // a binding's: "orders -> orders.dead (order.#)"
std::string describe(const topology_step& step); // "queue orders.dead"

// One thing in which a broker and the file differ.
struct topology_difference {
  std::string what;       // queue, exchange, binding, policy
  std::string name;       // as name_of()
  std::string kind;       // missing, different, unknown: to the file
  std::string have, want; // in words: of the broker, of the file; empty where there is nothing
};
// "queue orders.dead: have x-max-length: 10, want x-max-length: 20"
std::string to_string(const topology_difference& each);

class topology_run {
 public:
  explicit topology_run(std::vector<topology_step> steps) : steps_{std::move(steps)} {}

  void replace(std::vector<topology_step> steps) { steps_ = std::move(steps); } // restart() follows
  void restart(); // a new connection: the broker may have lost its topology
  // The step to perform on the open channel; nothing when finished, or while one is under way.
  const topology_step* begin_next();
  void on_done();
  topology_difference on_refused(std::uint16_t code, const std::string& text); // for the log; it is noted

  // Instead of the declaring: what a comparison found. `differences` are those that count.
  void on_verified(std::vector<topology_difference> differences);
  void on_not_verified(const std::string& why); // it could not be compared

  bool finished() const { return at_ >= steps_.size(); }
  bool ready() const { return completed_once_; } // all was declared or refused, or verified, at least once
  const std::vector<std::string>& differences() const { return shown_; } // in words
  const std::vector<topology_difference>& found() const { return last_; }

 private:
  void complete();

  std::vector<topology_step> steps_;
  std::size_t at_ = 0;
  bool under_way_ = false;
  bool completed_once_ = false;
  std::vector<topology_difference> found_; // of the pass under way
  std::vector<topology_difference> last_;  // of the last whole pass
  std::vector<std::string> shown_;         // the same in words
};

} // namespace postponed::relay
