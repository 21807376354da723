#include "store/sqlite/statement_cache.hpp"

#include <algorithm>
#include <vector>

namespace postponed::store::sqlite {

void statement_cache::forget(std::int64_t table) {
  for (unsigned kind = 0; kind < kinds; ++kind)
    all_.erase(table * kinds + kind);
}

void statement_cache::trim() {
  if (all_.size() <= limit_) return;
  std::vector<std::uint64_t> used;
  used.reserve(all_.size());
  for (const auto& [key, each] : all_)
    used.push_back(each.used);
  // Half of them at once, so that this is rare.
  const auto middle = used.begin() + static_cast<std::ptrdiff_t>(used.size() / 2);
  std::nth_element(used.begin(), middle, used.end());
  std::erase_if(all_, [limit = *middle](const auto& each) { return each.second.used < limit; });
}

} // namespace postponed::store::sqlite
