// Finding letters: by the counts of their kinds where those answer, by an index where few match, else along
// the shelf, oldest first, and by content only what the narrow columns let through. One thread.
#pragma once

#include "store/letters.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/letter_conditions.hpp"
#include "store/sqlite/letter_rows.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace postponed::store::sqlite {

class letter_search {
 public:
  enum class ending {
    complete, // nothing more matches
    stopped,  // by the taker, or for the bytes of content that it has read
    damaged,  // the content of `reached`
    failed,   // see the connection
  };
  struct outcome {
    ending how = ending::failed;
    letter_id reached = 0; // everything up to here has been looked at
  };
  struct pace {
    std::size_t expected = 0; // how many will be taken, for the way to go about it; 0: all
    std::uint64_t content_bytes = ~std::uint64_t{0}; // read at most
  };
  // False: that is enough, and this one was not taken. It changes no letter: the search is under way.
  using taker = std::function<bool(letter_row&&)>;

  letter_search(connection& in, letter_rows& rows) : in_{in}, rows_{rows} {}

  // Those after `after`, by id.
  outcome visit(const letter_filter& by, letter_id after, pace at, const taker& take);
  outcome count(const letter_filter& by, std::uint64_t& out);
  outcome groups(const letter_filter& by, std::vector<letter_group>& out); // the largest first

 private:
  class sieve;

  outcome visit_ids(const letter_filter& by, letter_id after, sieve& through);
  statement rows_for(const letter_conditions& asked, std::size_t expected);
  bool few(const letter_conditions& asked, std::size_t expected, bool& answer);
  bool counted_groups(const letter_conditions& asked, std::vector<letter_group>& out);

  connection& in_;
  letter_rows& rows_;
};

} // namespace postponed::store::sqlite
