#include "relay/topology.hpp"

#include "relay/refusal.hpp"

#include <utility>

namespace postponed::relay {

std::string kind_of(const topology_step& step) {
  struct visitor {
    std::string operator()(const proto::exchange_declaration&) const { return "exchange"; }
    std::string operator()(const proto::queue_declaration&) const { return "queue"; }
    std::string operator()(const proto::binding_declaration&) const { return "binding"; }
  };
  return std::visit(visitor{}, step);
}

std::string name_of(const topology_step& step) {
  struct visitor {
    std::string operator()(const proto::exchange_declaration& each) const { return each.name; }
    std::string operator()(const proto::queue_declaration& each) const { return each.name; }
    std::string operator()(const proto::binding_declaration& each) const {
      return each.exchange + " -> " + each.queue + " (" + each.routing_key + ")";
    }
  };
  return std::visit(visitor{}, step);
}

std::string describe(const topology_step& step) {
  return kind_of(step) + " " + name_of(step);
}

std::string to_string(const topology_difference& each) {
  std::string text = each.what + " " + each.name + ": ";
  if (each.kind != "different") text += each.kind;
  if (!each.have.empty()) text += (each.kind == "different" ? "have " : "; have ") + each.have;
  if (!each.want.empty()) text += (each.have.empty() ? "; want " : ", want ") + each.want;
  return text;
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

topology_difference topology_run::on_refused(std::uint16_t code, const std::string& text) {
  topology_difference noted = difference_from(steps_[at_], code, text);
  found_.push_back(noted);
  on_done();
  return noted;
}

void topology_run::on_verified(std::vector<topology_difference> differences) {
  found_ = std::move(differences);
  complete();
}

void topology_run::on_not_verified(const std::string& why) {
  last_.clear();
  shown_ = {"it could not be compared with the broker: " + why};
}

void topology_run::complete() {
  completed_once_ = true;
  last_ = std::exchange(found_, {});
  shown_.clear();
  for (const topology_difference& each : last_)
    shown_.push_back(to_string(each));
}

} // namespace postponed::relay
