// Counts what goes through operator new while counting is on. One thread counts; linking
// counted_allocations.cpp replaces operator new of the whole program.
#pragma once

#include <cstddef>
#include <cstdint>

namespace postponed::bench {

struct allocation_count {
  std::uint64_t all = 0;
  std::uint64_t large = 0; // of `large_from` bytes and more: copies of bodies, and buffers
};

inline constexpr std::size_t large_from = 1024;

void count_allocations(bool on);
allocation_count allocations_counted();

} // namespace postponed::bench
