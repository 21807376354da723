// A store in memory, with the contract of store/store.hpp and none of its durability: for tests of the relay,
// which has no business with disks.
#pragma once

#include "store/store.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <utility>

namespace postponed::test {

class memory_store final : public store::store {
 public:
  boost::system::result<postponed::store::commit_outcome> commit(postponed::store::batch&& work,
                                                                 wall_time now) override {
    postponed::store::commit_outcome outcome;
    for (auto& each : work.inserts)
      outcome.inserts.push_back(insert(each, now));
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
    for (auto& each : work.letters) {
      outcome.letters.push_back(next_letter_++);
      letters_.push_back(std::move(each.value));
    }
    for (auto& each : work.scheduled)
      outcome.scheduled.push_back(schedule(each, now));
    for (const auto& each : work.changes)
      outcome.changes.push_back(change(each));
    for (const auto& each : work.pauses) {
      if (each.paused)
        paused_[each.route] = each;
      else
        paused_.erase(each.route);
    }
    return outcome;
  }

  boost::system::result<postponed::store::horizon_page>
  load(postponed::store::horizon_position after, wall_time until, std::size_t limit,
       const std::vector<std::uint32_t>& skip) override {
    ++loads;
    postponed::store::horizon_page page;
    for (const auto& [row, record] : rows_) {
      const held_ref held = ref(record);
      if (std::find(skip.begin(), skip.end(), held.route) != skip.end()) continue;
      if (postponed::store::horizon_position{record.due, row} > after && record.due <= until)
        page.rows.push_back(held);
    }
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
      result.routes.push_back({route, number_of(route), total.first, total.second});
      result.held_messages += total.first;
      result.held_bytes += total.second;
    }
    for (const auto& [route, pause] : paused_)
      result.paused.push_back(pause);
    result.next_row = next_row_;
    return result;
  }

  // The relay never asks for them: people do, of the real store.
  postponed::store::letters& dead_letters() override { std::abort(); }
  postponed::store::messages& held() override { std::abort(); }

  std::string last_error() const override { return {}; }

  const std::map<std::int64_t, held_record>& rows() const { return rows_; }
  const std::vector<postponed::store::letter>& letters() const { return letters_; }
  std::size_t loads = 0;

 private:
  std::uint32_t number_of(const std::string& route) const {
    return numbers_.try_emplace(route, static_cast<std::uint32_t>(numbers_.size() + 1)).first->second;
  }

  held_ref ref(const held_record& from) const {
    return {from.id, from.due, from.relative,
            static_cast<std::uint32_t>(from.content.body.size() + from.content.properties.size()),
            number_of(from.route)};
  }

  postponed::store::insert_outcome insert(postponed::store::insert_request& from, wall_time now) {
    if (from.redelivered && !from.content.empty())
      if (const auto known = recent_.find(from.content); known != recent_.end())
        return {from.token, known->second, true, false};
    if (!from.dedup.empty())
      if (const auto known = dedup_.find(from.dedup); known != dedup_.end() && known->second.first > now)
        return {from.token, known->second.second, false, true};
    held_record record = std::move(from.record);
    record.id = {record.due.time_since_epoch() / std::chrono::minutes{1}, next_row_++, 7};
    const held_ref held = ref(record);
    if (!from.content.empty()) recent_[from.content] = held;
    if (!from.dedup.empty()) dedup_[from.dedup] = {from.dedup_until, held};
    postponed::store::insert_outcome outcome{from.token, held, false, false};
    if (from.give_back) outcome.record = std::make_unique<held_record>(record);
    rows_[record.id.row] = std::move(record);
    return outcome;
  }

  postponed::store::insert_outcome schedule(postponed::store::insert_request& from, wall_time now) {
    const auto known = keys_.find(from.dedup);
    if (!from.dedup.empty() && known != keys_.end() && known->second.until > now)
      return {from.token, known->second.held, known->second.content == from.content, true};
    const auto key = from.dedup;
    const auto content = from.content;
    from.dedup = from.content = {};
    auto outcome = insert(from, now);
    if (!key.empty()) keys_[key] = {from.dedup_until, outcome.held, content};
    return outcome;
  }

  postponed::store::change_outcome change(const postponed::store::held_change& from) {
    postponed::store::change_outcome outcome{from.token, false, {}};
    outcome.after.id = from.id;
    const auto at = rows_.find(from.id.row);
    if (at == rows_.end() || at->second.id != from.id) return outcome;
    outcome.held = true;
    if (from.due) {
      at->second.due = *from.due;
      at->second.relative = false;
    }
    outcome.after = ref(at->second);
    if (!from.due) rows_.erase(at);
    return outcome;
  }

  struct key_entry {
    wall_time until{};
    held_ref held;
    postponed::store::fingerprint content;
  };
  std::map<postponed::store::fingerprint, key_entry> keys_;
  std::map<std::int64_t, held_record> rows_;
  std::map<postponed::store::fingerprint, held_ref> recent_;
  std::map<postponed::store::fingerprint, std::pair<wall_time, held_ref>> dedup_;
  std::map<std::string, postponed::store::route_pause> paused_;
  std::vector<postponed::store::letter> letters_;
  mutable std::map<std::string, std::uint32_t> numbers_;
  std::int64_t next_row_ = 1, next_letter_ = 1;
};

} // namespace postponed::test
