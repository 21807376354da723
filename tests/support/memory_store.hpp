// A store in memory, with the contract of store/store.hpp and none of its durability: for tests of the relay,
// which has no business with disks.
#pragma once

#include "store/store.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace postponed::test {

class memory_store final : public store::store {
 public:
  boost::system::result<postponed::store::commit_outcome> commit(postponed::store::batch&& work,
                                                                 wall_time) override {
    postponed::store::commit_outcome outcome;
    for (auto& each : work.inserts) {
      if (each.redelivered && !each.content.empty()) {
        if (const auto known = recent_.find(each.content); known != recent_.end()) {
          outcome.inserts.push_back({each.token, known->second, true});
          continue;
        }
      }
      held_record record = std::move(each.record);
      record.id = {record.due.time_since_epoch() / std::chrono::minutes{1}, next_row_++, 7};
      const held_ref held = ref(record);
      if (!each.content.empty()) recent_[each.content] = held;
      outcome.inserts.push_back({each.token, held, false});
      rows_[record.id.row] = std::move(record);
    }
    for (const held_id& id : work.done)
      rows_.erase(id.row);
    for (const auto& each : work.deferrals) {
      held_record& record = rows_.at(each.id.row);
      record.due = each.due;
      record.relative = false;
      record.publish_failures = each.publish_failures;
      record.why = each.why;
      if (!each.error.empty()) record.error = each.error;
    }
    return outcome;
  }

  boost::system::result<postponed::store::horizon_page> load(postponed::store::horizon_position after,
                                                             wall_time until, std::size_t limit) override {
    ++loads;
    postponed::store::horizon_page page;
    for (const auto& [row, record] : rows_)
      if (postponed::store::horizon_position{record.due, row} > after && record.due <= until)
        page.rows.push_back(ref(record));
    std::sort(page.rows.begin(), page.rows.end(), [](const held_ref& a, const held_ref& b) {
      return std::pair{a.due, a.id.row} < std::pair{b.due, b.id.row};
    });
    page.complete = page.rows.size() <= limit;
    if (!page.complete) page.rows.resize(limit);
    page.reached = page.complete
                       ? postponed::store::horizon_position{until, INT64_MAX}
                       : postponed::store::horizon_position{page.rows.back().due, page.rows.back().id.row};
    return page;
  }

  boost::system::result<std::vector<held_record>> read(const std::vector<held_id>& ids) override {
    std::vector<held_record> found;
    for (const held_id& id : ids)
      if (const auto at = rows_.find(id.row); at != rows_.end()) found.push_back(at->second);
    return found;
  }

  boost::system::result<bool> maintain(wall_time, bool) override { return false; }

  postponed::store::store_stats stats() const override {
    postponed::store::store_stats result;
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> totals;
    for (const auto& [row, record] : rows_) {
      ++totals[record.route].first;
      totals[record.route].second += ref(record).bytes;
    }
    for (const auto& [route, total] : totals) {
      result.routes.push_back({route, total.first, total.second});
      result.held_messages += total.first;
      result.held_bytes += total.second;
    }
    result.next_row = next_row_;
    return result;
  }

  std::string last_error() const override { return {}; }

  const std::map<std::int64_t, held_record>& rows() const { return rows_; }
  std::size_t loads = 0;

 private:
  static held_ref ref(const held_record& from) {
    return {from.id, from.due, from.relative,
            static_cast<std::uint32_t>(from.content.body.size() + from.content.properties.size())};
  }

  std::map<std::int64_t, held_record> rows_;
  std::map<postponed::store::fingerprint, held_ref> recent_;
  std::int64_t next_row_ = 1;
};

} // namespace postponed::test
