// The keys of a route's dedup and until when each is known: written in the transaction of the insert, so that
// a key is there exactly when its message was held. On disk alone: a window of an hour at 1,000 a second
// would be 3.6 million. One thread.
#pragma once

#include "store/sqlite/connection.hpp"
#include "store/store.hpp"

#include <cstdint>

namespace postponed::store::sqlite {

class dedup {
 public:
  explicit dedup(connection& in) : in_{in} {}

  // Whether the key is known at `now`; where not, it is from now on, until `until` (us since 1970). False: an
  // error.
  bool take(const fingerprint& key, std::int64_t now, std::int64_t until, bool& known);

  // Keys are forgotten in pieces, now and then. `more`: the piece was a full one.
  bool worth_forgetting(std::int64_t now) const { return now >= next_look_; }
  bool forget_some(std::int64_t now, bool& more);

 private:
  connection& in_;
  statement find_, put_, forget_;
  std::int64_t next_look_ = 0;
};

} // namespace postponed::store::sqlite
