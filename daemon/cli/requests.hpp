// What a command asks of the API: targets and JSON bodies out of what was given. Texts go as they are; the
// daemon judges them. Pure; any thread. Throws failure (bad_usage) for what cannot be written down at all.
#pragma once

#include "cli/asked.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postponed::cli {

using parameters = std::vector<std::pair<std::string, std::string>>;

// /api/v1/a/b?c=d, each percent-encoded as it must be.
std::string target(const std::vector<std::string>& path, const parameters& query = {});

// The filter of a list of held messages, as a query; without a cursor.
parameters message_query(const filter_options& by);
// The same as the "filter" of a bulk request.
boost::json::object message_filter(const filter_options& by);
bool is_filtered(const filter_options& by); // it names something

// Of dead letters.
parameters letter_query(const filter_options& by);
boost::json::object letter_selection(const filter_options& by, const std::vector<std::string>& ids);

// {"delay": ..} or {"due": ..}
boost::json::object new_due(const std::string& delay, const std::string& due);

// The message of `schedule`; `body` is what was read.
boost::json::object message_of(const schedule_options& from, std::string body);

boost::json::object replay_of(const ask_command& from);

} // namespace postponed::cli
