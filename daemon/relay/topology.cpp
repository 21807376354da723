#include "relay/topology.hpp"

#include <utility>

namespace postponed::relay {

std::string describe(const topology_step& step) {
  struct visitor {
    std::string operator()(const proto::exchange_declaration& each) const { return "exchange " + each.name; }
    std::string operator()(const proto::queue_declaration& each) const { return "queue " + each.name; }
    std::string operator()(const proto::binding_declaration& each) const {
      return "binding " + each.exchange + " -> " + each.queue + " (" + each.routing_key + ")";
    }
  };
  return std::visit(visitor{}, step);
}

void topology_run::restart() {
  at_ = 0;
  under_way_ = false;
  found_.clear();
  if (finished()) complete();
}

const topology_step* topology_run::begin_next() {
  if (finished() || under_way_) return nullptr;
  under_way_ = true;
  return &steps_[at_];
}

void topology_run::on_done() {
  under_way_ = false;
  ++at_;
  if (finished()) complete();
}

void topology_run::on_refused(std::uint16_t code, const std::string& text) {
  found_.push_back(describe(steps_[at_]) + ": " + std::to_string(code) + " " + text);
  on_done();
}

void topology_run::complete() {
  completed_once_ = true;
  shown_ = std::exchange(found_, {});
}

} // namespace postponed::relay
