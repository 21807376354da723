// The snapshot as Prometheus' text format 0.0.4. Pure; any thread.
#pragma once

#include "admin/snapshot.hpp"

#include <string>

namespace postponed::admin {

std::string metrics_text(const snapshot& shown);

} // namespace postponed::admin
