// Declaring the application's topology, one object after the other, on a channel that may be thrown away.
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

// "queue orders.dead", "binding orders -> orders.dead"
std::string describe(const topology_step& step);

class topology_run {
 public:
  explicit topology_run(std::vector<topology_step> steps) : steps_{std::move(steps)} {}

  void replace(std::vector<topology_step> steps) { steps_ = std::move(steps); } // restart() follows
  void restart(); // a new connection: the broker may have lost its topology
  // The step to perform on the open channel; nothing when finished, or while one is under way.
  const topology_step* begin_next();
  void on_done();
  void on_refused(std::uint16_t code, const std::string& text);

  bool finished() const { return at_ >= steps_.size(); }
  bool ready() const { return completed_once_; } // all was declared, or refused, at least once
  const std::vector<std::string>& differences() const { return shown_; }

 private:
  void complete();

  std::vector<topology_step> steps_;
  std::size_t at_ = 0;
  bool under_way_ = false;
  bool completed_once_ = false;
  std::vector<std::string> found_; // of the pass under way
  std::vector<std::string> shown_; // of the last whole pass
};

} // namespace postponed::relay
