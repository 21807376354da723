// What several views are made of. Internal to cli's views; pure; any thread.
#pragma once

#include "cli/views.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <utility>
#include <vector>

namespace postponed::cli {

std::string dash(std::string text);                   // "-" where it is empty
std::string text_of(const boost::json::value& value); // one line: a string made harmless, else JSON
std::string coloured(std::string text, int colour, const look& as); // an SGR number
std::string heading(const std::string& text, const look& as);
// 2026-11-27T09:00:00Z (in 2 d 1 h); empty where it is absent.
std::string time_with_relative(const boost::json::value& from, std::string_view key, const look& as);
// exchange / routing_key
std::string came_with(const boost::json::value& from);
// Properties, headers and body of a message of the API: JSON indented, text as it is, anything else by its
// size.
std::string content_view(const boost::json::value& message, const look& as);

// Names and values below each other; a value that is empty is left out.
class facts {
 public:
  void add(std::string name, std::string value);
  std::string text(const look& as) const;

 private:
  std::vector<std::pair<std::string, std::string>> all_;
};

} // namespace postponed::cli
