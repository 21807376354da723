// The rows of collected letters: what is searched and listed in the table `letters`, their content apart in
// `letter_bodies`, and how many there are of each group in `letter_counts`, so that neither a list reads
// bodies nor a total reads rows. One thread, within the caller's transaction. False: an error, see the
// connection.
#pragma once

#include "store/letters.hpp"
#include "store/sqlite/connection.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace postponed::store::sqlite {

enum class content_lookup { found, absent, damaged, failed };

class letter_rows {
 public:
  explicit letter_rows(connection& in) : in_{in} {}

  bool insert(letter& value); // assigns its id
  bool erase(const letter& value);
  bool move(const letter& value, letter_state to, wall_time now); // to the trash or from it
  bool get(letter_id id, letter& out, bool& found);               // without content
  content_lookup content(letter_id id, proto::message& out);

  // Goes through what matches after `after`, in the order of ids, and calls `take` with each (without
  // content) until that answers false, or `most` rows were looked at. `reached`: the last that was looked at;
  // `ended`: nothing comes after it.
  struct progress {
    letter_id reached = 0;
    bool ended = false;
  };
  bool scan(const letter_filter& by, letter_id after, std::size_t most,
            const std::function<bool(letter&&)>& take, progress& out);

  bool totals(std::vector<letter_totals>& out);
  // By the counts alone. REQUIRES is_plain(by).
  bool count(const letter_filter& by, std::uint64_t& out);
  bool groups(const letter_filter& by, std::vector<letter_group>& out);
  // Nothing but the dead letter, the state and the group is asked for.
  static bool is_plain(const letter_filter& by);
  // The letter whose content scan() could not read for a damage, where that is why it failed; 0: none.
  letter_id damaged() const { return damaged_; }
  // In the trash since before `before`; ids, the oldest first.
  bool expired(const std::string& dead_letter, wall_time before, std::size_t limit, std::vector<letter>& out);

 private:
  bool matches(const letter_filter& by, const letter& value, bool& out);
  bool count(const letter& value, letter_state state, std::int64_t sign);
  bool oldest(const std::string& dead_letter, std::optional<wall_time>& out);
  bool describe(letter_state state, letter_group& group);

  connection& in_;
  letter_id damaged_ = 0;
  statement insert_, insert_body_, erase_, erase_body_, move_, find_body_, count_;
};

} // namespace postponed::store::sqlite
