#include "config/reader.hpp"

#include "config/keys.hpp"

#include <algorithm>
#include <charconv>

namespace postponed::config {

namespace {

bool quoted(const YAML::Node& node) {
  return node.Tag() == "!";
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& each : words)
    out += (out.empty() ? "" : ", ") + each;
  return out;
}

std::optional<std::int64_t> integer_of(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool as_boolean(const std::string& text, bool& value) {
  value = text == "true";
  return text == "true" || text == "false";
}

} // namespace

void reading::error(place at, std::string what, std::string fix) {
  findings.push_back({finding::severity::error, file, at, std::move(what), std::move(fix)});
}

place place_of(const YAML::Node& node) {
  const YAML::Mark mark = node.Mark();
  return {mark.line + 1, mark.column + 1};
}

std::optional<std::string> scalar_of(reading& in, const YAML::Node& node, const std::string& called,
                                     bool* from_outside) {
  if (!node.IsScalar()) {
    in.error(place_of(node), called + " should be one value",
             node.IsNull() ? "write a value" : "write it on one line, without [ ] or { }");
    return std::nullopt;
  }
  substitution replaced = substitute(node.Scalar(), in.env);
  if (!replaced.problem.empty()) {
    in.error(place_of(node), replaced.problem, replaced.fix);
    return std::nullopt;
  }
  if (from_outside != nullptr) *from_outside = replaced.from_outside;
  return std::move(replaced.text);
}

section::section(reading& in, const YAML::Node& node, const std::string& name, std::string called)
    : in_{in}, node_{node}, at_{place_of(node)}, called_{std::move(called)} {
  if (!node_.IsMap()) {
    in_.error(at_, called_ + " should be a map",
              "write its keys, one a line: " + joined(known_keys().at(name)));
    node_ = YAML::Node{YAML::NodeType::Map};
    return;
  }
  const std::vector<std::string>& known = known_keys().at(name);
  const auto later = later_keys().find(name);
  std::map<std::string, place> seen;
  for (const auto& entry : node_) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    const place where = place_of(entry.first);
    if (const auto first = seen.find(key); first != seen.end())
      in_.error(where,
                "the key " + key + " stands twice in " + called_ + ", first at line " +
                    std::to_string(first->second.line),
                "keep one of them");
    seen.emplace(key, where);
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    if (later != later_keys().end() &&
        std::find(later->second.begin(), later->second.end(), key) != later->second.end()) {
      in_.error(where, key + " is not supported by this version", "remove it");
      continue;
    }
    const auto meant = closest(key, known);
    in_.error(where, "unknown key " + key + " in " + called_,
              meant ? "did you mean " + *meant + "?" : "known are " + joined(known));
  }
}

YAML::Node section::value(const std::string& key) const {
  const YAML::Node& constant = node_; // a const operator[] does not insert
  return constant[key];
}

bool section::has(const std::string& key) const {
  return value(key).IsDefined();
}

place section::at(const std::string& key) const {
  const YAML::Node found = value(key);
  return found.IsDefined() ? place_of(found) : at_;
}

void section::required(const std::string& key, const std::string& example) {
  if (!has(key)) in_.error(at_, called_ + " has no " + key, "add " + key + ": " + example);
}

std::optional<std::string> section::scalar(const YAML::Node& node, const std::string& key) {
  return scalar_of(in_, node, key);
}

void section::text(const std::string& key, std::string& into, std::size_t longest) {
  if (!has(key)) return;
  auto found = scalar(value(key), key);
  if (!found) return;
  if (found->size() > longest) {
    in_.error(at(key), key + " is longer than " + std::to_string(longest) + " bytes", "shorten it");
    return;
  }
  into = std::move(*found);
}

void section::text(const std::string& key, std::optional<std::string>& into, std::size_t longest) {
  if (!has(key)) return;
  std::string found;
  const std::size_t before = in_.findings.size();
  text(key, found, longest);
  if (in_.findings.size() == before) into = std::move(found);
}

void section::boolean(const std::string& key, bool& into) {
  if (!has(key)) return;
  const auto found = scalar(value(key), key);
  bool flag = false;
  if (!found) return;
  if (as_boolean(*found, flag))
    into = flag;
  else
    in_.error(at(key), key + " should be true or false", "write " + key + ": true");
}

