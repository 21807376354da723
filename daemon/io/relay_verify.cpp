// The relay driver's part in topology.mode: verify.
#include "base/log.hpp"
#include "io/relay_driver.hpp"

#include <utility>

namespace postponed::io {

namespace {

using namespace std::chrono_literals;

void tell(log::level level, const char* text, const relay::topology_difference& each) {
  log::write(level, text,
             {{"what", each.what},
              {"name", each.name},
              {"kind", each.kind},
              {"have", each.have},
              {"want", each.want}});
}

} // namespace

void relay_driver::inspect_topology(topology_inspector::completion<relay::topology_report> done) {
  inspector_parameters by;
  by.link = limits_.link;
  by.management = limits_.management;
  inspector_.inspect(std::move(by), limits_.wanted, std::move(done));
}

void relay_driver::verify_topology() {
  const std::uint64_t which = ++verification_;
  inspect_topology([this, which](boost::system::result<relay::topology_report, inspection_failure> found) {
    if (which != verification_ || stopping_) return;
    if (found)
      on_topology_inspected(std::move(*found));
    else
      on_topology_unseen(found.error().why);
    pump();
  });
}

void relay_driver::on_topology_inspected(relay::topology_report&& found) {
  const bool first = !topology_.ready();
  // What the file does not know may be another application's, and is no reason to stand still.
  std::erase_if(found.differences, [](const auto& each) { return each.kind == "unknown"; });
  for (const relay::topology_difference& each : found.differences)
    tell(first ? log::level::error : log::level::warning, "topology differs", each);
  for (const std::string& each : found.warnings)
    log::warning("topology", {{"what", each}});
  for (const std::string& each : found.not_checked)
    log::info("topology is not checked in this", {{"what", each}, {"asked_by", found.source}});
  if (first && !found.differences.empty()) {
    log::error("the broker's topology is not the file's; topology.mode is verify: nothing is started",
               {{"differences", std::to_string(found.differences.size())},
                {"do", "postponed plan shows them, postponed apply creates what is missing"}});
    on_.on_topology_refused();
    return;
  }
  topology_.on_verified(std::move(found.differences));
  publisher_.on_verified();
}

// At the start it is waited for: nothing runs unverified. Later on the daemon goes on, and shows it.
void relay_driver::on_topology_unseen(const std::string& why) {
  log::warning("the topology cannot be verified", {{"why", why}});
  topology_.on_not_verified(why);
  if (topology_.ready()) {
    publisher_.on_verified();
    return;
  }
  verify_again_.expires_after(1s);
  verify_again_.async_wait([this, which = verification_](const boost::system::error_code& error) {
    if (!error && which == verification_ && !stopping_ && publish_link_.is_open()) verify_topology();
  });
}

} // namespace postponed::io
