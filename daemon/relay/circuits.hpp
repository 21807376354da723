// Destinations that refuse everything. After so many refusals in a row a destination's circuit opens: what is
// due for it is parked (rows only, their bodies stay on disk), one message at a time tries it, and no
// attempts are spent. The first success closes it. Pure; one thread.
#pragma once

#include "base/clock.hpp"
#include "relay/counters.hpp"
#include "relay/parameters.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace postponed::relay {

class circuits {
 public:
  // Where nothing has failed, which is nearly always, every question is answered without a look-up.
  bool all_well() const { return all_.empty(); }
  bool is_open(std::string_view exchange, std::string_view routing_key) const;

  // Who is blamed, for the gauges.
  struct blamed {
    route_counters* route = nullptr; // whose release it was
    std::string dead_letter;         // not empty: the dead letter whose message it was
  };
  struct verdict {
    std::uint32_t in_a_row = 0;
    bool open = false;   // park it
    bool opened = false; // just now
  };
  verdict on_failure(std::string_view exchange, std::string_view routing_key, const circuit_policy& policy,
                     steady_time now, const blamed& who);
  // What waited and may go, in the order in which it was parked; nothing where nothing had failed.
  struct recovery {
    bool was_open = false;
    std::deque<std::int64_t> parked;
    blamed who;
  };
  std::optional<recovery> on_success(std::string_view exchange, std::string_view routing_key);
  bool any_failing(const std::string& dead_letter) const;

  void park(std::string_view exchange, std::string_view routing_key, std::int64_t row);
  // Rows that are to try their destinations now, one for each. A circuit that nothing waits for any more is
  // forgotten: `gone` is told.
  std::vector<std::int64_t> take_probes(steady_time now, const std::function<void(const blamed&)>& gone);
  std::optional<steady_time> next_probe() const;
  void lost_probe(std::int64_t row); // it comes to no verdict
  void forget_if(const std::function<bool(std::int64_t row)>& forgotten);

 private:
  struct circuit {
    std::uint32_t failures = 0; // in a row
    bool open = false;
    microseconds period{0};
    steady_time probe_at{};
    std::int64_t probing = 0; // the row that tries it; 0: none
    std::deque<std::int64_t> parked;
    blamed who;
  };
  static std::string key_of(std::string_view exchange, std::string_view routing_key);

  std::unordered_map<std::string, circuit> all_; // those with a failure since their last success
};

} // namespace postponed::relay
