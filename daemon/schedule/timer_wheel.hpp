// A cascading timing wheel (Varghese and Lauck, 1987) with ticks of one millisecond, exact to the microsecond.
//
// Pure: the time is given. One thread. Five levels of 256 slots cover an age of 2^40 ms (34 years); what is due in a
// later age waits in a list of its own and is placed when that age begins. An entry stands at the level of the highest byte in which its
// tick differs from the current one, so that every slot of a level begins after all of the levels below it, and the
// next occupied slot is found by looking at 256-bit maps: time may jump by years at no cost per tick.
//
// Inserting costs O(1), expiring O(1) amortised (each entry cascades four times at most). An entry takes its payload
// and 16 bytes, in one pool; nothing is allocated in a steady state.
#pragma once

#include "base/held.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace postponed::schedule {

template <class Payload> class timer_wheel {
public:
  struct expired {
    wall_time due{};
    Payload payload{};
  };

  // A due time in the past expires at the next advance().
  void insert(wall_time due, Payload payload) {
    const index at = allocate(due, std::move(payload));
    place(at);
    ++size_;
  }

  // Appends all that is due at or before `now`, ordered by due time and, among equals, by insertion. `now` may go
  // back: then nothing that is not due at it comes out.
  void advance(wall_time now, std::vector<expired>& out) {
    const std::int64_t tick = tick_of(now);
    if (tick < current_) rewind(tick);
    const std::size_t first = out.size();
    while (const auto next = first_occupied()) { // (levels, 0) stands for the later ages
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
    // Slots come in order; within them, and where past dues were inserted late, the entries need not be.
    std::stable_sort(out.begin() + static_cast<std::ptrdiff_t>(first), out.end(),
                     [](const expired& a, const expired& b) { return a.due < b.due; });
  }

  // When advance() has something to do next: the earliest due time where that is near, else a time before it (the
  // begin of its slot), after which the answer is closer. It never stays the same after advance() at that time, so a
  // caller that sleeps until then does not spin.
  std::optional<wall_time> next_due() const {
    const auto next = first_occupied();
    if (!next) return std::nullopt;
    if (next->level == 0) return wall_time{microseconds{earliest_[next->slot]}};
    return wall_time{microseconds{begin_of(*next) * tick_us}};
  }

  std::size_t size() const { return size_; }

  // Removes every entry that is due after `limit` and gives it to `removed(wall_time, const Payload&)`. O(size).
  template <typename Removed> void drop_after(wall_time limit, Removed removed) {
    for (std::size_t level = 0; level <= levels; ++level)
      for (std::size_t slot = 0; slot < slots; ++slot) {
        list kept = std::exchange(lists_[level][slot], {});
        set_occupied(level, slot, false);
        for (index at = kept.head; at != none;) {
          const index following = nodes_[at].next;
          if (nodes_[at].due > limit.time_since_epoch().count()) {
            removed(wall_time{microseconds{nodes_[at].due}}, nodes_[at].payload);
            release(at);
            --size_;
          } else {
            append(level, slot, at);
          }
          at = following;
        }
      }
  }

  void clear() {
    drop_after(wall_time::min(), [](wall_time, const Payload&) {});
  }

private:
  using index = std::uint32_t;
  static constexpr index none = UINT32_MAX;
  static constexpr std::size_t levels = 5;
  static constexpr std::size_t slot_bits = 8;
  static constexpr std::size_t slots = std::size_t{1} << slot_bits;
  static constexpr std::int64_t tick_us = 1000;

  struct node {
    std::int64_t due = 0; // us since 1970
    index next = none;
    Payload payload{};
  };
  struct list {
    index head = none, tail = none;
  };
  struct place_of {
    std::size_t level = 0, slot = 0;
  };

  // Floor, also before 1970.
  static std::int64_t tick_of_us(std::int64_t us) { return us >= 0 ? us / tick_us : -((-us + tick_us - 1) / tick_us); }
  static std::int64_t tick_of(wall_time time) { return std::max<std::int64_t>(tick_of_us(time.time_since_epoch().count()), 0); }

  index allocate(wall_time due, Payload payload) {
    index at = free_;
    if (at != none) {
      free_ = nodes_[at].next;
    } else {
      at = static_cast<index>(nodes_.size());
      nodes_.emplace_back();
    }
    nodes_[at].due = due.time_since_epoch().count();
    nodes_[at].payload = std::move(payload);
    return at;
  }

  void release(index at) {
    nodes_[at].next = free_;
    free_ = at;
  }

  void place(index at) {
    const std::int64_t tick = std::max(std::max<std::int64_t>(tick_of_us(nodes_[at].due), 0), current_);
    const auto differs = static_cast<std::uint64_t>(tick ^ current_);
    std::size_t level = differs == 0 ? 0 : (63 - static_cast<std::size_t>(std::countl_zero(differs))) / slot_bits;
    auto slot = static_cast<std::size_t>(tick >> (slot_bits * std::min(level, levels - 1))) & (slots - 1);
    if (level >= levels) {
      level = levels; // a later age
      slot = 0;
    }
    append(level, slot, at);
  }

  void append(std::size_t level, std::size_t slot, index at) {
    list& to = lists_[level][slot];
    nodes_[at].next = none;
    if (to.head == none) {
      to.head = at;
      if (level == 0) earliest_[slot] = nodes_[at].due;
    } else {
      nodes_[to.tail].next = at;
      if (level == 0) earliest_[slot] = std::min(earliest_[slot], nodes_[at].due);
    }
    to.tail = at;
    set_occupied(level, slot, true);
  }

  void set_occupied(std::size_t level, std::size_t slot, bool occupied) {
    const std::uint64_t bit = std::uint64_t{1} << (slot % 64);
    if (occupied)
      occupied_[level][slot / 64] |= bit;
    else
      occupied_[level][slot / 64] &= ~bit;
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
    if (lists_[levels][0].head != none) return place_of{levels, 0};
    return std::nullopt;
  }

  std::int64_t begin_of(const place_of& at) const {
    if (at.level == levels) return ((current_ >> slot_bits * levels) + 1) << slot_bits * levels;
    const std::size_t above = slot_bits * (at.level + 1);
    return (current_ >> above << above) | (static_cast<std::int64_t>(at.slot) << (slot_bits * at.level));
  }

  void cascade(const place_of& from) {
    const list all = std::exchange(lists_[from.level][from.slot], {});
    set_occupied(from.level, from.slot, false);
    for (index at = all.head; at != none;) {
      const index following = nodes_[at].next;
      place(at);
      at = following;
    }
  }

  // Takes what is due out of a slot of level 0; true where that empties it.
  bool expire(std::size_t slot, wall_time now, std::vector<expired>& out) {
    const list all = std::exchange(lists_[0][slot], {});
    set_occupied(0, slot, false);
    const std::int64_t limit = now.time_since_epoch().count();
    for (index at = all.head; at != none;) {
      const index following = nodes_[at].next;
      if (nodes_[at].due <= limit) {
        out.push_back({wall_time{microseconds{nodes_[at].due}}, std::move(nodes_[at].payload)});
        release(at);
        --size_;
      } else {
        append(0, slot, at);
      }
      at = following;
    }
    return lists_[0][slot].head == none;
  }

  // The clock went back: everything is placed anew from there. O(size), once a step.
  void rewind(std::int64_t tick) {
    list all;
    for (std::size_t level = 0; level <= levels; ++level)
      for (std::size_t slot = 0; slot < slots; ++slot) {
        const list each = std::exchange(lists_[level][slot], {});
        set_occupied(level, slot, false);
        if (each.head == none) continue;
        if (all.head == none)
          all.head = each.head;
        else
          nodes_[all.tail].next = each.head;
        all.tail = each.tail;
      }
    current_ = tick;
    for (index at = all.head; at != none;) {
      const index following = nodes_[at].next;
      place(at);
      at = following;
    }
  }

  std::vector<node> nodes_;
  index free_ = none;
  std::array<std::array<list, slots>, levels + 1> lists_{}; // the last: later ages, in its slot 0
  std::array<std::array<std::uint64_t, slots / 64>, levels + 1> occupied_{};
  std::array<std::int64_t, slots> earliest_{}; // of level 0
  std::int64_t current_ = 0;                   // the tick up to which all has expired
  std::size_t size_ = 0;
};

} // namespace postponed::schedule
