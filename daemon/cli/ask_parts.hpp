// What several commands do alike: pages of a list, things one after another, a count and a question before
// what concerns many. Internal to cli's commands. Throws failure. One thread.
#pragma once

#include "cli/conversation.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postponed::cli {

using view = std::string (*)(const boost::json::value& got, const look& as);

// What stands under `key`: a line of JSON each where that was asked for, else the whole by its view.
void show_list(conversation& with, const boost::json::value& got, std::string_view key, view by);

// Pages of `messages`, until the limit that was asked for. `limit_unsaid`: where nobody asked for another
// than the default, the first page is as long as the daemon likes. True: there are more.
bool show_pages(conversation& with, const std::vector<std::string>& path, const parameters& filter, view by,
                bool limit_unsaid);

// Each of the ids that were given, at that path.
int show_ids(conversation& with, const std::vector<std::string>& path, view by);

// How many `body` finds, by a dry run of it at `where`, and that it may be done, because --yes was said or
// the person says so. Nothing where it ends here, told, with the exit code in `code`: it was to be counted
// alone, it finds none, or the person declined. `done`: cancelled, released ..
std::optional<std::uint64_t> agreed(conversation& with, const std::string& where, boost::json::object body,
                                    std::string_view done, int& code);

} // namespace postponed::cli
