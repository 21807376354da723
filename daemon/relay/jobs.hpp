// What a replay is to do, and how that is written down in the store (store::job::spec), so that it goes on
// after a restart as it was asked for. Pure; any thread.
#pragma once

#include "store/letters.hpp"

#include <boost/system/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postponed::relay {

struct replay_spec {
  store::letter_filter by;
  std::optional<direct_target> to; // absent: each to where it came from
  double rate = 0;                 // a second; 0: as fast as the store goes
  std::uint64_t canary = 0;        // so many first, then it waits for a person; 0: none
  std::uint64_t limit = 0;         // so many in all; 0: all that match
};

std::string to_json(const replay_spec& spec);
// errc::invalid_argument for anything that to_json() does not write.
boost::system::result<replay_spec> replay_spec_from_json(std::string_view text);

} // namespace postponed::relay
