// The API's answers as people read them: tables and facts, with relative times. Lines, each with its end;
// bold where `bold`. Pure, given the time; any thread.
#pragma once

#include "cli/text.hpp"

#include <boost/json/value.hpp>

#include <string>

namespace postponed::cli {

struct look {
  proto::wall_time now{};
  bool bold = false;
};

std::string status_view(const boost::json::value& status, const look& as);
std::string routes_view(const boost::json::value& status, const look& as);
std::string messages_view(const boost::json::value& page, const look& as);
std::string message_view(const boost::json::value& message, const look& as);
std::string calendar_view(const boost::json::value& calendar, const look& as);
std::string dead_letters_view(const boost::json::value& list, const look& as);
std::string letters_view(const boost::json::value& page, const look& as);
std::string letter_view(const boost::json::value& letter, const look& as);
std::string groups_view(const boost::json::value& groups, const look& as);
std::string replays_view(const boost::json::value& list, const look& as);
std::string replay_view(const boost::json::value& job, const look& as);
std::string topology_view(const boost::json::value& differences, const look& as);
// One event of the stream: its type and its data.
std::string event_view(const std::string& type, const boost::json::value& data);

} // namespace postponed::cli
