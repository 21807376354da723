#include "config/sections.hpp"

#include "config/arguments.hpp"
#include "config/keys.hpp"
#include "config/values.hpp"
#include "config/web_address.hpp"

#include <algorithm>

namespace postponed::config {

namespace {

// The login that every broker begins with, and takes from its own machine only: no secret.
bool is_everybodys(const std::string& user, const std::string& password) {
  return user == "guest" && password == "guest";
}

void read_uri(reading& in, const YAML::Node& node, broker_settings& into) {
  const auto text = scalar_of(in, node, "an address in uris");
  if (!text) return;
  uri_outcome parsed = parse_uri(*text);
  if (!parsed.problem.empty()) {
    in.error(place_of(node), parsed.problem, parsed.fix);
    return;
  }
  if (!is_everybodys(parsed.value.user, parsed.value.password)) in.look_for_password(node);
  parsed.value.at = place_of(node);
  into.uris.push_back(std::move(parsed.value));
}

void read_management(reading& in, const YAML::Node& node, broker_settings& into) {
  const auto text = scalar_of(in, node, "management");
  if (!text) return;
  web_outcome parsed = parse_management(*text);
  if (!parsed.problem.empty()) {
    in.error(place_of(node), parsed.problem, parsed.fix);
    return;
  }
  if (!is_everybodys(parsed.value.user, parsed.value.password)) in.look_for_password(node);
  parsed.value.at = place_of(node);
  into.management = std::move(parsed.value);
}

void read_tls(reading& in, const YAML::Node& node, tls_settings& into) {
  section tls{in, node, "tls", "broker.tls"};
  tls.text("ca_file", into.ca_file);
  tls.text("certificate_file", into.certificate_file);
  tls.text("key_file", into.key_file);
  tls.boolean("verify", into.verify);
  tls.text("server_name", into.server_name);
  if (into.certificate_file.empty() != into.key_file.empty())
    in.error(tls.at(), "certificate_file and key_file belong together", "name both, or neither");
}

// Plugins bring types of their own, most of them x-..; only what looks like a slip is refused.
void check_exchange_type(reading& in, const section& from, const std::string& type) {
  static const std::vector<std::string> own{"direct", "fanout", "topic", "headers"};
  if (type.starts_with("x-") || std::find(own.begin(), own.end(), type) != own.end()) return;
  const auto meant = closest(type, own);
  if (meant || type.empty())
    in.error(from.at("type"), "an exchange has no type " + (type.empty() ? "\"\"" : type),
             "did you mean " + meant.value_or("direct") + "? known are " + joined(own));
}

void read_queue(reading& in, const YAML::Node& node, queue_settings& into) {
  static const std::vector<std::string> types{"classic", "quorum", "stream"};
  section queue{in, node, "queue", "a queue"};
  into.at = queue.at("name");
  queue.required_name("name", into.name, "orders.later");
  queue.boolean("durable", into.durable);
  queue.boolean("auto_delete", into.auto_delete);
  queue.boolean("exclusive", into.exclusive);
  queue.arguments("arguments", into.args);
  std::string type;
  place at;
  for (const argument& each : into.args) {
    if (each.name != "x-queue-type") continue;
    at = place_in(node["arguments"], each.name);
    const auto* const text = std::get_if<std::string>(&each.value);
    type = text == nullptr ? "" : *text;
    if (std::find(types.begin(), types.end(), type) == types.end())
      in.error(at, "x-queue-type is none of " + joined(types), "write type: quorum, say");
    if (queue.has("type"))
      in.error(queue.at("type"), "type and the argument x-queue-type say the same twice", "keep type");
    break;
  }
  queue.choice("type", types, [&](std::size_t which) {
    type = types[which];
    at = queue.at("type");
    into.args.push_back({"x-queue-type", type, false});
  });
  if ((type == "quorum" || type == "stream") && (!into.durable || into.exclusive || into.auto_delete))
    in.error(at, "a " + type + " queue is always durable and shared",
             "remove durable, exclusive and auto_delete");
}

} // namespace

void read_broker(reading& in, const YAML::Node& node, broker_settings& into) {
  section broker{in, node, "broker", "broker"};
  broker.required("uris", "[\"amqp://user:${RABBITMQ_PASSWORD}@127.0.0.1:5672/\"]");
  broker.list("uris", [&](const YAML::Node& each) { read_uri(in, each, into); });
  if (broker.has("uris") && node["uris"].IsSequence() && node["uris"].size() == 0)
    in.error(broker.at("uris"), "uris is empty", "name at least one broker");
  broker.duration("heartbeat", [&](std::chrono::microseconds time) {
    into.heartbeat = std::chrono::duration_cast<std::chrono::milliseconds>(time);
    if (time % std::chrono::seconds{1} != time.zero() || time > std::chrono::hours{1})
      in.error(broker.at("heartbeat"), "heartbeat is not in whole seconds up to 1h", "write heartbeat: 15s");
  });
  broker.choice("auth", {"plain", "external"}, [&](std::size_t which) { into.external_login = which == 1; });
  broker.map("tls", [&](const YAML::Node& each) { read_tls(in, each, into.tls); });
  broker.number("prefetch", 1, 65535,
                [&](std::uint64_t value) { into.prefetch = static_cast<std::uint16_t>(value); });
  broker.number("confirm_window", 1, 100000,
                [&](std::uint64_t value) { into.confirm_window = static_cast<std::uint32_t>(value); });
  if (broker.has("management")) read_management(in, node["management"], into);
  if (into.external_login && into.tls.certificate_file.empty())
    in.error(broker.at("auth"), "auth: external logs in with a client certificate, and there is none",
             "name tls.certificate_file and tls.key_file");
}

void read_store(reading& in, const YAML::Node& node, store_settings& into) {
  section store{in, node, "store", "store"};
  store.required("path", "/var/lib/postponed/postponed.db");
  std::optional<std::string> path; // absent where it could not be read: that is a finding of its own
  store.text("path", path, 4096);
  into.path = path.value_or("");
  if (into.path.starts_with("postgresql:") || into.path.starts_with("postgres:"))
    in.error(store.at("path"), not_supported("a store in PostgreSQL"), "name a file on a local disk");
  else if (path && path->empty())
    in.error(store.at("path"), "path is empty", "name a file on a local disk");
  store.number("horizon_rows", 1000, 100000000, [&](std::uint64_t value) { into.horizon_rows = value; });
  store.size("body_cache", 65536, [&](std::uint64_t value) { into.body_cache = value; });
}

void read_catch_up(reading& in, const YAML::Node& node, catch_up_settings& into) {
  section catch_up{in, node, "catch_up", "catch_up"};
  catch_up.decimal("share", 0.01, 0.99, "0.5", [&](double value) { into.share = value; });
  catch_up.decimal("rate", 0, 100000, "5000", [&](double value) {
    into.rate = value;
    if (value > 0 && value < 0.001)
      in.error(catch_up.at("rate"), "rate is less than one message in 1,000 s",
               "write rate: 5000; or pause the routes");
  });
}

void read_topology(reading& in, const YAML::Node& node, topology_settings& into) {
  section topology{in, node, "topology", "topology"};
  topology.choice("mode", {"create", "verify", "off"}, [&](std::size_t which) {
    using mode = topology_settings::mode_type;
    into.mode = which == 0 ? mode::create : which == 1 ? mode::verify : mode::off;
  });
  topology.list("exchanges", [&](const YAML::Node& each) {
    section from{in, each, "exchange", "an exchange"};
    exchange_settings to;
    to.at = from.at("name");
    from.required_name("name", to.name, "orders");
    from.name("type", to.type);
    check_exchange_type(in, from, to.type);
    from.boolean("durable", to.durable);
    from.boolean("auto_delete", to.auto_delete);
    from.boolean("internal", to.internal);
    from.arguments("arguments", to.args);
    into.exchanges.push_back(std::move(to));
  });
  topology.list("queues", [&](const YAML::Node& each) { read_queue(in, each, into.queues.emplace_back()); });
  topology.list("bindings", [&](const YAML::Node& each) {
    section from{in, each, "binding", "a binding"};
    binding_settings to;
    to.at = from.at();
    from.required_name("exchange", to.exchange, "orders");
    from.required_name("queue", to.queue, "orders.later");
    from.name("routing_key", to.routing_key);
    from.arguments("arguments", to.args);
    into.bindings.push_back(std::move(to));
  });
}

} // namespace postponed::config
