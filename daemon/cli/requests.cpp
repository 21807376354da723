#include "cli/requests.hpp"

#include "base/encodings.hpp"
#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <fmt/core.h>

#include <array>
#include <charconv>
#include <utility>

namespace postponed::cli {

namespace json = boost::json;

namespace {

using field = std::pair<std::string_view, const std::string filter_options::*>;
constexpr std::array<field, 5> message_fields{field{"route", &filter_options::route},
                                              {"state", &filter_options::state},
                                              {"due_from", &filter_options::due_from},
                                              {"due_until", &filter_options::due_until},
                                              {"text", &filter_options::text}};
constexpr std::array<field, 7> letter_fields{field{"route", &filter_options::route},
                                             {"reason", &filter_options::reason},
                                             {"queue", &filter_options::queue},
                                             {"group", &filter_options::group},
                                             {"older_than", &filter_options::older_than},
                                             {"newer_than", &filter_options::newer_than},
                                             {"text", &filter_options::text}};

template <typename Fields>
parameters query_of(const filter_options& by, const Fields& fields) {
  parameters to;
  for (const auto& [name, member] : fields)
    if (!(by.*member).empty()) to.emplace_back(name, by.*member);
  for (const std::string& each : by.headers)
    to.emplace_back("header", each);
  return to;
}

template <typename Fields>
json::object filter_of(const filter_options& by, const Fields& fields) {
  json::object to;
  for (const auto& [name, member] : fields)
    if (!(by.*member).empty()) to[json::string_view{name.data(), name.size()}] = by.*member;
  for (const std::string& each : by.headers) {
    const std::size_t colon = each.find(':');
    if (!to.contains("headers")) to["headers"].emplace_object();
    to["headers"].as_object()[each.substr(0, colon)] = colon == each.npos ? "" : each.substr(colon + 1);
  }
  return to;
}

// name=text, or name:=JSON.
void assign(json::object& to, const std::string& text, std::string_view option) {
  const std::size_t equals = text.find('=');
  if (equals == text.npos || equals == 0 || (equals == 1 && text[0] == ':'))
    throw failure{bad_usage, fmt::format("{} {}: write name=text, or name:=JSON for a number, true or false",
                                         option, text)};
  if (text[equals - 1] != ':') {
    to[text.substr(0, equals)] = text.substr(equals + 1);
    return;
  }
  boost::system::error_code error;
  json::value value = json::parse(text.substr(equals + 1), error);
  if (error)
    throw failure{bad_usage, fmt::format("{} {}: what follows := is no JSON; a text is written name=text",
                                         option, text)};
  to[text.substr(0, equals - 1)] = std::move(value);
}

void set(json::object& to, const char* name, const std::string& value) {
  if (!value.empty()) to[name] = value;
}

} // namespace

std::string target(const std::vector<std::string>& path, const parameters& query) {
  // Everything but letters, digits and -._~: a plus in a query would be a space.
  const auto encoded = [](const std::string& text) {
    return boost::urls::encode(text, boost::urls::unreserved_chars);
  };
  std::string to = "/api/v1";
  for (const std::string& each : path)
    to += "/" + encoded(each);
  char before = '?';
  for (const auto& [name, value] : query)
    to += std::exchange(before, '&') + encoded(name) + "=" + encoded(value);
  return to;
}

parameters message_query(const filter_options& by) {
  return query_of(by, message_fields);
}

json::object message_filter(const filter_options& by) {
  return filter_of(by, message_fields);
}

bool is_filtered(const filter_options& by) {
  return !query_of(by, message_fields).empty() || !query_of(by, letter_fields).empty();
}

parameters letter_query(const filter_options& by) {
  parameters to = query_of(by, letter_fields);
  if (!by.state.empty()) to.emplace_back("state", by.state);
  return to;
}

json::object letter_selection(const filter_options& by, const std::vector<std::string>& ids) {
  json::object to;
  if (json::object filter = filter_of(by, letter_fields); !filter.empty()) to["filter"] = std::move(filter);
  if (ids.empty()) return to;
  json::array numbers;
  for (const std::string& each : ids) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(each.data(), each.data() + each.size(), number);
    if (error != std::errc{} || end != each.data() + each.size())
      throw failure{bad_usage,
                    fmt::format("{} is no id of a dead letter; ids are whole numbers, as dead list "
                                "shows them",
                                each)};
    numbers.emplace_back(number);
  }
  to["ids"] = std::move(numbers);
  return to;
}

json::object new_due(const std::string& delay, const std::string& due) {
  json::object to;
  set(to, "delay", delay);
  set(to, "due", due);
  return to;
}

json::object message_of(const schedule_options& from, std::string body) {
  json::object to = new_due(from.delay, from.due);
  set(to, "route", from.route);
  set(to, "queue", from.queue);
  set(to, "exchange", from.exchange);
  set(to, "routing_key", from.routing_key);
  if (is_utf8(body))
    to["body"] = std::move(body); // JSON takes text alone
  else
    to["body_base64"] = base64(body);
  json::object headers, properties;
  for (const std::string& each : from.headers)
    assign(headers, each, "--header");
  for (const std::string& each : from.properties)
    assign(properties, each, "--property");
  if (!headers.empty()) to["headers"] = std::move(headers);
  if (!properties.empty()) to["properties"] = std::move(properties);
  return to;
}

json::object replay_of(const ask_command& from) {
  json::object to = letter_selection(from.by, from.ids);
  const replay_options& how = from.replay;
  json::object where;
  set(where, "queue", how.to_queue);
  set(where, "exchange", how.to_exchange);
  set(where, "routing_key", how.to_routing_key);
  if (!where.empty()) to["to"] = std::move(where);
  if (how.rate > 0) to["rate"] = how.rate;
  if (how.canary > 0) to["canary"] = how.canary;
  if (how.limit > 0) to["limit"] = how.limit;
  set(to, "from", from.by.from);
  return to;
}

} // namespace postponed::cli
