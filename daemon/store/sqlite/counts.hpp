// The table `counts`: how much is held, by bucket and route, and how many bodies each segment still holds.
// All of it lies on a page or two, so that keeping it costs a transaction little, and starting never counts
// rows.
#pragma once

#include "store/sqlite/statement_cache.hpp"

#include <cstdint>

namespace postponed::store::sqlite {

inline constexpr std::int64_t no_route = 0; // of a segment: messages = bodies not done, bytes = ever appended

// A negative route: of those of the route that were moved to other due times. False: an error, see the
// connection.
inline bool put_count(statement_cache& statements, std::int64_t owner, std::int64_t route,
                      std::int64_t messages, std::int64_t bytes) {
  statement* const put = statements.get(common_table, write_count, [] {
    return "INSERT OR REPLACE INTO counts(owner, route, messages, bytes) VALUES(?, ?, ?, ?)";
  });
  return put != nullptr && put->bind(1, owner).bind(2, route).bind(3, messages).bind(4, bytes).run();
}

} // namespace postponed::store::sqlite
