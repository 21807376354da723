#include "bench/ways.hpp"

#include "bench/wire_client.hpp"

#include <map>

namespace postponed::bench {

namespace {

constexpr std::uint16_t window = 2000;

// Consume, republish with confirms, ack; until `count` went through.
void relay_all(std::uint16_t port, const std::string& from, const std::string& to, std::size_t count) {
  wire_client in{port, "bare relay in"};
  wire_client out{port, "bare relay out"};
  in.open_channel(1, false);
  out.open_channel(1, true);
  in.session().qos(1, window);
  in.session().consume(1, from, "bare");
  std::map<std::uint64_t, std::uint64_t> unconfirmed; // confirm tag -> delivery tag
  std::size_t done = 0;
  while (done < count) {
    wire_client::wait_for_either(in, out, std::chrono::milliseconds{100});
    in.pump(std::chrono::milliseconds{0}, [&](proto::session_event& each) {
      if (auto* const message = std::get_if<proto::event::delivered>(&each)) {
        const auto tag =
            out.session().publish(1, "", to, message->content.properties, message->content.body, true);
        unconfirmed[tag] = message->tag;
      }
    });
    std::uint64_t ack_to = 0;
    out.pump(std::chrono::milliseconds{0}, [&](proto::session_event& each) {
      const auto* const ack = std::get_if<proto::event::confirmed>(&each);
      if (ack == nullptr) return;
      const auto end = unconfirmed.upper_bound(ack->tag);
      for (auto at = ack->multiple ? unconfirmed.begin() : unconfirmed.find(ack->tag); at != end;) {
        at = unconfirmed.erase(at);
        ++done;
      }
      // All deliveries before the oldest unconfirmed one are through.
      ack_to = unconfirmed.empty() ? done : unconfirmed.begin()->second - 1;
    });
    if (ack_to > 0) in.session().ack(1, ack_to, true);
  }
  in.pump(std::chrono::milliseconds{20}, [](proto::session_event&) {});
}

} // namespace

way expiring_queue(std::uint16_t port, const std::string& name) {
  const std::string from = "bench.ttl.in." + name, to = "bench.ttl.out." + name;
  wire_client setup{port, "bench setup"};
  setup.open_channel(1, false);
  setup.declare_queue(to);
  setup.declare_waiting_queue(from, to);
  return {from, to, properties_with_expiration};
}

way delayed_exchange(std::uint16_t port, const std::string& name) {
  const std::string exchange = "bench.plugin.in." + name, to = "bench.plugin.out." + name;
  wire_client setup{port, "bench setup"};
  setup.open_channel(1, false);
  setup.declare_queue(to);
  setup.declare_delayed_exchange(exchange, to);
  return {{to, exchange}, to, properties_with_delay};
}

bare_relay::bare_relay(std::uint16_t port, const std::string& name, std::size_t count)
    : from_{"bench.bare.in." + name}, to_{"bench.bare.out." + name} {
  declare_queues(port, {from_, to_});
  process_ = in_child([&] { relay_all(port, from_, to_, count); });
}

} // namespace postponed::bench
