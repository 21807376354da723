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

bool is_fixed(const std::string& text) { // no templates
  return text.find('{') == std::string::npos;
}

// The queues to which a route surely releases, as far as names alone tell.
std::vector<std::string> surely_released_to(const config::route_settings& route,
                                            const config::topology_settings& in) {
  if (route.release.queue) {
    if (!is_fixed(*route.release.queue)) return {};
    return {*route.release.queue};
  }
  std::vector<std::string> queues;
  if (!route.release.exchange || !route.release.routing_key || !is_fixed(*route.release.routing_key))
    return queues;
  for (const config::binding_settings& each : in.bindings)
    if (each.exchange == *route.release.exchange && each.routing_key == *route.release.routing_key)
      queues.push_back(each.queue);
  return queues;
}

io::link_parameters link_from(const config::broker_settings& from) {
  io::link_parameters to;
  for (const config::broker_uri& each : from.uris)
    to.addresses.push_back(
        {each.tls, each.host, each.port, each.user, each.password, each.virtual_host, each.display()});
  const config::tls_settings& tls = from.tls;
  to.tls = {tls.ca_file, tls.certificate_file, tls.key_file, tls.verify, tls.server_name};
  to.external_login = from.external_login;
  to.heartbeat = std::chrono::duration_cast<std::chrono::seconds>(from.heartbeat);
  to.version = version;
  return to;
}

std::optional<io::management_parameters> management_from(const config::broker_settings& from) {
  if (!from.management) return std::nullopt;
  const config::management_settings& at = *from.management;
  io::management_parameters to;
  to.tls = at.tls;
  to.host = at.host;
  to.port = at.port;
  to.user = at.user;
  to.password = at.password;
  to.path = at.path;
  // One certificate authority for both; the name is that of the URL.
  to.tls_settings = {from.tls.ca_file, from.tls.certificate_file, from.tls.key_file, from.tls.verify, ""};
  return to;
}

schedule::retry_policy rule_from(const config::retry_rule& from) {
  schedule::retry_policy to;
  to.attempts = from.attempts;
  to.max_age = from.max_age;
  to.pause.schedule = from.pause.schedule;
  to.pause.backoff = {from.pause.initial, from.pause.max, from.pause.multiplier, from.pause.jitter};
  to.pause.full_jitter = from.pause.full_jitter;
  return to;
}

relay::late_policy late_from(const config::late_settings& from) {
  relay::late_policy to;
  to.after = from.after;
  to.over = from.over;
  switch (from.what) {
  case config::late_settings::action::release:
    to.what = relay::late_policy::action::release;
    break;
  case config::late_settings::action::dead_letter:
    to.what = relay::late_policy::action::dead_letter;
    break;
  case config::late_settings::action::spread:
    to.what = relay::late_policy::action::spread;
    break;
  }
  return to;
}

relay::dedup_policy dedup_from(const config::dedup_settings& from) {
  relay::dedup_policy to;
  to.header = from.header;
  to.window = from.window;
  using key = relay::dedup_policy::key_type;
  switch (from.key) {
  case config::dedup_settings::key_type::message_id:
    to.key = key::message_id;
    break;
  case config::dedup_settings::key_type::correlation_id:
    to.key = key::correlation_id;
    break;
  case config::dedup_settings::key_type::header:
    to.key = key::header;
    break;
  case config::dedup_settings::key_type::body:
    to.key = key::body;
    break;
  }
  return to;
}

proto::dialect dialect_from(config::dialect from) {
  switch (from) {
  case config::dialect::amqp:
    return proto::dialect::amqp;
  case config::dialect::watermill:
    return proto::dialect::watermill;
  case config::dialect::plugin:
    return proto::dialect::plugin;
  }
  return proto::dialect::amqp;
}

relay::dead_letter_parameters dead_letter_from(const config::dead_letter_settings& from) {
  relay::dead_letter_parameters to;
  to.name = from.name;
  to.queue = from.queue;
  to.collect = from.collect;
  to.trash = from.trash;
  to.to.exchange = from.exchange;
  // Without an exchange of its own the dead letter goes straight to its queue.
  if (from.exchange.empty() && from.routing_key.empty())
    to.to.queue = from.queue;
  else if (!from.routing_key.empty())
    to.to.routing_key = from.routing_key;
  return to;
}

