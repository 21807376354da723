#include "relay/refusal.hpp"

#include "relay/argument_text.hpp"
#include "relay/topology_diff.hpp"

#include <algorithm>
#include <charconv>

namespace postponed::relay {

namespace {

// none | 'VALUE' | the value 'VALUE' of type 'TYPE'
std::optional<inequivalence::side> side_from(std::string_view text) {
  inequivalence::side side;
  if (text == "none") {
    side.none = true;
    return side;
  }
  constexpr std::string_view with_type = "the value ", type = "' of type '";
  if (text.starts_with(with_type)) {
    text.remove_prefix(with_type.size());
    const std::size_t at = text.rfind(type);
    if (at == std::string_view::npos || !text.ends_with('\'')) return std::nullopt;
    side.type = text.substr(at + type.size());
    side.type.pop_back();
    text = text.substr(0, at + 1);
  }
  if (text.size() < 2 || !text.starts_with('\'') || !text.ends_with('\'')) return std::nullopt;
  side.value = text.substr(1, text.size() - 2);
  return side;
}

std::string words_for(const std::string& argument, const inequivalence::side& of, bool with_type) {
  if (of.none) return "no " + argument;
  return argument + ": " + of.value + (with_type && !of.type.empty() ? " (" + of.type + ")" : "");
}

std::optional<std::int64_t> whole(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool set_argument(proto::argument_list& in, const inequivalence& over) {
  const auto at =
      std::find_if(in.begin(), in.end(), [&](const auto& each) { return each.name == over.argument; });
  if (over.current.none) {
    if (at == in.end()) return false;
    in.erase(at);
    return true;
  }
  proto::argument now;
  now.name = over.argument;
  const std::string& type = over.current.type;
  const bool like_ours = type.empty() && at != in.end();
  const bool as_text = type == "longstr" || (like_ours && std::holds_alternative<std::string>(at->value)) ||
                       (type.empty() && over.argument == "x-queue-type");
  const auto number = whole(over.current.value);
  if (as_text)
    now.value = over.current.value;
  else if (type == "bool")
    now.value = over.current.value == "true";
  else if (number &&
           (type.empty() || type == "long" || type.ends_with("int") || type == "short" || type == "byte"))
    now.value = *number;
  else
    return false;
  if (at == in.end()) {
    in.push_back(std::move(now));
    return true;
  }
  if (same_value(*at, now))
    return false; // refused as it is: a difference of type that the text does not tell
  *at = std::move(now);
  return true;
}

struct adjustment {
  const inequivalence& over;
  bool flag(bool& now) const {
    const bool theirs = over.current.value == "true";
    return std::exchange(now, theirs) != theirs;
  }
  bool operator()(proto::exchange_declaration& to) const {
    if (over.argument == "type") return std::exchange(to.type, over.current.value) != over.current.value;
    if (over.argument == "durable") return flag(to.durable);
    if (over.argument == "auto_delete") return flag(to.auto_delete);
    if (over.argument == "internal") return flag(to.internal);
    return set_argument(to.arguments, over);
  }
  bool operator()(proto::queue_declaration& to) const {
    if (over.argument == "durable") return flag(to.durable);
    if (over.argument == "auto_delete") return flag(to.auto_delete);
    return set_argument(to.arguments, over);
  }
  bool operator()(proto::binding_declaration&) const { return false; }
};

} // namespace

std::optional<inequivalence> inequivalence_from(std::string_view text) {
  constexpr std::string_view begin = "inequivalent arg '", middle = "': received ", end = " but current is ";
  const std::size_t from = text.find(begin);
  const std::size_t sides = text.rfind(middle); // the object's name may hold anything
  if (from == std::string_view::npos || sides == std::string_view::npos || sides < from) return std::nullopt;
  text.remove_prefix(from + begin.size());
  const std::size_t name_end = text.find("' for ");
  if (name_end == std::string_view::npos) return std::nullopt;
  inequivalence found;
  found.argument = text.substr(0, name_end);
  std::string_view rest = text.substr(text.rfind(middle) + middle.size());
  const std::size_t split = rest.find(end);
  if (split == std::string_view::npos) return std::nullopt;
  const auto received = side_from(rest.substr(0, split));
  const auto current = side_from(rest.substr(split + end.size()));
  if (!received || !current) return std::nullopt;
  found.received = *received;
  found.current = *current;
  return found;
}

topology_difference difference_from(const topology_step& refused, std::uint16_t code,
                                    const std::string& text) {
  topology_difference to{kind_of(refused), name_of(refused), "different", "", ""};
  if (const auto told = inequivalence_from(text)) {
    const bool alike =
        told->received.value == told->current.value && !told->received.none && !told->current.none;
    to.have = words_for(told->argument, told->current, alike);
    to.want = words_for(told->argument, told->received, alike);
    if (to.have == to.want) to.have += " (of another type)";
    return to;
  }
  // 404: of a binding, one of whose ends is missing.
  to = missing(refused);
  if (code != 404) to.kind = "different";
  to.have = std::to_string(code) + " " + text;
  return to;
}

std::optional<topology_step> agreeing(const topology_step& refused, const inequivalence& over) {
  topology_step next = refused;
  if (!std::visit(adjustment{over}, next)) return std::nullopt;
  return next;
}

} // namespace postponed::relay
