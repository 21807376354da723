#include "relay/jobs.hpp"

#include <boost/json.hpp>

namespace postponed::relay {

namespace {

namespace json = boost::json;

std::int64_t micros(wall_time time) {
  return time.time_since_epoch().count();
}

json::object filter_to_json(const store::letter_filter& by) {
  json::object out;
  out["state"] = by.state == store::letter_state::trash ? "trash" : "kept";
  const auto text = [&](const char* name, const std::optional<std::string>& value) {
    if (value) out[name] = *value;
  };
  text("dead_letter", by.dead_letter);
  text("route", by.route);
  text("reason", by.reason);
  text("queue", by.queue);
  text("text", by.text);
  if (by.group) out["group"] = *by.group;
  if (by.died_before) out["died_before"] = micros(*by.died_before);
  if (by.died_after) out["died_after"] = micros(*by.died_after);
  if (!by.headers.empty()) {
    json::array& headers = out["headers"].emplace_array();
    for (const auto& [name, value] : by.headers)
      headers.push_back(json::array{name, value});
  }
  if (!by.ids.empty()) {
    json::array& ids = out["ids"].emplace_array();
    for (const store::letter_id id : by.ids)
      ids.push_back(id);
  }
  return out;
}

// Throws boost::system::system_error where a member is of another kind.
store::letter_filter filter_from_json(const json::object& from) {
  store::letter_filter by;
  if (from.at("state").as_string() == "trash") by.state = store::letter_state::trash;
  const auto text = [&](const char* name, std::optional<std::string>& value) {
    if (const json::value* const given = from.if_contains(name))
      value = std::string{given->as_string().data(), given->as_string().size()};
  };
  text("dead_letter", by.dead_letter);
  text("route", by.route);
  text("reason", by.reason);
  text("queue", by.queue);
  text("text", by.text);
  if (const json::value* const group = from.if_contains("group"))
    by.group = group->to_number<std::uint64_t>();
  const auto time = [&](const char* name, std::optional<wall_time>& value) {
    if (const json::value* const given = from.if_contains(name))
      value = wall_time{microseconds{given->to_number<std::int64_t>()}};
  };
  time("died_before", by.died_before);
  time("died_after", by.died_after);
  if (const json::value* const headers = from.if_contains("headers"))
    for (const json::value& each : headers->as_array())
      by.headers.emplace_back(json::value_to<std::string>(each.as_array().at(0)),
                              json::value_to<std::string>(each.as_array().at(1)));
  if (const json::value* const ids = from.if_contains("ids"))
    for (const json::value& each : ids->as_array())
      by.ids.push_back(each.to_number<std::int64_t>());
  return by;
}

} // namespace

std::string to_json(const replay_spec& spec) {
  json::object out;
  out["filter"] = filter_to_json(spec.by);
  if (spec.to) out["to"] = {{"exchange", spec.to->exchange}, {"routing_key", spec.to->routing_key}};
  out["rate"] = spec.rate;
  out["canary"] = spec.canary;
  out["limit"] = spec.limit;
  return json::serialize(out);
}

boost::system::result<replay_spec> replay_spec_from_json(std::string_view text) {
  try {
    const json::value parsed = json::parse(json::string_view{text.data(), text.size()});
    const json::object& from = parsed.as_object();
    replay_spec spec;
    spec.by = filter_from_json(from.at("filter").as_object());
    if (const json::value* const to = from.if_contains("to"))
      spec.to = direct_target{json::value_to<std::string>(to->at("exchange")),
                              json::value_to<std::string>(to->at("routing_key"))};
    spec.rate = from.at("rate").to_number<double>();
    spec.canary = from.at("canary").to_number<std::uint64_t>();
    spec.limit = from.at("limit").to_number<std::uint64_t>();
    return spec;
  } catch (const std::exception&) { // Boost.JSON's, whose kinds are several; what matters is that it cannot
                                    // be read
    return make_error_code(boost::system::errc::invalid_argument);
  }
}

} // namespace postponed::relay
