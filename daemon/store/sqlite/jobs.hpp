// The replays, as rows of the table jobs(id, what, state, ..). Few; a finished one is kept for a week. One
// thread.
#pragma once

#include "store/letters.hpp"
#include "store/sqlite/connection.hpp"

#include <cstdint>
#include <vector>

namespace postponed::store::sqlite {

class jobs {
 public:
  explicit jobs(connection& in) : in_{in} {}

  std::int64_t add(const job& value); // its id; 0: an error. Forgets what finished a week before it began.
  bool update(const job& value);      // false: an error, as everywhere here
  // Newest first. A week: before the latest that anything happened to a job, for the store reads no clock.
  bool all(std::vector<job>& out);

 private:
  connection& in_;
  statement update_;
};

} // namespace postponed::store::sqlite
