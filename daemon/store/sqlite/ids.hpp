// The nonces of ids: a keyed hash of slot and row under a secret of the store's own, so that an id that was
// never given is told from one that is no longer held, without keeping any. One thread.
#pragma once

#include "store/sqlite/connection.hpp"

#include <cstdint>

namespace postponed::store::sqlite {

class ids {
 public:
  // Reads the secret, or makes one where the file has none yet; within a transaction. False: an error.
  bool prepare(connection& in);
  std::uint32_t nonce_of(std::int64_t slot, std::int64_t row) const;

 private:
  std::uint64_t secret_ = 0;
};

} // namespace postponed::store::sqlite
