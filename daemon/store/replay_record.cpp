#include "store/replay_record.hpp"

#include <algorithm>
#include <utility>

namespace postponed::store {

std::optional<held_record> replay_record(const letter& from, proto::message&& content,
                                         const replay_target& to, wall_time now) {
  const bool by_route = std::find(to.routes.begin(), to.routes.end(), from.route) != to.routes.end();
  held_record record;
  if (to.to)
    record.to = to.to;
  else if (!by_route && from.origin_queue.empty())
    return std::nullopt;
  else if (!by_route)
    record.to = direct_target{"", from.origin_queue};
  record.route = by_route ? from.route : to.fallback_route;
  record.due = record.first_seen = now;
  record.replays = from.replays + 1;
  record.content = std::move(content);
  record.content.exchange = from.exchange;
  record.content.routing_key = from.routing_key;
  record.content.properties = proto::replay_properties(
      record.content.properties, {record.replays, from.origin_queue, record.to.has_value()});
  return record;
}

} // namespace postponed::store
