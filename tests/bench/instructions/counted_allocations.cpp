#include "bench/instructions/counted_allocations.hpp"

#include <cstdlib>
#include <new>

namespace postponed::bench {

namespace {

bool counting = false;
allocation_count counted;

void* counted_new(std::size_t size) {
  if (counting) {
    ++counted.all;
    if (size >= large_from) ++counted.large;
  }
  if (void* const got = std::malloc(size == 0 ? 1 : size)) return got;
  throw std::bad_alloc{};
}

} // namespace

void count_allocations(bool on) {
  counting = on;
}

allocation_count allocations_counted() {
  return counted;
}

} // namespace postponed::bench

// The forms with arrays and sizes end in these two.
void* operator new(std::size_t size) {
  return postponed::bench::counted_new(size);
}
void operator delete(void* gone) noexcept {
  std::free(gone);
}
void operator delete(void* gone, std::size_t) noexcept {
  std::free(gone);
}
