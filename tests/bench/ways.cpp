#include "bench/ways.hpp"

#include "bench/wire_client.hpp"

namespace postponed::bench {

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

} // namespace postponed::bench
