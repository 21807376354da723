// The fingerprints of what was committed lately, for recognising a redelivery of what was committed but not
// acked. Bounded; in memory, and in a table that is written in the transaction of the insert. One thread.
#pragma once

#include "store/sqlite/connection.hpp"
#include "store/store.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>

namespace postponed::store::sqlite {

class recent {
 public:
  recent(connection& in, std::size_t limit) : in_{in}, limit_{limit} {}

  bool load();
  const held_ref* find(const fingerprint& content) const;
  bool add(const fingerprint& content, const held_ref& held); // false: an error
  bool prune();

 private:
  struct hash {
    std::size_t operator()(const fingerprint& value) const noexcept {
      return static_cast<std::size_t>(value.low);
    }
  };
  struct entry {
    std::int64_t sequence = 0;
    held_ref held;
  };

  connection& in_;
  std::size_t limit_;
  std::unordered_map<fingerprint, entry, hash> known_;
  std::deque<std::pair<std::int64_t, fingerprint>> order_;
  std::int64_t next_ = 1;
  statement insert_;
};

} // namespace postponed::store::sqlite