relay::watched watched_from(const config::dead_letter_settings& from) {
  relay::watched to;
  to.name = from.name;
  to.queue = from.queue;
  to.collect = from.collect;
  to.poll = from.poll;
  if (from.alert) {
    relay::alert_policy& alert = to.alert.emplace();
    alert.depth = from.alert->depth;
    alert.age = from.alert->age;
    alert.rate = from.alert->rate;
    alert.clear = from.alert->clear;
    alert.webhook = from.alert->webhook;
  }
  return to;
}

relay::route_parameters route_from(const config::route_settings& from,
                                   const std::vector<relay::dead_letter_parameters>& dead_letters) {
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
  to.delays = from.delays;
  if (from.retry) {
    relay::retry_parameters& retry = to.retry.emplace();
    retry.rule = rule_from(from.retry->rule);
    for (const auto& [reason, rule] : from.retry->reasons)
      retry.reasons[reason] = rule_from(rule);
  }
  to.release = {from.release.exchange, from.release.routing_key, from.release.queue, from.release.origin};
  to.dead_letter_name = from.dead_letter;
  for (const relay::dead_letter_parameters& each : dead_letters)
    if (each.name == from.dead_letter) to.dead_letter = each.to;
  if (from.dedup) to.dedup = dedup_from(*from.dedup);
  to.rate = from.rate;
  if (from.circuit) to.circuit = relay::circuit_policy{from.circuit->failures, from.circuit->probe};
  if (from.late) to.late = late_from(*from.late);
  to.speaks = dialect_from(from.speaks);
  to.topics = from.watermill.topics;
  to.max_hops = from.max_hops;
  to.publish_attempts = from.publish_attempts;
  to.max_size = from.max_size;
  return to;
}

} // namespace

io::driver_parameters driver_parameters_from(const config::settings& settings) {
  io::driver_parameters to;
  for (const config::dead_letter_settings& each : settings.dead_letters) {
    to.relay.dead_letters.push_back(dead_letter_from(each));
    if (!each.queue.empty()) to.watched.push_back(watched_from(each));
  }
  for (const config::route_settings& each : settings.routes)
    to.relay.routes.push_back(route_from(each, to.relay.dead_letters));
  to.relay.confirm_window = settings.broker.confirm_window;
  to.relay.horizon_rows = settings.store.horizon_rows;
  to.relay.body_cache = settings.store.body_cache;
  to.relay.catch_up = {settings.catch_up.share, settings.catch_up.rate};
  using mode = config::topology_settings::mode_type;
  to.wanted = wanted_topology_from(settings);
  if (settings.topology.mode == mode::create) to.topology = to.wanted.steps;
  to.verify_topology = settings.topology.mode == mode::verify;
  to.management = management_from(settings.broker);
  to.link = link_from(settings.broker);
  to.prefetch = settings.broker.prefetch;
  return to;
}

io::keeper_parameters keeper_parameters_from(const config::settings& settings) {
  io::keeper_parameters to;
  for (const config::route_settings& each : settings.routes)
    to.routes.push_back(each.name);
  for (const config::dead_letter_settings& each : settings.dead_letters)
    to.dead_letters.push_back(dead_letter_from(each));
  return to;
}

relay::wanted_topology wanted_topology_from(const config::settings& settings) {
  relay::wanted_topology to;
  to.steps = topology_from(settings.topology);
  for (const config::route_settings& each : settings.routes) {
    // Watermill's applications publish their failures themselves.
    if (!each.retry || each.speaks == config::dialect::watermill) continue;
    for (std::string& queue : surely_released_to(each, settings.topology))
      to.retries.push_back({each.name, each.queue, std::move(queue)});
  }
  for (const config::dead_letter_settings& each : settings.dead_letters)
    if (is_fixed(each.exchange)) to.parking.push_back({each.name, each.exchange});
  return to;
}

io::inspector_parameters inspector_parameters_from(const config::settings& settings) {
  io::inspector_parameters to;
  to.link = link_from(settings.broker);
  to.management = management_from(settings.broker);
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

admin::access_rules access_rules_from(const config::admin_settings& settings) {
  admin::access_rules rules;
  for (const config::admin_token_settings& each : settings.tokens)
    rules.tokens.push_back(
        {each.name, each.operates ? admin::role::operates : admin::role::read_only, sha256_of(each.value)});
  rules.hosts = settings.allowed_hosts;
  if (!settings.socket.empty()) return rules;
  rules.hosts.push_back(settings.host);
  rules.public_health = !settings.host.starts_with("127.") && settings.host != "::1";
  return rules;
}

} // namespace postponed
