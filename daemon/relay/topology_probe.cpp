#include "relay/topology_probe.hpp"

#include "relay/refusal.hpp"
#include "relay/topology_traps.hpp"

#include <utility>

namespace postponed::relay {

namespace {

constexpr int most_rounds = 32; // arguments of one object

topology_step passively(topology_step step) {
  if (auto* const exchange = std::get_if<proto::exchange_declaration>(&step)) exchange->passive = true;
  if (auto* const queue = std::get_if<proto::queue_declaration>(&step)) queue->passive = true;
  return step;
}

bool exclusive(const topology_step& step) {
  const auto* const queue = std::get_if<proto::queue_declaration>(&step);
  return queue != nullptr && queue->exclusive;
}

} // namespace

topology_probe::topology_probe(wanted_topology wanted) : wanted_{std::move(wanted)} {
  bool bindings = false;
  for (const topology_step& each : wanted_.steps)
    if (std::holds_alternative<proto::binding_declaration>(each))
      bindings = true;
    else
      questions_.push_back({each, false, 0});
  for (std::string& each : unlisted_exchanges(wanted_)) {
    proto::exchange_declaration exchange;
    exchange.name = std::move(each);
    questions_.push_back({std::move(exchange), true, 0});
  }
  if (bindings) not_checked_.emplace_back("bindings: AMQP does not tell of them");
  not_checked_.emplace_back("policies, and what the file does not list: AMQP does not tell of them");
}

std::vector<topology_step> topology_probe::begin_next() {
  if (questions_.empty()) return {};
  const question& asked = questions_.front();
  std::vector<topology_step> sent{passively(asked.as_declared)};
  if (!asked.only_existence) sent.push_back(asked.as_declared);
  return sent;
}

void topology_probe::next() {
  questions_.pop_front();
}

void topology_probe::on_done() {
  if (const auto* const exchange = std::get_if<proto::exchange_declaration>(&questions_.front().as_declared))
    seen_.exchanges.push_back(*exchange);
  next();
}

void topology_probe::on_refused(std::size_t which, std::uint16_t code, const std::string& text) {
  question& asked = questions_.front();
  if (which == 0)
    on_not_there(asked, code, text);
  else
    on_different(asked, code, text);
}

void topology_probe::on_not_there(const question& asked, std::uint16_t code, const std::string& text) {
  const topology_step& step = asked.as_declared;
  if (code == 404) {
    if (!asked.only_existence) differences_.push_back(missing(step));
  } else if (code == 405 && !exclusive(step)) {
    differences_.push_back(
        {kind_of(step), name_of(step), "different", "exclusive: true", "exclusive: false"});
  } else {
    not_checked_.push_back(describe(step) + ": " + std::to_string(code) + " " + text);
    // Nothing says that it is missing.
    if (const auto* const exchange = std::get_if<proto::exchange_declaration>(&step))
      seen_.exchanges.push_back(*exchange);
  }
  next();
}

void topology_probe::on_different(question& asked, std::uint16_t code, const std::string& text) {
  const topology_step& step = asked.as_declared;
  if (code == 403) {
    not_checked_.push_back("properties of " + describe(step) + ": 403 " + text);
    return on_done();
  }
  if (code == 405) {
    differences_.push_back(
        {kind_of(step), name_of(step), "different", "exclusive: false", "exclusive: true"});
    return on_done();
  }
  differences_.push_back(difference_from(step, code, text));
  const auto told = inequivalence_from(text);
  auto again = told ? agreeing(step, *told) : std::nullopt;
  if (again && ++asked.rounds < most_rounds) {
    asked.as_declared = std::move(*again);
    return;
  }
  not_checked_.push_back("further properties of " + describe(step) +
                         ": the broker names one difference at a time");
  on_done();
}

topology_report topology_probe::report() const {
  topology_report to;
  to.source = "AMQP";
  to.differences = differences_;
  to.warnings = traps_by_exchanges(wanted_, seen_);
  to.not_checked = not_checked_;
  return to;
}

std::vector<topology_step> topology_creation::begin_next() {
  if (at_ >= steps_.size()) return {};
  return {steps_[at_]};
}

void topology_creation::on_done() {
  made_.push_back(steps_[at_++]);
}

void topology_creation::on_refused(std::size_t, std::uint16_t code, const std::string& text) {
  refused_.push_back(difference_from(steps_[at_++], code, text));
}

} // namespace postponed::relay
