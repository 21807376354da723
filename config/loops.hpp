// Static loops: what is released or dead-lettered and comes back, by routes, bindings and queues' dead-letter
// exchanges, as far as the file tells. What it does not tell is cut while running (max_hops). Internal to
// config.
#pragma once

#include "config/reader.hpp"

namespace postponed::config {

// Findings: a release that comes back into its own intake with no pause anywhere on the way, and a dead
// letter that comes back to where it was buried, pauses or not: nothing would ever rest there. Each with its
// path, once. A message that died in a queue on the way is paused by a route with retry, and ends at its
// attempts: that is no loop.
void check_loops(reading& in, const settings& all);

} // namespace postponed::config
