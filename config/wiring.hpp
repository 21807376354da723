// Where a message goes, as far as the file tells of exchanges, bindings and queues. Internal to config; pure.
// The settings outlive it.
#pragma once

#include "config/settings.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace postponed::config {

const std::string* text_argument(const arguments& of, const std::string& name); // null: none, or no text

class wiring {
 public:
  explicit wiring(const settings& all);

  struct target {
    std::string queue;
    bool may_match = true; // false: that depends on headers of which nothing is known
  };
  struct reach {
    std::vector<target> queues;
    bool complete = true; // false: the file does not tell of all that it may reach
  };
  // What a message with this key (patterns.hpp) may reach by the exchange; "" is the default exchange.
  // `route`: the one whose name is on it as postponed-route; empty: none.
  reach reached_by(const std::string& exchange, const std::string& key, const std::string& route) const;

  // The exchanges of the file with a binding to the queue.
  std::vector<std::string> exchanges_of(const std::string& queue) const;

  struct dying { // what a queue's arguments say about its dead letters
    std::string exchange;
    std::optional<std::string> routing_key;
  };
  std::optional<dying> dying_of(const std::string& queue) const;
  bool lists_exchange(const std::string& name) const { return exchanges_.contains(name); }
  const queue_settings* queue(const std::string& name) const; // null: the file does not list it

 private:
  std::string type_of(const std::string& exchange) const; // empty: not known

  std::map<std::string, const exchange_settings*> exchanges_;
  std::map<std::string, const queue_settings*> queues_;
  std::map<std::string, std::vector<const binding_settings*>> bindings_; // by exchange
};

} // namespace postponed::config
