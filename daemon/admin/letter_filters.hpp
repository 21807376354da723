// Which collected dead letters a request means: from its query, or from the filter in its JSON body. Pure;
// any thread. What cannot be read is told in words in `wrong`, and nothing is answered.
#pragma once

#include "store/letters.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postponed::admin {

using query = std::vector<std::pair<std::string, std::string>>;

struct listing {
  store::letter_filter by;
  store::letter_id after = 0;
  std::optional<std::size_t> limit;
  bool filtered = false;    // more was asked than all of them from the start
  std::optional<bool> peek; // from=queue, from=store
};

inline constexpr std::size_t most_listed = 1000;

// route= reason= queue= group= older_than= newer_than= header=name:value (again for more) text= state=, and
// where `pages` after= limit= from=.
std::optional<listing> listing_from(const query& asked, const std::string& dead_letter, wall_time now,
                                    bool pages, std::string& wrong);

// {"route", "reason", "queue", "group", "older_than", "newer_than", "headers": {name: value}, "text"};
// absent: all of the dead letter. Of those kept, unless the caller sets another state.
std::optional<store::letter_filter> filter_from(const boost::json::object* from,
                                                const std::string& dead_letter, wall_time now,
                                                std::string& wrong);

// A header's value as the text that filters compare with; nothing where it cannot be one.
std::optional<std::string> header_text(const boost::json::value& value);

// A group in its JSON form: 16 hexadecimal digits, as its numbers are larger than JavaScript's.
std::string group_text(std::uint64_t group);
std::optional<std::uint64_t> group_from(std::string_view text);

} // namespace postponed::admin
