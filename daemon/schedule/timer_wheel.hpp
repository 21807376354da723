// A cascading timing wheel (Varghese and Lauck, 1987) with ticks of one millisecond, exact to the
// microsecond.
//
// Pure: the time is given. One thread. Five levels of 256 slots cover an age of 2^40 ms (34 years); what is
// due in a later age waits in a list of its own and is placed when that age begins. An entry stands at the
// level of the highest byte in which its tick differs from the current one, so that every slot of a level
// begins after all of the levels below it, and the next occupied slot is found by looking at 256-bit maps:
// time may jump by years at no cost per tick.
//
// Inserting costs O(1), expiring O(1) amortised (each entry cascades four times at most, five over an age),
// and O(log n) for the n entries of one millisecond to be put in order. A slot keeps its entries side by side
// in chunks of about 1 KiB, so that cascading streams through memory: one linked node an entry was measured
// at eight times the cost, nearly all of it cache misses (tests/bench/wheel_bench). An entry takes its
// payload and about 9 bytes; each occupied slot wastes at most the rest of one chunk. Chunks are used again:
// nothing is allocated in a steady state, and nothing is given back before the wheel goes.
#pragma once

#include "base/held.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace postponed::schedule {

template <class Payload>
class timer_wheel {
 public:
  static_assert(std::is_trivially_copyable_v<Payload>, "entries are moved about as bytes");

  struct expired {
    wall_time due{};
    Payload payload{};
  };

  timer_wheel() = default;
  timer_wheel(const timer_wheel&) = delete;
  timer_wheel& operator=(const timer_wheel&) = delete;

  // A due time in the past expires at the next advance().
  void insert(wall_time due, const Payload& payload) {
    place({due, payload});
    ++size_;
  }

  // Appends all that is due at or before `now`, ordered by due time and, among equals, by insertion. `now`
  // may go back: then nothing that is not due at it comes out.
  void advance(wall_time now, std::vector<expired>& out) {
    const std::int64_t tick = tick_of(now);
    if (tick < current_) rewind(tick);
    while (const auto next = first_occupied()) {
      const std::int64_t begins = begin_of(*next);
      if (begins > tick) break;
      current_ = std::max(current_, begins);
      if (next->level > 0) {
        cascade(*next);
      } else if (!expire(next->slot, now, out)) {
        break; // the rest of this tick is due later in it
      }
    }
    current_ = std::max(current_, tick);
  }

  // When advance() has something to do next: the earliest due time where that is near, else a time before it
  // (the begin of its slot), after which the answer is closer. It never stays the same after advance() at
  // that time, so a caller that sleeps until then does not spin: an entry costs five such wake-ups at most. A
  // time in the past means at once.
  std::optional<wall_time> next_due() const {
    const auto next = first_occupied();
    if (!next) return std::nullopt;
    if (next->level == 0) return earliest_[next->slot];
    return wall_time{microseconds{begin_of(*next) * tick_us}};
  }

  std::size_t size() const { return size_; }

  // Removes every entry that is due after `limit` and gives it to `removed(wall_time, const Payload&)`, which
  // must leave the wheel alone; in no order. O(size).
  template <typename Removed>
  void drop_after(wall_time limit, Removed removed) {
    take_all([&](std::size_t level, std::size_t slot, const expired& each) {
      if (each.due <= limit) {
        append(level, slot, each);
      } else {
        removed(each.due, each.payload);
        --size_;
      }
    });
  }

  void clear() {
    take_all([](std::size_t, std::size_t, const expired&) {});
    size_ = 0;
  }

 private:
  static constexpr std::size_t levels = 5;
  static constexpr std::size_t slot_bits = 8;
  static constexpr std::size_t slots = std::size_t{1} << slot_bits;
  static constexpr std::int64_t tick_us = 1000;
  static constexpr std::size_t chunk_bytes = 1024;
  static constexpr std::size_t chunk_entries = std::max<std::size_t>(chunk_bytes / sizeof(expired), 4);
  static constexpr std::size_t chunks_at_once = 16; // one allocation of 16 KiB

