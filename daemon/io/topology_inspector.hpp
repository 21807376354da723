// Asks a broker in what its topology and the file's differ, and creates what is missing: by the management
// API where one is given, else by AMQP, on a connection of its own, for some declarations cost a broker's
// connection (3.10 closes it over a type of exchange that it does not know). Inspecting creates nothing,
// ever.
//
// Lives on the io_context's thread. Several may be under way. Destroy only when finished(), which follows
// stop().
#pragma once

#include "io/broker_link.hpp"
#include "io/management_client.hpp"
#include "relay/topology_probe.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/system/result.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace postponed::io {

struct inspector_parameters {
  link_parameters link;
  std::optional<management_parameters> management;
  std::chrono::milliseconds deadline{30000}; // of one inspection, or one creation
  std::size_t at_once = 8;                   // more are refused
};

struct inspection_failure {
  std::string why;
};
struct creation_report {
  std::vector<relay::topology_step> made;
  std::vector<relay::topology_difference> refused;
};

class topology_inspector {
 public:
  template <typename T>
  using completion = std::function<void(boost::system::result<T, inspection_failure>)>;

  // `on_idle`: called each time that the last one under way is over.
  explicit topology_inspector(boost::asio::io_context& context, std::function<void()> on_idle = {});
  ~topology_inspector();
  topology_inspector(const topology_inspector&) = delete;
  topology_inspector& operator=(const topology_inspector&) = delete;

  // `done` is called once, later. A failure: the broker, or its management API, could not be asked.
  void inspect(inspector_parameters by, relay::wanted_topology wanted,
               completion<relay::topology_report> done);
  // Declares these one after the other, over AMQP.
  void create(inspector_parameters by, std::vector<relay::topology_step> steps,
              completion<creation_report> done);
  void stop(); // those under way fail
  bool finished() const { return visits_.empty(); }

 private:
  class visit;
  class broker_visit;
  class management_visit;

  bool begin(const inspector_parameters& by, std::string& refusal) const;
  void enter(std::unique_ptr<visit> begun);
  void leave(visit* over);

  boost::asio::io_context& context_;
  std::function<void()> on_idle_;
  std::vector<std::unique_ptr<visit>> visits_;
  bool stopping_ = false;
};

} // namespace postponed::io
