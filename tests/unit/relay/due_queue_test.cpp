#include "relay/due_queue.hpp"

#include <catch2/catch.hpp>

using postponed::relay::due_queue;

namespace {

std::string drained(due_queue& from, double share) {
  std::string order;
  while (const auto next = from.next(share)) {
    order += next->overdue ? 'o' : 'n';
    from.pop(*next, share);
  }
  return order;
}

due_queue with(int on_time, int overdue) {
  due_queue made;
  for (int i = 0; i < on_time; ++i)
    made.push_back(i, false);
  for (int i = 0; i < overdue; ++i)
    made.push_back(1000 + i, true);
  return made;
}

} // namespace

TEST_CASE("the overdue have their share of the turns while others wait, and all of them after") {
  due_queue half = with(4, 4);
  CHECK(drained(half, 0.5) == "nononono");
  due_queue quarter = with(6, 4);
  CHECK(drained(quarter, 0.25) == "nnnonnnooo");
  due_queue most = with(2, 6);
  CHECK(drained(most, 0.75) == "nooonooo");
  due_queue alone = with(0, 3);
  CHECK(drained(alone, 0.01) == "ooo");
}

TEST_CASE("overdue ones that may not go keep no other waiting") {
  due_queue both = with(1, 2);
  CHECK_FALSE(both.next(0.99, false)->overdue);
  both.pop(*both.next(0.99, false), 0.99);
  CHECK_FALSE(both.next(0.99, false));
  CHECK(both.size() == 2);
}

TEST_CASE("rows are taken out wherever they wait") {
  due_queue both = with(2, 2);
  both.erase_if([](std::int64_t row) { return row == 1 || row == 1000; });
  both.push_front(7, false);
  CHECK(both.take_all() == std::deque<std::int64_t>{7, 0, 1001});
  CHECK(both.empty());
}
