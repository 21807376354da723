// The publishing connection: the main and the probe lane, and a channel on which the topology is declared
// each time that the connection is made; or, in the mode verify, somebody else is asked to compare it. Lives
// on the io_context's thread.
#pragma once

#include "io/broker_link.hpp"
#include "relay/engine.hpp"
#include "relay/topology.hpp"

#include <array>
#include <functional>
#include <optional>
#include <vector>

namespace postponed::io {

class publisher {
 public:
  publisher(relay::engine& engine, relay::topology_run& topology, std::function<void()> on_topology_ready,
            std::function<void()> verify)
      : engine_{engine}, topology_{topology},
        on_topology_ready_{std::move(on_topology_ready)}, verify_{std::move(verify)} {}
  void attach(broker_link& link) { link_ = &link; } // before any event

  void on_event(proto::session_event&& event);
  void on_down(const link_down& why);
  void
  declare(std::vector<relay::topology_step> steps); // instead of what was declared; now, or when connected
  // From the next connection or declare() on the topology is verified instead: verify() of the constructor is
  // called, and on_verified() lets the lanes open.
  // A verification that is under way is forgotten: its answer is not to be told any more.
  void set_verifying(bool verifying);
  void on_verified();
  void publish(const relay::publish_action& act); // REQUIRES the engine was told that its lane is open

 private:
  void declare_next();
  void begin_declaring();
  void open_lanes();

  relay::engine& engine_;
  relay::topology_run& topology_;
  std::function<void()> on_topology_ready_;
  std::function<void()> verify_;
  broker_link* link_ = nullptr;
  std::optional<std::vector<relay::topology_step>> next_steps_; // once the pass under way is through
  bool declaring_ = false;                 // the topology's channel is in use, or a verification is under way
  bool verifying_ = false, asked_ = false; // to be verified; a verification is under way
  std::array<bool, relay::lane_count> lane_open_{};
};

} // namespace postponed::io
