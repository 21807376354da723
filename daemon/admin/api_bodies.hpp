// The JSON bodies that several of the api's handlers take. Internal to admin; pure; any thread. What cannot
// be read is told in words in `wrong`, and nothing is answered.
#pragma once

#include "relay/jobs.hpp"
#include "store/letters.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace postponed::admin {

// {"filter": {..}, "ids": [..], "dry_run": true}: which letters.
struct selection {
  store::letter_filter by;
  bool dry_run = false;
};
std::optional<selection> selection_from(std::string_view body, const std::string& dead_letter, wall_time now,
                                        std::string& wrong);

// ... with "to", "rate", "canary", "limit" and "from": how they are to be sent again.
struct replay_order {
  relay::replay_spec spec;
  bool dry_run = false;
  bool selective = false;    // a filter or ids were given
  std::optional<bool> drain; // from=queue, from=store
};
std::optional<replay_order> replay_from(std::string_view body, const std::string& dead_letter, wall_time now,
                                        std::string& wrong);

// {"queue": name} or {"exchange": name, "routing_key": key}.
std::optional<direct_target> target_from(const boost::json::object& from, std::string& wrong);

} // namespace postponed::admin
