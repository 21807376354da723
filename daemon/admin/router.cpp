#include "admin/router.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace postponed::admin {

namespace {

// "/a/b" is {a, b}, "/" is {""}; what does not begin with a slash has no segments.
std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> out;
  while (path.starts_with('/')) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    out.emplace_back(path.substr(1, end - 1));
    path.remove_prefix(end);
  }
  return out;
}

bool is_placeholder(std::string_view segment) {
  return segment.starts_with('{');
}

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return false;
  for (std::size_t i = 0; i < path.size(); ++i)
    if (is_placeholder(pattern[i]) ? path[i].empty() : pattern[i] != path[i]) return false;
  return true;
}

bool decode_query(std::string_view text, std::vector<std::pair<std::string, std::string>>& into) {
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    auto name = percent_decoded(pair.substr(0, equals), true);
    auto value = percent_decoded(equals < pair.size() ? pair.substr(equals + 1) : "", true);
    if (!name || !value) return false;
    into.emplace_back(std::move(*name), std::move(*value));
  }
  return true;
}

// A target, decoded.
struct destination {
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> query;
};

std::optional<destination> decode(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  destination to;
  to.segments = segments_of(path);
  if (path.size() < target.size() && !decode_query(target.substr(path.size() + 1), to.query))
    return std::nullopt;
  for (std::string& each : to.segments) {
    auto decoded = percent_decoded(each, false);
    if (!decoded) return std::nullopt;
    each = std::move(*decoded);
  }
  return to;
}

// application/json, and what builds on it (merge patches).
bool is_json(std::string_view content_type) {
  std::string name{content_type.substr(0, content_type.find(';'))};
  while (name.ends_with(' '))
    name.pop_back();
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return name == "application/json" || (name.starts_with("application/") && name.ends_with("+json"));
}

// What stands in the places of the pattern's braces.
std::vector<std::string> names_of(const std::vector<std::string>& pattern,
                                  const std::vector<std::string>& segments) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < segments.size(); ++i)
    if (is_placeholder(pattern[i])) names.push_back(segments[i]);
  return names;
}

} // namespace

std::optional<std::string> percent_decoded(std::string_view text, bool plus) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += plus && text[at] == '+' ? ' ' : text[at];
      continue;
    }
    unsigned char octet = 0;
    const char* const first = text.data() + at + 1;
    if (text.size() - at < 3 || std::from_chars(first, first + 2, octet, 16).ptr != first + 2)
      return std::nullopt;
    out += static_cast<char>(octet);
    at += 2;
  }
  return out;
}

void router::add(std::string method, std::string_view pattern, handler answer) {
  table_.push_back({std::move(method), segments_of(pattern), std::move(answer), {}, {}});
}

void router::add_stream(std::string method, std::string_view pattern, streamer answer,
                        std::function<bool(const request&)> only) {
  table_.push_back({std::move(method), segments_of(pattern), {}, std::move(answer), std::move(only)});
}

std::vector<std::string> router::paths() const {
  std::vector<std::string> all;
  for (const entry& each : table_) {
    std::string one = each.method + " ";
    for (const std::string& segment : each.pattern)
      one += "/" + segment;
    if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(std::move(one));
  }
  return all;
}

stream_handler router::stream_for(const request& head) const {
  auto to = decode(head.target);
  if (!to) return {};
  for (const entry& each : table_) {
    if (!each.streamed || each.method != head.method || !fits(each.pattern, to->segments)) continue;
    if (each.only && !each.only(head)) continue;
    return [&each, to = std::move(*to)](request asked, std::shared_ptr<exchange> with) {
      each.streamed(call{std::move(asked), names_of(each.pattern, to.segments), to.query}, std::move(with));
    };
  }
  return {};
}

void router::handle(request asked, reply done) const {
  auto to = decode(asked.target);
  if (!to)
    return done(
        problem(400, "in " + asked.target + " a % is not followed by two hexadecimal digits; write %25"));
  const std::string method = asked.method == "HEAD" ? "GET" : asked.method;
  std::vector<std::string> allowed;
  for (const entry& each : table_) {
    if (!fits(each.pattern, to->segments)) continue;
    if (each.method != method || !each.answer) {
      const std::string taken = each.method == "GET" && each.answer ? "GET, HEAD" : each.method;
      if (std::find(allowed.begin(), allowed.end(), taken) == allowed.end()) allowed.push_back(taken);
      continue;
    }
    // What a handler of whole bodies takes is JSON. Who says nothing of it is believed.
    if (method != "GET" && !asked.body.empty() && !asked.content_type.empty() && !is_json(asked.content_type))
      return done(
          problem(415, "the body must be application/json, and it is said to be " + asked.content_type));
    const call found{std::move(asked), names_of(each.pattern, to->segments), std::move(to->query)};
    return each.answer(found, std::move(done));
  }
  const std::string path = asked.target.substr(0, asked.target.find('?'));
  if (allowed.empty())
    return done(problem(404, "there is nothing at " + path + "; /api/v1 lists what there is"));
  std::string list;
  for (const std::string& each : allowed)
    list += (list.empty() ? "" : ", ") + each;
  response refused = problem(405, path + " takes " + list);
  refused.headers.emplace_back("Allow", list);
  done(std::move(refused));
}

} // namespace postponed::admin