  struct chunk {
    chunk* next = nullptr;
    std::size_t count = 0;
    std::array<expired, chunk_entries> entries{};
  };
  struct list { // in the order of insertion
    chunk* head = nullptr;
    chunk* tail = nullptr;
  };
  struct place_of {
    std::size_t level = 0, slot = 0; // (levels, 0) stands for the later ages
  };

  // Milliseconds since 1970, rounded down; what is before 1970 belongs to the first.
  static std::int64_t tick_of(wall_time time) {
    return std::max<std::int64_t>(time.time_since_epoch().count(), 0) / tick_us;
  }

  // Microseconds between two times, the ends of time among them.
  static std::uint64_t since(wall_time from, wall_time to) {
    return static_cast<std::uint64_t>(to.time_since_epoch().count()) -
           static_cast<std::uint64_t>(from.time_since_epoch().count());
  }

  chunk* allocate() {
    if (free_ == nullptr) {
      slabs_.push_back(std::make_unique<std::array<chunk, chunks_at_once>>());
      for (chunk& each : *slabs_.back())
        release(&each);
    }
    chunk* const got = std::exchange(free_, free_->next);
    got->next = nullptr;
    got->count = 0;
    return got;
  }

  void release(chunk* gone) {
    gone->next = free_;
    free_ = gone;
  }

  // Gives each entry of a list that was taken to `use`, which may insert; its chunks go back one by one.
  template <typename Use>
  void consume(list from, Use use) {
    while (from.head != nullptr) {
      // Chunks lie all over the memory: the next one is fetched while this one is worked on.
      if (from.head->next != nullptr)
        for (std::size_t at = 0; at < sizeof(chunk); at += 64)
          __builtin_prefetch(reinterpret_cast<const char*>(from.head->next) + at);
      for (std::size_t i = 0; i < from.head->count; ++i)
        use(from.head->entries[i]);
      release(std::exchange(from.head, from.head->next));
    }
  }

