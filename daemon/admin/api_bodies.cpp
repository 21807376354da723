#include "admin/api_bodies.hpp"

#include "admin/json_reader.hpp"
#include "admin/letter_filters.hpp"

#include <boost/json/array.hpp>

namespace postponed::admin {

namespace json = boost::json;

namespace {

constexpr std::size_t longest_name = 255; // AMQP's short string
constexpr double fastest = 1e9;           // a second; as in the configuration

// The filter with the ids.
std::optional<store::letter_filter> chosen(json_reader& reader, const std::string& dead_letter, wall_time now,
                                           std::string& wrong) {
  auto by = filter_from(reader.object("filter"), dead_letter, now, wrong);
  const json::array* const ids = reader.array("ids");
  if (!by || !wrong.empty()) return std::nullopt;
  // An empty list is a mistake, not everything.
  if (ids != nullptr && ids->empty()) reader.mistake("ids", "a list of ids, or be left out for all");
  if (ids != nullptr)
    for (const json::value& each : *ids) {
      if (each.is_int64() && each.get_int64() > 0)
        by->ids.push_back(each.get_int64());
      else
        reader.mistake("ids", "a list of whole numbers, as the list of messages shows them");
    }
  if (!wrong.empty()) return std::nullopt;
  return by;
}

} // namespace

std::optional<selection> selection_from(std::string_view body, const std::string& dead_letter, wall_time now,
                                        std::string& wrong) {
  const auto given = body_object(body, false, wrong);
  if (!given) return std::nullopt;
  json_reader reader{*given, "the request", {"filter", "ids", "dry_run"}, wrong};
  reader.refuse_nulls();
  const bool dry_run = reader.flag("dry_run").value_or(false);
  auto by = chosen(reader, dead_letter, now, wrong);
  if (!by) return std::nullopt;
  return selection{std::move(*by), dry_run};
}

std::optional<direct_target> target_from(const json::object& from, std::string& wrong) {
  json_reader reader{from, "to", {"queue", "exchange", "routing_key"}, wrong};
  const auto queue = reader.text("queue");
  const auto exchange = reader.text("exchange");
  const auto key = reader.text("routing_key");
  if (!wrong.empty()) return std::nullopt;
  if (queue.has_value() == exchange.has_value() || (queue && (key || queue->empty()))) {
    wrong = "to must be {\"queue\": name} or {\"exchange\": name, \"routing_key\": key}";
    return std::nullopt;
  }
  direct_target to = queue ? direct_target{"", *queue} : direct_target{*exchange, key.value_or("")};
  if (to.exchange.size() > longest_name || to.routing_key.size() > longest_name) {
    wrong = "a name in to has more than 255 bytes";
    return std::nullopt;
  }
  return to;
}

std::optional<replay_order> replay_from(std::string_view body, const std::string& dead_letter, wall_time now,
                                        std::string& wrong) {
  const auto given = body_object(body, false, wrong);
  if (!given) return std::nullopt;
  json_reader reader{
      *given, "the request", {"filter", "ids", "to", "rate", "canary", "limit", "dry_run", "from"}, wrong};
  reader.refuse_nulls();
  replay_order out;
  out.dry_run = reader.flag("dry_run").value_or(false);
  out.selective = reader.has("filter") || reader.has("ids");
  out.spec.rate = reader.positive("rate").value_or(0);
  if (out.spec.rate > fastest) reader.mistake("rate", "1000000000 at most, or be left out for no limit");
  out.spec.canary = reader.whole("canary").value_or(0);
  out.spec.limit = reader.whole("limit").value_or(0);
  if (const auto from = reader.text("from")) {
    if (*from != "store" && *from != "queue") reader.mistake("from", "\"store\" or \"queue\"");
    out.drain = *from == "queue";
  }
  if (const json::object* const to = reader.object("to")) out.spec.to = target_from(*to, wrong);
  auto by = chosen(reader, dead_letter, now, wrong);
  if (!by) return std::nullopt;
  out.spec.by = std::move(*by);
  return out;
}

} // namespace postponed::admin
