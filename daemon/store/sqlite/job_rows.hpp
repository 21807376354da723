// The rows of jobs: replays of letters, as far as they came. One thread, within the caller's transaction.
// False: an error, see the connection.
#pragma once

#include "store/letters.hpp"
#include "store/sqlite/connection.hpp"

#include <vector>

namespace postponed::store::sqlite {

class job_rows {
 public:
  explicit job_rows(connection& in) : in_{in} {}

  bool add(const job& value, std::int64_t& id); // and forgets what ended more than a week before it
  bool update(const job& value);
  bool all(std::vector<job>& out); // the newest first

 private:
  connection& in_;
};

} // namespace postponed::store::sqlite
