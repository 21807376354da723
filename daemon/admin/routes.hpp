// The pages that show the snapshot: health, readiness, metrics, status. Pure; any thread.
#pragma once

#include "admin/router.hpp"
#include "admin/snapshot.hpp"

#include <functional>
#include <string>
#include <vector>

namespace postponed::admin {

// Adds the page, /api/v1 (which lists what there is), /healthz, /readyz, /metrics and /api/v1/status; each of
// these asks for a snapshot of its own.
void add_pages(router& to, const std::function<snapshot()>& take);

// The same, for one request, behind the checks of Host and Origin of gatekeeper.hpp.
response respond(const request& asked, const snapshot& shown);

// Why the daemon is not ready, in words; empty: it is.
std::vector<std::string> reasons_not_ready(const snapshot& shown);

} // namespace postponed::admin
