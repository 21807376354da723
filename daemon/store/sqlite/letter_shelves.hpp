// Where letters stand, and how many: a shelf for each dead letter and state, on it a kind for each group,
// route and reason. Both are counted as letters come and go, so that totals and groups are answered without
// looking at a letter. One thread.
//
// Tables letter_shelves(number, dead_letter, state, messages, bytes) and letter_kinds(number, shelf, grp,
// route, reason, messages, bytes, first_died, last_died). A kind of which nothing is left goes, a shelf
// stays.
#pragma once

#include "store/letters.hpp"
#include "store/sqlite/connection.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace postponed::store::sqlite {

struct letter_place {
  std::int64_t kind = 0, shelf = 0; // 0: none
};

class letter_shelves {
 public:
  explicit letter_shelves(connection& in) : in_{in} {}

  // The place of a letter by its dead letter, state, group, route and reason; made where it is the first of
  // its kind. Kind 0: an error.
  letter_place place(const letter& of);
  // One came to a place (or left it), with its bytes. Written by flush(), within the transaction.
  void came(const letter_place& at, std::uint64_t bytes);
  void left(const letter_place& at, std::uint64_t bytes);
  bool flush(); // false: an error, as everywhere here

  std::int64_t shelf_of(const std::string& dead_letter, letter_state state); // 0: there is none; -1: an error
  bool totals(std::vector<letter_totals>& out);

 private:
  struct change {
    std::int64_t messages = 0, bytes = 0;
  };
  void note(const letter_place& at, std::int64_t messages, std::int64_t bytes);
  bool write_kind(std::int64_t number, const change& by);
  bool write_shelf(std::int64_t number, const change& by);

  connection& in_;
  statement find_shelf_, add_shelf_, find_kind_, add_kind_, change_kind_, drop_kind_, change_shelf_;
  std::map<std::int64_t, change> kinds_, shelves_; // not yet written
};

} // namespace postponed::store::sqlite
