// What a pass over a bucket found beyond the page that was asked for: where a bucket is many times larger
// than a page, as after a downtime, each page would otherwise cost a pass of its own. Pure; one thread.
#pragma once

#include "base/held.hpp"
#include "store/store.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace postponed::store::sqlite {

class page_rest {
 public:
  // All rows in (after, page.reached], of which the first `limit` are answered as their page; the others are
  // kept for the next one.
  horizon_page split(horizon_page&& page, wall_time until, std::size_t limit,
                     const std::vector<std::uint32_t>& skip) {
    if (page.rows.size() <= limit) return std::move(page);
    rows_ = std::move(page.rows);
    at_ = 0;
    reached_ = page.reached;
    complete_ = page.complete;
    skip_ = skip;
    return next(until, limit);
  }
  // The page after `after`, if this is where the last one ended and nothing has changed since.
  std::optional<horizon_page> take(horizon_position after, wall_time until, std::size_t limit,
                                   const std::vector<std::uint32_t>& skip) {
    if (rows_.empty() || after != from_ || until < reached_.due || skip != skip_) return std::nullopt;
    return next(until, limit);
  }
  // A row came to, went from, or changed at this place.
  void touched(std::int64_t due_us, std::int64_t row) {
    const horizon_position at{wall_time{microseconds{due_us}}, row};
    if (!rows_.empty() && at > from_ && at <= reached_) forget();
  }

 private:
  horizon_page next(wall_time until, std::size_t limit) {
    horizon_page page;
    const auto begin = rows_.begin() + static_cast<std::ptrdiff_t>(at_);
    page.rows.assign(begin, begin + static_cast<std::ptrdiff_t>(std::min(limit, rows_.size() - at_)));
    at_ += page.rows.size();
    if (at_ == rows_.size()) {
      page.reached = reached_;
      page.complete = complete_ && reached_.due >= until;
      forget();
    } else {
      if (!page.rows.empty()) from_ = {page.rows.back().due, page.rows.back().id.row};
      page.reached = from_;
    }
    return page;
  }
  void forget() {
    rows_ = {};
    at_ = 0;
  }

  std::vector<held_ref> rows_; // in order; from at_ on not handed out
  std::size_t at_ = 0;
  horizon_position from_, reached_;
  bool complete_ = false; // up to the `until` of that pass
  std::vector<std::uint32_t> skip_;
};

} // namespace postponed::store::sqlite
