#include "parameters.hpp"

#include "version.hpp"

#include <algorithm>
#include <chrono>

namespace postponed {

namespace {

proto::argument_list arguments_from(const config::arguments& from) {
  proto::argument_list result;
  for (const config::argument& each : from) {
    proto::argument to;
    to.name = each.name;
    to.is_array = each.is_array;
    if (const auto* const nested = std::get_if<config::arguments>(&each.value))
      to.value = arguments_from(*nested);
    else
      std::visit(
          [&](const auto& value) {
            if constexpr (!std::is_same_v<std::decay_t<decltype(value)>, config::arguments>) to.value = value;
          },
          each.value);
    result.push_back(std::move(to));
  }
  return result;
}

std::vector<relay::topology_step> topology_from(const config::topology_settings& from) {
  std::vector<relay::topology_step> steps;
  if (from.mode != config::topology_settings::mode_type::create) return steps;
  for (const config::exchange_settings& each : from.exchanges) {
    proto::exchange_declaration to;
    to.name = each.name;
    to.type = each.type;
    to.durable = each.durable;
    to.auto_delete = each.auto_delete;
    to.internal = each.internal;
    to.arguments = arguments_from(each.args);
    steps.emplace_back(std::move(to));
  }
  for (const config::queue_settings& each : from.queues) {
    proto::queue_declaration to;
    to.name = each.name;
    to.durable = each.durable;
    to.auto_delete = each.auto_delete;
    to.exclusive = each.exclusive;
    to.arguments = arguments_from(each.args);
    steps.emplace_back(std::move(to));
  }
  for (const config::binding_settings& each : from.bindings) {
    proto::binding_declaration to;
    to.queue = each.queue;
    to.exchange = each.exchange;
    to.routing_key = each.routing_key;
    to.arguments = arguments_from(each.args);
    steps.emplace_back(std::move(to));
  }
  return steps;
}

relay::route_parameters route_from(const config::route_settings& from, const config::settings& all) {
  relay::route_parameters to;
  to.name = from.name;
  to.queue = from.queue;
  if (!from.delay.headers.empty()) {
    to.delay.headers.clear();
    for (const std::string& each : from.delay.headers)
      if (const auto header = proto::delay_header_from(each)) to.delay.headers.push_back(*header);
  }
  to.delay.by_default = from.delay.by_default;
  to.delay.max = from.delay.max;
  to.delay.from_publisher_timestamp = from.delay.from_publisher_timestamp;
  to.release = {from.release.exchange, from.release.routing_key, from.release.queue};
  const auto letter = std::find_if(all.dead_letters.begin(), all.dead_letters.end(),
                                   [&](const auto& each) { return each.name == from.dead_letter; });
  if (letter != all.dead_letters.end()) {
    to.dead_letter.exchange = letter->exchange;
    // Without an exchange of its own the dead letter goes straight to its queue.
    if (letter->exchange.empty() && letter->routing_key.empty())
      to.dead_letter.queue = letter->queue;
    else if (!letter->routing_key.empty())
      to.dead_letter.routing_key = letter->routing_key;
  }
  to.publish_attempts = from.publish_attempts;
  to.max_size = from.max_size;
  return to;
}

} // namespace

io::driver_parameters driver_parameters_from(const config::settings& settings) {
  io::driver_parameters to;
  for (const config::route_settings& each : settings.routes)
    to.relay.routes.push_back(route_from(each, settings));
  to.relay.confirm_window = settings.broker.confirm_window;
  to.relay.horizon_rows = settings.store.horizon_rows;
  to.relay.body_cache = settings.store.body_cache;
  to.topology = topology_from(settings.topology);
  for (const config::broker_uri& each : settings.broker.uris)
    to.link.addresses.push_back(
        {each.tls, each.host, each.port, each.user, each.password, each.virtual_host, each.display()});
  const config::tls_settings& tls = settings.broker.tls;
  to.link.tls = {tls.ca_file, tls.certificate_file, tls.key_file, tls.verify, tls.server_name};
  to.link.external_login = settings.broker.external_login;
  to.link.heartbeat = std::chrono::duration_cast<std::chrono::seconds>(settings.broker.heartbeat);
  to.link.version = version;
  to.prefetch = settings.broker.prefetch;
  return to;
}

store::sqlite_options store_options_from(const config::settings& settings) {
  store::sqlite_options to;
  to.path = settings.store.path;
  // A committed message that was not acked is among the last `prefetch` of its route: remember some times as
  // many.
  to.recent_limit =
      std::max<std::size_t>(to.recent_limit, settings.routes.size() * settings.broker.prefetch * 4u);
  return to;
}

} // namespace postponed