  list take(std::size_t level, std::size_t slot) {
    occupied_[level][slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
    return std::exchange(lists_[level][slot], {});
  }

  // Empties slot after slot; what `use` appends to the slot that it is given does not come again.
  template <typename Use>
  void take_all(Use use) {
    for (std::size_t level = 0; level <= levels; ++level)
      for (std::size_t slot = 0; slot < slots; ++slot)
        consume(take(level, slot), [&](const expired& each) { use(level, slot, each); });
  }

  void place(const expired& each) {
    const std::int64_t tick = std::max(tick_of(each.due), current_);
    const auto differs = static_cast<std::uint64_t>(tick ^ current_);
    if (differs >> (slot_bits * levels) != 0) {
      append(levels, 0, each);
      return;
    }
    const std::size_t level =
        differs == 0 ? 0 : (static_cast<std::size_t>(std::bit_width(differs)) - 1) / slot_bits;
    append(level, static_cast<std::size_t>(tick >> (slot_bits * level)) & (slots - 1), each);
  }

  void append(std::size_t level, std::size_t slot, const expired& each) {
    list& to = lists_[level][slot];
    if (level == 0 && (to.head == nullptr || each.due < earliest_[slot])) earliest_[slot] = each.due;
    if (to.head == nullptr) {
      to.head = to.tail = allocate();
      occupied_[level][slot / 64] |= std::uint64_t{1} << (slot % 64);
    } else if (to.tail->count == chunk_entries) {
      to.tail->next = allocate();
      to.tail = to.tail->next;
    }
    to.tail->entries[to.tail->count++] = each;
  }

  // The earliest occupied slot: the lowest level that has one, as each level begins after those below it.
  std::optional<place_of> first_occupied() const {
    for (std::size_t level = 0; level < levels; ++level) {
      const std::size_t from = static_cast<std::size_t>(current_ >> (slot_bits * level)) & (slots - 1);
      for (std::size_t word = from / 64; word < slots / 64; ++word) {
        std::uint64_t bits = occupied_[level][word];
        if (word == from / 64) bits &= ~std::uint64_t{0} << (from % 64);
        if (bits != 0) return place_of{level, word * 64 + static_cast<std::size_t>(std::countr_zero(bits))};
      }
    }
    if (lists_[levels][0].head != nullptr) return place_of{levels, 0};
    return std::nullopt;
  }

  std::int64_t begin_of(const place_of& at) const {
    if (at.level == levels) return ((current_ >> (slot_bits * levels)) + 1) << (slot_bits * levels);
    const std::size_t above = slot_bits * (at.level + 1);
    return (current_ >> above << above) | (static_cast<std::int64_t>(at.slot) << (slot_bits * at.level));
  }

  void cascade(const place_of& from) {
    consume(take(from.level, from.slot), [this](const expired& each) { place(each); });
  }

  // Takes what is due out of a slot of level 0, in order; true where that empties it. Slots themselves come
  // in order, and what was late when it was inserted stands in the first of them. Entries go from their
  // chunks straight to `out`: what is sorted are numbers, of the due time above and the place below.
  bool expire(std::size_t slot, wall_time now, std::vector<expired>& out) {
    expiring_.clear();
    const list from = take(0, slot);
    wall_time first = wall_time::max(), last = wall_time::min();
    bool sorted = true;
    for (chunk* each = from.head; each != nullptr; each = each->next)
      for (std::size_t i = 0; i < each->count; ++i) {
        const expired& entry = each->entries[i];
        if (entry.due > now) {
          append(0, slot, entry);
          continue;
        }
        sorted = sorted && entry.due >= last;
        first = std::min(first, entry.due);
        last = std::max(last, entry.due);
        expiring_.push_back(&entry);
      }
    if (sorted) {
      for (const expired* each : expiring_)
        out.push_back(*each);
    } else if (since(first, last) >> 32 == 0 && expiring_.size() >> 32 == 0) {
      keys_.clear();
      for (std::size_t i = 0; i < expiring_.size(); ++i)
        keys_.push_back(since(first, expiring_[i]->due) << 32 | i);
      std::sort(keys_.begin(), keys_.end());
      for (const std::uint64_t each : keys_)
        out.push_back(*expiring_[each & 0xFFFFFFFF]);
    } else { // more than an hour late: after a downtime
      std::stable_sort(expiring_.begin(), expiring_.end(),
                       [](const expired* one, const expired* other) { return one->due < other->due; });
      for (const expired* each : expiring_)
        out.push_back(*each);
    }
    size_ -= expiring_.size();
    consume(from, [](const expired&) {});
    return lists_[0][slot].head == nullptr;
  }

  // The clock went back: everything is placed anew from there. O(size), once a step.
  void rewind(std::int64_t tick) {
    list all;
    for (std::size_t level = 0; level <= levels; ++level)
      for (std::size_t slot = 0; slot < slots; ++slot) {
        const list each = take(level, slot);
        if (each.head == nullptr) continue;
        (all.head == nullptr ? all.head : all.tail->next) = each.head;
        all.tail = each.tail;
      }
    current_ = tick;
    consume(all, [this](const expired& each) { place(each); });
  }

  std::array<std::array<list, slots>, levels + 1> lists_{}; // the last: later ages, in its slot 0
  std::array<std::array<std::uint64_t, slots / 64>, levels + 1> occupied_{};
  std::array<wall_time, slots> earliest_{}; // of level 0
  std::int64_t current_ = 0;                // the tick up to which all has expired
  std::size_t size_ = 0;
  std::vector<std::unique_ptr<std::array<chunk, chunks_at_once>>> slabs_; // where every chunk lives
  chunk* free_ = nullptr;
  std::vector<const expired*> expiring_; // scratch
  std::vector<std::uint64_t> keys_;      // scratch
};

} // namespace postponed::schedule
