// What a filter asks, as conditions in SQL and as a look at a letter's content. One thread.
#pragma once

#include "store/letters.hpp"
#include "store/sqlite/connection.hpp"

#include <string>

namespace postponed::store::sqlite {

// The narrow half of a filter, in SQL over l (letters). Its parameters are numbered: first_free and up are
// the caller's.
class letter_conditions {
 public:
  static constexpr int first_free = 9;

  explicit letter_conditions(const letter_filter& by) : by_{by} {}

  std::string kinds() const;   // a subselect: the numbers of the kinds that may match
  std::string shelves() const; // likewise of the shelves
  std::string died() const;    // " AND .." or nothing, by the time of death
  std::string origin() const;  // ... and by the queue in which it died
  void bind(statement& to) const;

  bool by_kind() const { return by_.group || by_.route || by_.reason; }
  bool by_died() const { return by_.died_before || by_.died_after; }
  bool by_content() const { return by_.text || !by_.headers.empty(); }
  // Nothing but what is counted for each kind.
  bool kinds_alone() const { return !by_died() && !by_content() && !by_.queue && by_.ids.empty(); }
  const letter_filter& filter() const { return by_; }

 private:
  const letter_filter& by_; // outlives this
};

// The same for a row that was found by its id.
bool matches(const letter_filter& by, const letter& each);

// Whether the error, the routing key with which it was published, the body and the headers are as asked. Text
// is looked for byte by byte, but for the case of A to Z. A header is compared by its text
// (proto/field_text); of properties that do not parse it has none.
bool content_matches(const letter_filter& by, const letter& each, const proto::message& content);

} // namespace postponed::store::sqlite
