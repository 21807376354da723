#include "relay/topology_traps.hpp"

#include "relay/argument_text.hpp"

#include <algorithm>
#include <optional>
#include <regex>
#include <set>

namespace postponed::relay {

namespace {

constexpr const char* drops = "; the broker drops what dies: create the exchange, or name another";

bool file_lists(const wanted_topology& wanted, const std::string& name) {
  return std::any_of(wanted.steps.begin(), wanted.steps.end(), [&](const topology_step& each) {
    const auto* const exchange = std::get_if<proto::exchange_declaration>(&each);
    return exchange != nullptr && exchange->name == name;
  });
}
bool broker_has(const seen_topology& seen, const std::string& name) {
  return std::any_of(seen.exchanges.begin(), seen.exchanges.end(),
                     [&](const auto& each) { return each.name == name; });
}

std::vector<const proto::queue_declaration*> queues_of(const wanted_topology& wanted) {
  std::vector<const proto::queue_declaration*> all;
  for (const topology_step& each : wanted.steps)
    if (const auto* const queue = std::get_if<proto::queue_declaration>(&each)) all.push_back(queue);
  return all;
}

std::vector<std::string> parking_traps(const wanted_topology& wanted, const seen_topology& seen) {
  std::vector<std::string> found;
  for (const parking_place& each : wanted.parking)
    if (!each.exchange.empty() && !file_lists(wanted, each.exchange) && !broker_has(seen, each.exchange))
      found.push_back(
          "the dead letter " + each.dead_letter + " is published by the exchange " + each.exchange +
          ", which neither the file nor the broker has; its messages stay held until there is one");
  return found;
}

// Names and types of queues, against the patterns of policies.
class policy_book {
 public:
  policy_book(const std::vector<seen_policy>& all, std::vector<std::string>& unread) {
    for (const seen_policy& each : all) {
      try {
        // Erlang's patterns are those of PCRE, of which this is the common part.
        entries_.push_back({&each, std::regex{each.pattern}});
      } catch (const std::regex_error&) {
        unread.push_back("the policy " + each.name + ": its pattern is not understood here: " + each.pattern);
      }
    }
  }

  const seen_policy* of(const std::string& queue, const std::string& type) const {
    const seen_policy* best = nullptr;
    for (const entry& each : entries_) {
      const std::string& to = each.policy->apply_to;
      if (to != "all" && to != "queues" && to != type + "_queues") continue;
      if (!std::regex_search(queue, each.pattern)) continue;
      if (best == nullptr || each.policy->priority > best->priority) best = each.policy;
    }
    return best;
  }

 private:
  struct entry {
    const seen_policy* policy;
    std::regex pattern;
  };
  std::vector<entry> entries_;
};

// What counts of a queue: its arguments, and where they are silent, its policy.
class in_force {
 public:
  in_force(const proto::queue_declaration& queue, const seen_topology& seen, const policy_book& book)
      : queue_{queue} {
    const std::string type = text_of(queue.arguments, "x-queue-type");
    type_ = type.empty() ? seen.default_queue_type : type;
    policy_ = book.of(queue.name, type_);
  }

  struct setting {
    std::string value;
    bool by_policy = false;
  };
  std::optional<setting> of(const std::string& name) const {
    if (const auto* const own = find_argument(queue_.arguments, "x-" + name))
      return setting{value_text(*own), false};
    if (policy_ == nullptr || !policy_->definition.contains(name)) return std::nullopt;
    return setting{policy_->definition.at(name), true};
  }
  const std::string& type() const { return type_; }
  std::string policy() const { return policy_ == nullptr ? "" : policy_->name; }

 private:
  const proto::queue_declaration& queue_;
  std::string type_;
  const seen_policy* policy_ = nullptr;
};

void look_at_exchange(const proto::queue_declaration& queue, const in_force& now,
                      const wanted_topology& wanted, const seen_topology& seen,
                      std::vector<std::string>& found) {
  const auto exchange = now.of("dead-letter-exchange");
  if (!exchange || exchange->value.empty() || file_lists(wanted, exchange->value) ||
      broker_has(seen, exchange->value))
    return;
  found.push_back("queue " + queue.name + " dead-letters" +
                  (exchange->by_policy ? ", by the policy " + now.policy() + "," : "") + " to the exchange " +
                  exchange->value + ", which neither the file nor the broker has" + drops);
}

void look_at_strategy(const proto::queue_declaration& queue, const in_force& now,
                      std::vector<std::string>& found) {
  const auto strategy = now.of("dead-letter-strategy");
  if (!strategy || !strategy->by_policy || strategy->value != "at-least-once") return;
  const auto overflow = now.of("overflow");
  const std::string asked =
      "the policy " + now.policy() + " asks for at-least-once dead-lettering of queue " + queue.name;
  if (now.type() != "quorum")
    found.push_back(asked + ", which only quorum queues have; it is at most once");
  else if (!overflow || overflow->value != "reject-publish")
    found.push_back(asked + ", which falls back to at most once without overflow: reject-publish");
}

} // namespace

std::vector<std::string> unlisted_exchanges(const wanted_topology& wanted) {
  std::set<std::string> names;
  for (const auto* const each : queues_of(wanted))
    names.insert(text_of(each->arguments, "x-dead-letter-exchange"));
  for (const parking_place& each : wanted.parking)
    names.insert(each.exchange);
  std::vector<std::string> left;
  for (const std::string& each : names)
    if (!each.empty() && !file_lists(wanted, each)) left.push_back(each);
  return left;
}

std::vector<std::string> traps_by_exchanges(const wanted_topology& wanted, const seen_topology& seen) {
  std::vector<std::string> unread, found;
  const policy_book none{{}, unread};
  for (const auto* const each : queues_of(wanted))
    look_at_exchange(*each, in_force{*each, seen, none}, wanted, seen, found);
  for (std::string& each : parking_traps(wanted, seen))
    found.push_back(std::move(each));
  return found;
}

std::vector<std::string> traps(const wanted_topology& wanted, const seen_topology& seen,
                               std::vector<std::string>& unread) {
  std::vector<std::string> found;
  const policy_book book{seen.policies, unread};
  const auto ours = queues_of(wanted);
  for (const auto* const each : ours) {
    const in_force now{*each, seen, book};
    look_at_exchange(*each, now, wanted, seen, found);
    look_at_strategy(*each, now, found);
  }
  for (std::string& each : parking_traps(wanted, seen))
    found.push_back(std::move(each));
  for (const retry_target& each : wanted.retries) {
    const proto::queue_declaration* queue = nullptr;
    for (const proto::queue_declaration& one : seen.queues)
      if (one.name == each.queue) queue = &one;
    for (const auto* const one : ours)
      if (queue == nullptr && one->name == each.queue) queue = one;
    const std::string begin =
        "route " + each.route + " retries, and the queue " + each.queue + " that it releases to ";
    if (queue == nullptr)
      found.push_back(begin + "is neither in the file nor on the broker");
    else if (!in_force{*queue, seen, book}.of("dead-letter-exchange"))
      found.push_back(begin +
                      "has no dead-letter exchange, neither by its arguments nor by a policy; what its "
                      "consumers reject is dropped: give it one that leads to " +
                      each.intake);
  }
  return found;
}

} // namespace postponed::relay
