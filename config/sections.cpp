#include "config/sections.hpp"

#include "config/arguments.hpp"
#include "config/keys.hpp"
#include "config/values.hpp"

#include <algorithm>
#include <charconv>

namespace postponed::config {

namespace {

// The headers that may carry a due time; the daemon knows the same (proto/headers.hpp), and a test holds them
// together.
const std::vector<std::string> delay_headers{"x-delay",
                                             "postponed-until",
                                             "x-opt-delivery-time",
                                             "x-opt-delivery-delay",
                                             "_watermill_delayed_until",
                                             "_watermill_delayed_for"};

// `{name}` of a template; `{{` and `}}` are braces.
void check_template(reading& in, place at, const std::string& key, const std::string& text) {
  static const std::vector<std::string> known{"route", "queue", "reason", "routing_key"};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '{' && text[i] != '}') continue;
    if (i + 1 < text.size() && text[i + 1] == text[i]) {
      ++i;
      continue;
    }
    const std::size_t end = text[i] == '{' ? text.find('}', i) : std::string::npos;
    const std::string name = end == std::string::npos ? "" : text.substr(i + 1, end - i - 1);
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      in.error(at,
               key + " holds " + (name.empty() ? "a single brace" : "the unknown template {" + name + "}"),
               "use {route}, {queue}, {reason} or {routing_key}; {{ and }} are braces");
      return;
    }
    i = end;
  }
}

void read_uri(reading& in, const YAML::Node& node, broker_settings& into) {
  const auto text = scalar_of(in, node, "an address in uris");
  if (!text) return;
  uri_outcome parsed = parse_uri(*text);
  if (!parsed.problem.empty()) {
    in.error(place_of(node), parsed.problem, parsed.fix);
    return;
  }
  if (!in.password_in_file && holds_password(node.Scalar())) in.password_in_file = place_of(node);
  parsed.value.at = place_of(node);
  into.uris.push_back(std::move(parsed.value));
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

void read_admin(reading& in, const YAML::Node& node, admin_settings& into) {
  section admin{in, node, "admin", "admin"};
  into.at = admin.at("listen");
  std::string listen;
  admin.text("listen", listen);
  if (listen.empty()) return;
  const std::string fix = "write listen: 127.0.0.1:9470";
  const std::size_t colon = listen.rfind(':');
  const std::string host = colon == std::string::npos ? "" : listen.substr(0, colon);
  std::uint32_t port = 0;
  const char* const begin = listen.data() + (colon == std::string::npos ? listen.size() : colon + 1);
  const auto [end, error] = std::from_chars(begin, listen.data() + listen.size(), port);
  if (listen.starts_with("unix:")) {
    in.error(into.at, not_supported("a unix socket"), fix);
  } else if (host.empty() || error != std::errc{} || end != listen.data() + listen.size() || port > 65535) {
    in.error(into.at, "listen is not host:port", fix);
  } else if (host != "127.0.0.1" && host != "localhost" && host != "[::1]") {
    in.error(into.at, not_supported("an address that others can reach (" + host + "), which needs a token,"),
             "listen on 127.0.0.1 or [::1]");
  } else {
    into.host = host == "[::1]" ? "::1" : "127.0.0.1";
    into.port = static_cast<std::uint16_t>(port);
  }
}

void read_topology(reading& in, const YAML::Node& node, topology_settings& into) {
  section topology{in, node, "topology", "topology"};
  // A later mode is named so that nobody wonders whether the word is misspelt.
  if (topology.has("mode") && node["mode"].IsScalar() && node["mode"].Scalar() == "verify")
    in.error(topology.at("mode"), not_supported("mode: verify"), "write create or off");
  else
    topology.choice("mode", {"create", "off"}, [&](std::size_t which) {
      into.mode = which == 0 ? topology_settings::mode_type::create : topology_settings::mode_type::off;
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

void read_route(reading& in, const YAML::Node& node, route_settings& into) {
  section route{in, node, "route", "a route"};
  into.at = route.at("name");
  in.routes.push_back({route.at("queue"), route.has("release") ? route.at("release") : route.at("name"),
                       route.at("dead_letter")});
  route.required_name("name", into.name, "order-timeouts");
  route.required_name("queue", into.queue, "orders.later");
  route.required_name("dead_letter", into.dead_letter, "orders");
  route.number("publish_attempts", 1, 1000000,
               [&](std::uint64_t value) { into.publish_attempts = static_cast<std::uint32_t>(value); });
  route.size("max_size", 0, [&](std::uint64_t value) { into.max_size = value; });
  route.map("delay", [&](const YAML::Node& each) {
    section delay{in, each, "delay", "delay"};
    delay.list("headers", [&](const YAML::Node& header) {
      const auto name = scalar_of(in, header, "a header");
      if (!name) return;
      if (std::find(delay_headers.begin(), delay_headers.end(), *name) == delay_headers.end()) {
        const auto meant = closest(*name, delay_headers);
        in.error(place_of(header), "no due time is known to be in the header " + *name,
                 (meant ? "did you mean " + *meant + "? known are " : "known are ") + joined(delay_headers));
      }
      into.delay.headers.push_back(*name);
    });
    delay.duration("default", [&](std::chrono::microseconds time) { into.delay.by_default = time; });
    delay.duration("max", [&](std::chrono::microseconds time) { into.delay.max = time; });
    delay.choice("from", {"arrival", "timestamp"},
                 [&](std::size_t which) { into.delay.from_publisher_timestamp = which == 1; });
    if (into.delay.by_default > into.delay.max)
      in.error(delay.at("default"), "the default delay is beyond max", "raise max, or lower default");
  });
  route.map("release", [&](const YAML::Node& each) {
    section release{in, each, "release", "release"};
    release.text("exchange", into.release.exchange);
    release.text("routing_key", into.release.routing_key);
    release.text("queue", into.release.queue);
    if (into.release.exchange) check_template(in, release.at("exchange"), "exchange", *into.release.exchange);
    if (into.release.routing_key)
      check_template(in, release.at("routing_key"), "routing_key", *into.release.routing_key);
    if (into.release.queue && into.release.queue->empty())
      in.error(release.at("queue"), "queue is empty", "name the queue, or remove the key");
    if (into.release.queue && (into.release.exchange || into.release.routing_key))
      in.error(release.at("queue"), "release names a queue and an exchange or routing_key",
               "keep queue (straight to it), or exchange and routing_key");
  });
}

void read_dead_letter(reading& in, const YAML::Node& node, dead_letter_settings& into) {
  section letter{in, node, "dead_letter", "a dead letter"};
  into.at = letter.at("name");
  letter.required_name("name", into.name, "orders");
  letter.name("exchange", into.exchange);
  letter.name("routing_key", into.routing_key);
  letter.name("queue", into.queue);
  check_template(in, letter.at("exchange"), "exchange", into.exchange);
  check_template(in, letter.at("routing_key"), "routing_key", into.routing_key);
  if (into.exchange.empty() && into.queue.empty())
    in.error(letter.at(), "a dead letter names neither exchange nor queue",
             "add queue: orders.dead, or an exchange");
  if (into.exchange.empty() && !into.routing_key.empty())
    in.error(letter.at("routing_key"), "routing_key goes with an exchange",
             "add exchange, or remove routing_key");
}

} // namespace postponed::config
