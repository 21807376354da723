#include "config/reader.hpp"

#include "config/arguments.hpp"
#include "config/keys.hpp"
#include "config/values.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace postponed::config {

void reading::add(finding::severity level, place at, std::string what, std::string fix) {
  // The fix is our own text, with addresses for example; it quotes the file at most where a value came from
  // outside.
  findings.push_back({level, file, at, without_passwords(without_values(std::move(what), replaced)),
                      without_values(std::move(fix), replaced)});
}

void reading::look_for_password(const YAML::Node& written) {
  if (!password_in_file && written.IsScalar() && holds_password(written.Scalar()))
    password_in_file = place_of(written);
}

place place_of(const YAML::Node& node) {
  const YAML::Mark mark = node.Mark();
  return {std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1}; // an empty file has no mark
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

std::optional<bool> boolean_of(const std::string& text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

std::optional<std::string> scalar_of(reading& in, const YAML::Node& node, const std::string& called) {
  if (!node.IsScalar()) {
    in.error(place_of(node), called + " should be one value",
             node.IsNull() ? "write a value" : "write it on one line, without [ ] or { }");
    return std::nullopt;
  }
  substitution found = substitute(node.Scalar(), in.env);
  in.replaced.insert(in.replaced.end(), found.replaced.begin(), found.replaced.end());
  if (!found.problem.empty()) {
    in.error(place_of(node), found.problem, found.fix);
    return std::nullopt;
  }
  return std::move(found.text);
}

std::optional<std::chrono::microseconds> duration_of(reading& in, place at, const std::string& called,
                                                     const std::string& text) {
  if (const auto parsed = parse_duration(text)) return parsed;
  if (text.starts_with('-') && parse_duration(std::string_view{text}.substr(1)))
    in.error(at, called + " is below zero", "write 0s or more");
  else
    in.error(at, called + " is not a duration",
             integer_of(text).value_or(-1) >= 0 ? "say the unit: " + text + "s or " + text + "ms"
                                                : "write it like 500ms, 15m, 1h30m or 365d");
  return std::nullopt;
}

section::section(reading& in, const YAML::Node& node, const std::string& name, std::string called)
    : in_{in}, at_{place_of(node)}, called_{std::move(called)}, is_map_{node.IsMap()} {
  if (!is_map_) {
    in_.error(at_, called_ + " should be a map",
              "write its keys, one a line: " + joined(known_keys().at(name)));
    return;
  }
  for (const auto& pair : node) {
    const place where = place_of(pair.first);
    if (!pair.first.IsScalar()) {
      in_.error(where, "a key of " + called_ + " should be one word",
                "known are " + joined(known_keys().at(name)));
      continue;
    }
    const auto [first, fresh] = entries_.emplace(pair.first.Scalar(), entry{where, pair.second});
    if (fresh)
      check_key(pair.first, name);
    else
      in_.error(where,
                "the key " + first->first + " stands twice in " + called_ + ", first at line " +
                    std::to_string(first->second.key.line),
                "keep one of them");
  }
}

void section::check_key(const YAML::Node& key, const std::string& name) {
  const std::string& word = key.Scalar();
  const std::vector<std::string>& known = known_keys().at(name);
  if (std::find(known.begin(), known.end(), word) != known.end()) return;
  const auto meant = closest(word, known);
  in_.error(place_of(key), "unknown key " + word + " in " + called_,
            (meant ? "did you mean " + *meant + "? known are " : "known are ") + joined(known));
}

bool section::has(const std::string& key) const {
  return entries_.contains(key);
}

bool section::is_list(const std::string& key) const {
  return has(key) && entries_.at(key).value.IsSequence();
}

place section::at(const std::string& key) const {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return at_;
  // yaml-cpp marks a value that is not there with whatever comes next in the file.
  return found->second.value.IsNull() ? found->second.key : place_of(found->second.value);
}

void section::required(const std::string& key, const std::string& example) {
  if (is_map_ && !has(key)) in_.error(at_, called_ + " has no " + key, "add " + key + ": " + example);
}

void section::required_name(const std::string& key, std::string& into, const std::string& example) {
  required(key, example);
  const std::size_t before = in_.findings.size();
  name(key, into);
  if (has(key) && into.empty() && in_.findings.size() == before)
    in_.error(at(key), key + " is empty", "write " + key + ": " + example);
}

std::optional<std::string> section::scalar(const std::string& key) {
  const YAML::Node& node = entries_.at(key).value;
  if (node.IsNull()) {
    in_.error(at(key), key + " has no value", "write one, or remove the key");
    return std::nullopt;
  }
  return scalar_of(in_, node, key);
}

void section::text(const std::string& key, std::string& into, std::size_t longest) {
  if (!has(key)) return;
  auto found = scalar(key);
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
  const auto found = scalar(key);
  if (!found) return;
  if (const auto flag = boolean_of(*found))
    into = *flag;
  else
    in_.error(at(key), key + " should be true or false", "write " + key + ": true");
}

void section::number(const std::string& key, std::uint64_t least, std::uint64_t most,
                     const std::function<void(std::uint64_t)>& set) {
  if (!has(key)) return;
  const auto found = scalar(key);
  if (!found) return;
  const auto parsed = integer_of(*found);
  if (!parsed || *parsed < 0 || static_cast<std::uint64_t>(*parsed) < least ||
      static_cast<std::uint64_t>(*parsed) > most) {
    in_.error(at(key),
              key + " is not a whole number from " + std::to_string(least) + " to " + std::to_string(most),
              parsed && *parsed > 0 && static_cast<std::uint64_t>(*parsed) > most
                  ? "write " + std::to_string(most) + " or less"
                  : "write " + std::to_string(least) + " or more");
    return;
  }
  set(static_cast<std::uint64_t>(*parsed));
}

void section::size(const std::string& key, std::uint64_t least,
                   const std::function<void(std::uint64_t)>& set) {
  if (!has(key)) return;
  const auto found = scalar(key);
  if (!found) return;
  const auto parsed = parse_size(*found);
  if (!parsed || *parsed < least) {
    in_.error(at(key), key + " is not a size of at least " + std::to_string(least) + " bytes",
              "write it like 16MiB, 512KiB or 1048576");
    return;
  }
  set(*parsed);
}

void section::decimal(const std::string& key, double least, double most, const std::string& example,
                      const std::function<void(double)>& set) {
  if (!has(key)) return;
  const auto found = scalar(key);
  if (!found) return;
  const auto parsed = parse_decimal(*found);
  if (parsed && *parsed >= least && *parsed <= most) {
    set(*parsed);
    return;
  }
  std::ostringstream range;
  range << " is not a number from " << least << " to " << most;
  in_.error(at(key), key + range.str(), "write " + key + ": " + example);
}

void section::duration(const std::string& key, const std::function<void(std::chrono::microseconds)>& set) {
  if (!has(key)) return;
  const auto found = scalar(key);
  if (!found) return;
  if (const auto parsed = duration_of(in_, at(key), key, *found)) set(*parsed);
}

void section::positive_duration(const std::string& key, const std::string& example,
                                const std::function<void(std::chrono::microseconds)>& set) {
  duration(key, [&](std::chrono::microseconds time) {
    if (time > time.zero())
      set(time);
    else
      in_.error(at(key), key + " is zero", "write " + key + ": " + example + ", say");
  });
}

void section::choice(const std::string& key, const std::vector<std::string>& words,
                     const std::function<void(std::size_t)>& set) {
  if (!has(key)) return;
  const auto found = scalar(key);
  if (!found) return;
  const auto at_word = std::find(words.begin(), words.end(), *found);
  if (at_word == words.end())
    in_.error(at(key), key + " is none of " + joined(words), "write " + key + ": " + words.front());
  else
    set(static_cast<std::size_t>(at_word - words.begin()));
}

void section::map(const std::string& key, const std::function<void(const YAML::Node&)>& read,
                  const std::string& name) {
  if (!has(key)) return;
  const YAML::Node& found = entries_.at(key).value;
  if (found.IsMap())
    read(found);
  else
    in_.error(at(key), key + " should be a map",
              "write its keys, one a line: " + joined(known_keys().at(name.empty() ? key : name)));
}

void section::names(const std::string& key, const std::string& example,
                    std::map<std::string, std::string>& into) {
  if (!has(key)) return;
  const YAML::Node& found = entries_.at(key).value;
  if (!found.IsMap()) {
    in_.error(at(key), key + " should be a map", "write " + key + ": {" + example + "}");
    return;
  }
  for (const auto& pair : found) {
    const place where = place_of(pair.first);
    if (!pair.first.IsScalar() || pair.first.Scalar().empty()) {
      in_.error(where, "a key of " + key + " should be one word", "write " + example);
      continue;
    }
    const std::string& word = pair.first.Scalar();
    const auto value = scalar_of(in_, pair.second, word + " in " + key);
    if (!value) continue;
    if (value->empty() || value->size() > 255)
      in_.error(place_of(pair.second), word + " in " + key + " is no name of 1 to 255 bytes",
                "write " + example);
    if (!into.emplace(word, *value).second)
      in_.error(where, word + " stands twice in " + key, "keep one of them");
  }
}

void section::list(const std::string& key, const std::function<void(const YAML::Node&)>& each) {
  if (!has(key)) return;
  const YAML::Node& found = entries_.at(key).value;
  if (!found.IsSequence()) {
    in_.error(at(key), key + " should be a list", "begin each entry with \"- \"");
    return;
  }
  for (const YAML::Node& item : found)
    each(item);
}

void section::arguments(const std::string& key, config::arguments& into) {
  if (!has(key)) return;
  const YAML::Node& found = entries_.at(key).value;
  if (found.IsMap())
    read_arguments(in_, found, into);
  else
    in_.error(at(key), key + " should be a map", "write {x-max-length: 1000}");
}

} // namespace postponed::config
