// The idempotency keys of what was scheduled by HTTP, each with the message that it stands for and what the
// request was; written in the transaction of the insert. One thread.
#pragma once

#include "store/sqlite/connection.hpp"
#include "store/store.hpp"

#include <cstdint>

namespace postponed::store::sqlite {

class idempotency {
 public:
  explicit idempotency(connection& in) : in_{in} {}

  struct known {
    held_ref held;
    fingerprint content;
  };
  // Whether the key stands for a message at `now` (us since 1970). False: an error, as everywhere here.
  bool find(const fingerprint& key, std::int64_t now, bool& found, known& out);
  bool put(const fingerprint& key, std::int64_t until, const known& value);

  bool worth_forgetting(std::int64_t now) const { return now >= next_look_; }
  bool forget_some(std::int64_t now, bool& more); // in pieces; `more`: the piece was a full one

 private:
  connection& in_;
  statement find_, put_, forget_;
  std::int64_t next_look_ = 0;
};

} // namespace postponed::store::sqlite
