#include "store/sqlite/ids.hpp"

#include <sqlite3.h>

#include <array>
#include <bit>
#include <random>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace postponed::store::sqlite {

bool ids::prepare(connection& in) {
  std::random_device source;
  const std::uint64_t fresh = std::uint64_t{source()} << 32 | source();
  statement make = in.prepare("INSERT OR IGNORE INTO control(name, value) VALUES('id_secret', ?)");
  if (!make || !make.bind(1, std::bit_cast<std::int64_t>(fresh)).run()) return false;
  statement ask = in.prepare("SELECT value FROM control WHERE name = 'id_secret'");
  if (!ask || ask.step() != SQLITE_ROW) return false;
  secret_ = std::bit_cast<std::uint64_t>(ask.integer(0));
  return true;
}

std::uint32_t ids::nonce_of(std::int64_t slot, std::int64_t row) const {
  const std::array<std::int64_t, 2> what{slot, row};
  return static_cast<std::uint32_t>(XXH3_64bits_withSeed(what.data(), sizeof what, secret_));
}

} // namespace postponed::store::sqlite
