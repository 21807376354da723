// Which routes are paused, by whom and why. Few: all in memory, and in a table. One thread.
#pragma once

#include "store/sqlite/connection.hpp"
#include "store/store.hpp"

#include <map>
#include <string>
#include <vector>

namespace postponed::store::sqlite {

class pauses {
 public:
  explicit pauses(connection& in) : in_{in} {}

  bool load();
  bool put(const route_pause& each); // false: an error, as everywhere here
  std::vector<route_pause> all() const;

 private:
  connection& in_;
  std::map<std::string, route_pause> known_;
};

} // namespace postponed::store::sqlite
