// Dead letters, their groups and the jobs that send them again, as JSON. Pure; any thread.
#pragma once

#include "admin/snapshot.hpp"
#include "store/letters.hpp"

#include <boost/json/object.hpp>

namespace postponed::admin {

// Without the content, which lists do not have.
boost::json::object letter_json(const store::letter& from);
boost::json::object group_json(const store::letter_group& from);
boost::json::object totals_json(const store::letter_totals& from);
boost::json::object job_json(const store::job& from);
// What the watch and the counters know of one; ages as seen from the snapshot's time.
boost::json::object dead_letter_json(const relay::watched_state& from, const snapshot& shown);

} // namespace postponed::admin
