#include "relay/topology_diff.hpp"

#include "relay/argument_text.hpp"

#include <algorithm>

namespace postponed::relay {

namespace {

constexpr const char* type_argument = "x-queue-type";

std::string join(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& each : words)
    if (!each.empty()) all += (all.empty() ? "" : ", ") + each;
  return all;
}

std::string words_for(const proto::exchange_declaration& of) {
  return join({"type " + of.type, of.durable ? "durable" : "not durable", of.auto_delete ? "auto-delete" : "",
               of.internal ? "internal" : "", list_text(of.arguments)});
}
std::string words_for(const proto::queue_declaration& of) {
  return join({of.durable ? "durable" : "not durable", of.auto_delete ? "auto-delete" : "",
               of.exclusive ? "exclusive" : "", list_text(of.arguments)});
}

// Differences between two objects of one name, property by property.
class properties {
 public:
  properties(std::vector<topology_difference>& into, const topology_step& step)
      : into_{into}, what_{kind_of(step)}, name_{name_of(step)} {}

  void flag(const std::string& name, bool have, bool want) {
    if (have != want) add(name + ": " + (have ? "true" : "false"), name + ": " + (want ? "true" : "false"));
  }
  void add(std::string have, std::string want) {
    into_.push_back({what_, name_, "different", std::move(have), std::move(want)});
  }
  void arguments(const proto::argument_list& have, const proto::argument_list& want) {
    for (const proto::argument& each : want) {
      const proto::argument* const other = find_argument(have, each.name);
      if (other == nullptr)
        add("no " + each.name, each.name + ": " + value_text(each));
      else if (!same_value(*other, each))
        differ(*other, each);
    }
    for (const proto::argument& each : have)
      if (find_argument(want, each.name) == nullptr)
        add(each.name + ": " + value_text(each), "no " + each.name);
  }

 private:
  void differ(const proto::argument& have, const proto::argument& want) {
    std::string shown_have = have.name + ": " + value_text(have);
    std::string shown_want = want.name + ": " + value_text(want);
    if (shown_have == shown_want) { // 10 and "10"
      const auto type = [](const proto::argument& of) {
        return std::holds_alternative<std::string>(of.value) ? " (a text)" : " (no text)";
      };
      shown_have += type(have);
      shown_want += type(want);
    }
    add(std::move(shown_have), std::move(shown_want));
  }

  std::vector<topology_difference>& into_;
  std::string what_, name_;
};

// Brokers differ in whether they note the type that they chose themselves.
proto::argument_list with_type(proto::argument_list of, const std::string& by_default) {
  if (find_argument(of, type_argument) == nullptr) {
    proto::argument type;
    type.name = type_argument;
    type.value = by_default;
    of.push_back(std::move(type));
  }
  return of;
}

bool same_ends(const proto::binding_declaration& a, const proto::binding_declaration& b) {
  return a.exchange == b.exchange && a.queue == b.queue && a.routing_key == b.routing_key;
}

std::string words_for(const proto::binding_declaration& of) {
  return of.arguments.empty() ? "no arguments" : list_text(of.arguments);
}

template <typename T>
std::vector<const T*> all_of(const std::vector<topology_step>& wanted) {
  std::vector<const T*> found;
  for (const topology_step& each : wanted)
    if (const T* const one = std::get_if<T>(&each)) found.push_back(one);
  return found;
}
template <typename T>
const T* named(const std::vector<T>& in, const std::string& name) {
  const auto at = std::find_if(in.begin(), in.end(), [&](const T& each) { return each.name == name; });
  return at == in.end() ? nullptr : &*at;
}
template <typename T>
bool lists(const std::vector<const T*>& in, const std::string& name) {
  return std::any_of(in.begin(), in.end(), [&](const T* each) { return each->name == name; });
}

bool everybodys(const std::string& name) {
  return name.empty() || name.starts_with("amq.");
}

class comparison {
 public:
  comparison(const std::vector<topology_step>& wanted, const seen_topology& seen)
      : seen_{seen}, exchanges_{all_of<proto::exchange_declaration>(wanted)},
        queues_{all_of<proto::queue_declaration>(wanted)}, bindings_{
                                                               all_of<proto::binding_declaration>(wanted)} {}

  std::vector<topology_difference> run() {
    for (const auto* const each : exchanges_)
      look_at(*each);
    for (const auto* const each : queues_)
      look_at(*each);
    look_at_bindings();
    look_for_unknown();
    return std::move(found_);
  }

