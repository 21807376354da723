// The letters themselves: a narrow row each, which lists and searches read, and apart from it the content.
// One thread.
//
// Tables letters(id, kind, shelf, ..) and letter_contents(id, sum, exchange, routing_key, properties, body):
// sum is a checksum over the id and the content.
#pragma once

#include "store/letters.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/letter_shelves.hpp"

#include <cstdint>
#include <string>

namespace postponed::store::sqlite {

struct letter_row {
  letter value; // without content
  letter_place at;
};

// A question for letter_row_from(): the columns of l (letters), k (their kind), s (its shelf), in the joining
// that follows the table l.
inline constexpr const char* letter_columns =
    " l.id, s.state, s.dead_letter, k.route, k.reason, k.grp, l.queue, l.origin, l.exchange, l.routing_key,"
    " l.error, l.first_seen, l.died, l.collected, l.discarded, l.attempt, l.replays, l.bytes, l.kind, "
    "l.shelf ";
inline constexpr const char* letter_joins = " CROSS JOIN letter_kinds k ON k.number = l.kind"
                                            " CROSS JOIN letter_shelves s ON s.number = l.shelf ";
letter_row letter_row_from(const statement& at);

enum class content_lookup { found, damaged, failed }; // damaged: lost, or not as its checksum says

class letter_rows {
 public:
  letter_rows(connection& in, letter_shelves& shelves) : in_{in}, shelves_{shelves} {}

  letter_id insert(const letter& each);                  // 0: an error
  bool find(letter_id id, letter_row& out, bool& found); // false: an error, as everywhere here
  content_lookup read(letter_id id, proto::message& out);
  bool erase(const letter_row& each);
  // To the other state. `when`: it was discarded, for the trash.
  bool move(const letter_row& each, letter_state to, wall_time when);

 private:
  connection& in_;
  letter_shelves& shelves_;
  statement insert_, insert_content_, find_, read_, erase_, erase_content_, move_;
};

} // namespace postponed::store::sqlite
