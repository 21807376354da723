// The least that can stand for a store: rows in a ring, found by number, with no index, no lock and no disk.
// What is counted beside it is the relay's. One thread.
#pragma once

#include "store/store.hpp"

#include <cassert>
#include <utility>
#include <vector>

namespace postponed::bench {

class flat_store {
 public:
  explicit flat_store(std::size_t capacity) : rows_(capacity) {} // of rows held at one time

  // What is inserted keeps its record only where `keep` says so: else it is given back, and nobody reads it.
  void commit(postponed::store::batch&& work, bool keep, postponed::store::commit_outcome& outcome) {
    outcome.inserts.clear();
    for (auto& each : work.inserts) {
      held_record& record = each.record;
      record.id = {record.due.time_since_epoch() / std::chrono::minutes{1}, next_row_++, 7};
      const held_ref held{
          record.id, record.due, record.relative,
          static_cast<std::uint32_t>(record.content.body.size() + record.content.properties.size()), 1};
      outcome.inserts.push_back({each.token, held, false, false});
      if (keep)
        rows_[place(record.id.row)] = std::move(record);
      else if (each.give_back)
        outcome.inserts.back().record = std::make_unique<held_record>(std::move(record));
    }
    done_ += work.done.size();
  }

  std::vector<held_record> read(const std::vector<held_id>& ids) {
    std::vector<held_record> found;
    found.reserve(ids.size());
    for (const held_id& id : ids) {
      assert(rows_[place(id.row)].id == id);
      found.push_back(std::move(rows_[place(id.row)]));
    }
    return found;
  }

  std::size_t done() const { return done_; }

 private:
  std::size_t place(std::int64_t row) const { return static_cast<std::size_t>(row) % rows_.size(); }

  std::vector<held_record> rows_;
  std::int64_t next_row_ = 1;
  std::size_t done_ = 0;
};

} // namespace postponed::bench
