// Reads answers of the API for showing: what is absent, or of another type, shows as nothing, so that an
// older command still shows what a newer daemon tells. Texts are made harmless for terminals. Pure; any
// thread.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace postponed::cli {

const boost::json::object& object_at(const boost::json::value& from, std::string_view key);
const boost::json::array& array_at(const boost::json::value& from, std::string_view key);
// A string made harmless, a number, true or false; empty for anything else.
std::string text_at(const boost::json::value& from, std::string_view key);
std::string raw_text_at(const boost::json::value& from, std::string_view key); // as it came
std::uint64_t number_at(const boost::json::value& from, std::string_view key);
bool flag_at(const boost::json::value& from, std::string_view key);
bool has(const boost::json::value& from, std::string_view key); // and not null

// JSON in one line, with its end. What a terminal would obey, and JSON may hold as it is (DEL and the
// controls of UTF-8's second block), is escaped, as the lower controls are.
std::string json_line(const boost::json::value& value);
std::string json_line(std::string serialized);

} // namespace postponed::cli
