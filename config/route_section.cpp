// One route of the file.
#include "config/sections.hpp"
#include "config/templates.hpp"
#include "config/values.hpp"

#include <algorithm>

namespace postponed::config {

namespace {

using std::chrono::microseconds;

// The headers that may carry a due time; the daemon knows the same (proto/headers.hpp), and a test holds them
// together.
const std::vector<std::string> delay_headers{"x-delay",
                                             "postponed-until",
                                             "x-opt-delivery-time",
                                             "x-opt-delivery-delay",
                                             "_watermill_delayed_until",
                                             "_watermill_delayed_for"};

void read_delay(reading& in, const YAML::Node& node, delay_settings& into) {
  section delay{in, node, "delay", "delay"};
  delay.list("headers", [&](const YAML::Node& header) {
    const auto name = scalar_of(in, header, "a header");
    if (!name) return;
    if (std::find(delay_headers.begin(), delay_headers.end(), *name) == delay_headers.end()) {
      const auto meant = closest(*name, delay_headers);
      in.error(place_of(header), "no due time is known to be in the header " + *name,
               (meant ? "did you mean " + *meant + "? known are " : "known are ") + joined(delay_headers));
    }
    into.headers.push_back(*name);
  });
  delay.duration("default", [&](microseconds time) { into.by_default = time; });
  delay.duration("max", [&](microseconds time) { into.max = time; });
  delay.choice("from", {"arrival", "timestamp"},
               [&](std::size_t which) { into.from_publisher_timestamp = which == 1; });
  if (into.by_default > into.max)
    in.error(delay.at("default"), "the default delay is beyond max", "raise max, or lower default");
}

void read_release(reading& in, const YAML::Node& node, release_settings& into) {
  section release{in, node, "release", "release"};
  release.text("exchange", into.exchange);
  release.text("routing_key", into.routing_key);
  release.text("queue", into.queue);
  release.boolean("origin", into.origin);
  if (into.exchange) check_template(in, release.at("exchange"), "exchange", *into.exchange);
  if (into.routing_key) check_template(in, release.at("routing_key"), "routing_key", *into.routing_key);
  if (into.queue && into.queue->empty())
    in.error(release.at("queue"), "queue is empty", "name the queue, or remove the key");
  if (into.queue && (into.exchange || into.routing_key))
    in.error(release.at("queue"), "release names a queue and an exchange or routing_key",
             "keep queue (straight to it), or exchange and routing_key");
  if (into.origin && (into.queue || into.exchange || into.routing_key))
    in.error(release.at("origin"), "release goes to the origin, and names a queue, exchange or routing_key",
             "keep origin: true (to the queue where it died), or the others");
}

void read_dedup(reading& in, const YAML::Node& node, dedup_settings& into) {
  using key_type = dedup_settings::key_type;
  section dedup{in, node, "dedup", "dedup"};
  std::optional<std::string> key;
  dedup.text("key", key, 255 + std::string_view{"header:"}.size());
  dedup.positive_duration("window", "10m", [&](microseconds time) { into.window = time; });
  if (!key) return;
  if (*key == "message-id") {
    into.key = key_type::message_id;
  } else if (*key == "correlation-id") {
    into.key = key_type::correlation_id;
  } else if (*key == "body") {
    into.key = key_type::body;
  } else if (key->starts_with("header:")) {
    into.key = key_type::header;
    into.header = key->substr(std::string_view{"header:"}.size());
    if (into.header.empty())
      in.error(dedup.at("key"), "key names no header", "write key: \"header:x-order-id\"");
  } else {
    in.error(dedup.at("key"), "key is none of message-id, correlation-id, body, header:NAME",
             "write key: message-id");
  }
}

void read_circuit(reading& in, const YAML::Node& node, circuit_settings& into) {
  section circuit{in, node, "circuit", "circuit"};
  circuit.number("failures", 1, 1000000,
                 [&](std::uint64_t value) { into.failures = static_cast<std::uint32_t>(value); });
  circuit.positive_duration("probe", "10s", [&](microseconds time) { into.probe = time; });
}

void read_late(reading& in, const YAML::Node& node, late_settings& into) {
  using action = late_settings::action;
  section late{in, node, "late", "late"};
  late.positive_duration("after", "1h", [&](microseconds time) { into.after = time; });
  late.choice("do", {"release", "dead_letter", "spread"}, [&](std::size_t which) {
    into.what = which == 0 ? action::release : which == 1 ? action::dead_letter : action::spread;
  });
  late.positive_duration("over", "10m", [&](microseconds time) { into.over = time; });
  if (late.has("over") && into.what != action::spread)
    in.error(late.at("over"), "over goes with do: spread", "add do: spread, or remove over");
}

void read_dialect(reading& in, section& route, route_settings& into) {
  route.choice("dialect", {"amqp", "watermill", "plugin"}, [&](std::size_t which) {
    into.speaks = which == 0 ? dialect::amqp : which == 1 ? dialect::watermill : dialect::plugin;
  });
  route.map("watermill", [&](const YAML::Node& each) {
    section watermill{in, each, "watermill", "watermill"};
    watermill.names("topics", "orders: orders.handler", into.watermill.topics);
  });
  if (route.has("watermill") && into.speaks != dialect::watermill)
    in.error(route.at("watermill"), "watermill goes with dialect: watermill",
             "add dialect: watermill, or remove watermill");
}

} // namespace

void read_route(reading& in, const YAML::Node& node, route_settings& into) {
  section route{in, node, "route", "a route"};
  into.at = route.at("name");
  in.routes.push_back({route.at("queue"), route.has("release") ? route.at("release") : route.at("name"),
                       route.at("dead_letter")});
  route.required_name("name", into.name, "order-timeouts");
  if (into.name.starts_with('@'))
    in.error(into.at, "names of routes that begin with @ are postponed's own", "choose another name");
  route.required_name("queue", into.queue, "orders.later");
  route.required_name("dead_letter", into.dead_letter, "orders");
  route.number("max_hops", 1, 1000000,
               [&](std::uint64_t value) { into.max_hops = static_cast<std::uint32_t>(value); });
  route.number("publish_attempts", 1, 1000000,
               [&](std::uint64_t value) { into.publish_attempts = static_cast<std::uint32_t>(value); });
  route.size("max_size", 0, [&](std::uint64_t value) { into.max_size = value; });
  route.map("delay", [&](const YAML::Node& each) { read_delay(in, each, into.delay); });
  route.map("retry", [&](const YAML::Node& each) { read_retry(in, each, into.retry.emplace()); });
  into.delays = route.has("delay") || !route.has("retry");
  route.map("release", [&](const YAML::Node& each) { read_release(in, each, into.release); });
  route.map("dedup", [&](const YAML::Node& each) { read_dedup(in, each, into.dedup.emplace()); });
  route.map("circuit", [&](const YAML::Node& each) { read_circuit(in, each, into.circuit.emplace()); });
  route.map("late", [&](const YAML::Node& each) { read_late(in, each, into.late.emplace()); });
  std::optional<std::string> rate;
  route.text("rate", rate);
  if (const auto parsed = parse_rate(rate.value_or("1"), false); !parsed)
    in.error(route.at("rate"), "rate is not a number of messages a second above 0",
             "write rate: 100, or 6000/m");
  else if (rate)
    into.rate = *parsed;
  read_dialect(in, route, into);
}

} // namespace postponed::config