 private:
  void look_at(const proto::exchange_declaration& want) {
    const auto* const have = named(seen_.exchanges, want.name);
    if (have == nullptr) return found_.push_back(missing(want));
    properties differ{found_, want};
    if (have->type != want.type) differ.add("type: " + have->type, "type: " + want.type);
    differ.flag("durable", have->durable, want.durable);
    differ.flag("auto_delete", have->auto_delete, want.auto_delete);
    differ.flag("internal", have->internal, want.internal);
    differ.arguments(have->arguments, want.arguments);
  }

  void look_at(const proto::queue_declaration& want) {
    const auto* const have = named(seen_.queues, want.name);
    if (have == nullptr) return found_.push_back(missing(want));
    properties differ{found_, want};
    differ.flag("durable", have->durable, want.durable);
    differ.flag("auto_delete", have->auto_delete, want.auto_delete);
    differ.flag("exclusive", have->exclusive, want.exclusive);
    differ.arguments(with_type(have->arguments, "classic"),
                     with_type(want.arguments, seen_.default_queue_type));
  }

  void look_at_bindings() {
    std::vector<const seen_binding*> left; // not in the file as they are
    for (const seen_binding& each : seen_.bindings)
      if (!each.what.exchange.empty()) left.push_back(&each);
    std::vector<const proto::binding_declaration*> open;
    const auto take = [&](const auto& matches) {
      const auto at = std::find_if(left.begin(), left.end(), matches);
      if (at == left.end()) return static_cast<const seen_binding*>(nullptr);
      const seen_binding* const taken = *at;
      left.erase(at);
      return taken;
    };
    for (const auto* const want : bindings_)
      if (take([&](const seen_binding* have) {
            return !have->to_exchange && same_ends(have->what, *want) &&
                   same_arguments(have->what.arguments, want->arguments);
          }) == nullptr)
        open.push_back(want);
    for (const auto* const want : open) {
      const auto* const have = take(
          [&](const seen_binding* other) { return !other->to_exchange && same_ends(other->what, *want); });
      if (have == nullptr)
        found_.push_back(missing(*want));
      else
        properties{found_, *want}.add(words_for(have->what), words_for(*want));
    }
    unlisted_ = std::move(left);
  }

  void look_for_unknown() {
    for (const proto::exchange_declaration& each : seen_.exchanges)
      if (!everybodys(each.name) && !lists(exchanges_, each.name))
        found_.push_back({"exchange", each.name, "unknown", words_for(each), ""});
    for (const proto::queue_declaration& each : seen_.queues)
      if (!everybodys(each.name) && !each.exclusive && !lists(queues_, each.name))
        found_.push_back({"queue", each.name, "unknown", words_for(each), ""});
    for (const seen_binding* const each : unlisted_) {
      const proto::binding_declaration& what = each->what;
      // Bindings of what the file does not list are others' business, and so are those of passing queues.
      const bool to_ours = !each->to_exchange && lists(queues_, what.queue);
      if (!to_ours && !lists(exchanges_, what.exchange)) continue;
      if (!each->to_exchange && passing(what.queue)) continue;
      std::string name = name_of(what);
      if (each->to_exchange) name.insert(what.exchange.size() + 4, "exchange ");
      found_.push_back({"binding", std::move(name), "unknown", words_for(what), ""});
    }
  }

  bool passing(const std::string& queue) const {
    const auto* const found = named(seen_.queues, queue);
    return queue.starts_with("amq.") || (found != nullptr && found->exclusive);
  }

  const seen_topology& seen_;
  std::vector<const proto::exchange_declaration*> exchanges_;
  std::vector<const proto::queue_declaration*> queues_;
  std::vector<const proto::binding_declaration*> bindings_;
  std::vector<const seen_binding*> unlisted_;
  std::vector<topology_difference> found_;
};

} // namespace

std::vector<topology_difference> compare(const std::vector<topology_step>& wanted,
                                         const seen_topology& seen) {
  return comparison{wanted, seen}.run();
}

bool satisfied(const std::vector<topology_difference>& found) {
  return std::all_of(found.begin(), found.end(), [](const auto& each) { return each.kind == "unknown"; });
}

topology_difference missing(const topology_step& step) {
  return {kind_of(step), name_of(step), "missing", "",
          std::visit([](const auto& each) { return words_for(each); }, step)};
}

} // namespace postponed::relay