void section::number(const std::string& key, std::uint64_t least, std::uint64_t most,
                     const std::function<void(std::uint64_t)>& set) {
  if (!has(key)) return;
  const auto found = scalar(value(key), key);
  if (!found) return;
  const auto parsed = integer_of(*found);
  if (!parsed || *parsed < 0 || static_cast<std::uint64_t>(*parsed) < least ||
      static_cast<std::uint64_t>(*parsed) > most) {
    in_.error(at(key),
              key + " is not a whole number from " + std::to_string(least) + " to " + std::to_string(most),
              "write " + key + ": " + std::to_string(std::max<std::uint64_t>(least, 1)) + " or more");
    return;
  }
  set(static_cast<std::uint64_t>(*parsed));
}

void section::size(const std::string& key, std::uint64_t least,
                   const std::function<void(std::uint64_t)>& set) {
  if (!has(key)) return;
  const auto found = scalar(value(key), key);
  if (!found) return;
  const auto parsed = parse_size(*found);
  if (!parsed || *parsed < least) {
    in_.error(at(key), key + " is not a size of at least " + std::to_string(least) + " bytes",
              "write it like 16MiB, 512KiB or 1048576");
    return;
  }
  set(*parsed);
}

void section::duration(const std::string& key, const std::function<void(std::chrono::microseconds)>& set) {
  if (!has(key)) return;
  const auto found = scalar(value(key), key);
  if (!found) return;
  const auto parsed = parse_duration(*found);
  if (!parsed) {
    const bool bare = integer_of(*found).value_or(-1) >= 0;
    in_.error(at(key), key + " is not a duration",
              bare ? "say the unit: " + *found + "s or " + *found + "ms"
                   : "write it like 500ms, 15m, 1h30m or 365d");
    return;
  }
  set(*parsed);
}

void section::choice(const std::string& key, const std::vector<std::string>& words,
                     const std::function<void(std::size_t)>& set) {
  if (!has(key)) return;
  const auto found = scalar(value(key), key);
  if (!found) return;
  const auto at_word = std::find(words.begin(), words.end(), *found);
  if (at_word == words.end())
    in_.error(at(key), key + " is none of " + joined(words), "write " + key + ": " + words.front());
  else
    set(static_cast<std::size_t>(at_word - words.begin()));
}

void section::map(const std::string& key, const std::function<void(const YAML::Node&)>& read) {
  if (has(key)) read(value(key));
}

void section::list(const std::string& key, const std::function<void(const YAML::Node&)>& each) {
  if (!has(key)) return;
  const YAML::Node found = value(key);
  if (!found.IsSequence()) {
    in_.error(at(key), key + " should be a list", "begin each entry with \"- \"");
    return;
  }
  for (const YAML::Node& item : found)
    each(item);
}

namespace {

argument argument_of(reading& in, const std::string& name, const YAML::Node& node) {
  argument result;
  result.name = name;
  if (node.IsMap()) {
    arguments nested;
    for (const auto& entry : node)
      nested.push_back(argument_of(in, entry.first.Scalar(), entry.second));
    result.value = std::move(nested);
  } else if (node.IsSequence()) {
    arguments nested;
    for (const YAML::Node& entry : node)
      nested.push_back(argument_of(in, "", entry));
    result.value = std::move(nested);
    result.is_array = true;
  } else if (const auto text = node.IsNull() ? std::optional<std::string>{} : scalar_of(in, node, name)) {
    bool flag = false;
    double real = 0;
    result.value = *text;
    if (quoted(node)) return result; // a quoted scalar is a string, whatever it looks like
    if (as_boolean(*text, flag))
      result.value = flag;
    else if (const auto whole = integer_of(*text))
      result.value = *whole;
    else if (YAML::convert<double>::decode(node, real))
      result.value = real;
  }
  return result;
}

} // namespace

void section::arguments(const std::string& key, config::arguments& into) {
  if (!has(key)) return;
  const YAML::Node found = value(key);
  if (!found.IsMap()) {
    in_.error(at(key), key + " should be a map", "write {x-max-length: 1000}");
    return;
  }
  for (const auto& entry : found)
    into.push_back(argument_of(in_, entry.first.Scalar(), entry.second));
}

} // namespace postponed::config
