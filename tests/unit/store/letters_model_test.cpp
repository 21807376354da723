// Letters against a model that is as simple as can be: a map, and a look at each.
#include "unit/store/letters_fixture.hpp"

#include <optional>
#include <random>

using namespace postponed;
using namespace postponed::test;

namespace {

struct letters_model_fixture : letters_fixture {
  std::map<letter_id, letter> model;
  std::mt19937 random{11};

  int up_to(int most) { return std::uniform_int_distribution<int>{0, most}(random); }
  template <typename T>
  const T& one_of(const std::vector<T>& choices) {
    return choices[static_cast<std::size_t>(up_to(static_cast<int>(choices.size()) - 1))];
  }

  letter any_letter() {
    letter each = a_letter(one_of<std::string>({"apple", "pear", "a pineapple"}));
    each.dead_letter = one_of<std::string>({"orders", "orders", "orders", "orders", "reminders"});
    each.route = one_of<std::string>({"payment-retries", "order-timeouts", ""});
    each.reason = one_of<std::string>({"max_age", "nacked", "nacked", "nacked"});
    each.group = static_cast<std::uint64_t>(up_to(3)) << 62;
    each.origin_queue = one_of<std::string>({"payments", "payments", "billing", ""});
    each.died = now - std::chrono::seconds{up_to(3600)};
    each.content.properties = properties({{"tenant", one_of<std::string>({"acme", "bcme"})}});
    return each;
  }
  void collect_some(int number) {
    std::vector<letter> all;
    for (int i = 0; i < number; ++i)
      all.push_back(any_letter());
    const auto ids = collect(all);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      all[i].id = ids[i];
      REQUIRE(model.emplace(ids[i], all[i]).second);
    }
  }
  letter_filter any_filter() {
    letter_filter by;
    if (up_to(4) == 0) by.state = letter_state::trash;
    if (up_to(2) != 0) by.dead_letter = one_of<std::string>({"orders", "orders", "reminders", "nobody"});
    if (up_to(3) == 0) by.route = one_of<std::string>({"payment-retries", "order-timeouts", "", "none"});
    if (up_to(3) == 0) by.reason = one_of<std::string>({"max_age", "nacked"});
    if (up_to(3) == 0) by.group = static_cast<std::uint64_t>(up_to(3)) << 62;
    if (up_to(4) == 0) by.queue = one_of<std::string>({"payments", "billing", ""});
    if (up_to(4) == 0) by.died_before = now - std::chrono::seconds{up_to(3600)};
    if (up_to(4) == 0) by.died_after = now - std::chrono::seconds{up_to(3600)};
    if (up_to(6) == 0) by.text = one_of<std::string>({"apple", "PINE", "attempt"});
    if (up_to(6) == 0) by.headers = {{"tenant", one_of<std::string>({"acme", "bcme", ""})}};
    if (up_to(6) == 0 && !model.empty())
      for (int i = 0; i < 30; ++i)
        by.ids.push_back(1 + up_to(static_cast<int>(model.rbegin()->first)));
    return by;
  }
  // The word for word meaning of letter_filter.
  static bool matches(const letter_filter& by, const letter& each) {
    if (each.state != by.state) return false;
    if (by.dead_letter && each.dead_letter != *by.dead_letter) return false;
    if (by.route && each.route != *by.route) return false;
    if (by.reason && each.reason != *by.reason) return false;
    if (by.queue && each.origin_queue != *by.queue) return false;
    if (by.group && each.group != *by.group) return false;
    if (by.died_before && !(each.died < *by.died_before)) return false;
    if (by.died_after && !(each.died > *by.died_after)) return false;
    for (const auto& [name, value] : by.headers)
      if (!value.empty() && each.content.properties != properties({{name, value}})) return false;
    if (by.text && *by.text == "apple" && each.content.body == "pear") return false;
    if (by.text && *by.text == "PINE" && each.content.body != "a pineapple") return false;
    return by.ids.empty() || std::find(by.ids.begin(), by.ids.end(), each.id) != by.ids.end();
  }
  std::vector<letter_id> wanted(const letter_filter& by) const {
    std::vector<letter_id> ids;
    for (const auto& [id, each] : model)
      if (matches(by, each)) ids.push_back(id);
    return ids;
  }
  void ask(const letter_filter& by, std::size_t limit) {
    const auto ids = wanted(by);
    REQUIRE(ids_of(by, limit) == ids);
    REQUIRE(count(by) == ids.size());
    std::uint64_t grouped = 0;
    for (const letter_group& each : groups(by)) {
      grouped += each.messages;
      letter_filter of_it = by;
      of_it.dead_letter = each.dead_letter;
      of_it.route = each.route;
      of_it.reason = each.reason;
      of_it.group = each.group;
      const auto its = wanted(of_it);
      REQUIRE(its.size() == each.messages);
      const auto by_death = [&](letter_id a, letter_id b) { return model.at(a).died < model.at(b).died; };
      REQUIRE(each.first_died == model.at(*std::min_element(its.begin(), its.end(), by_death)).died);
      REQUIRE(each.last_died == model.at(*std::max_element(its.begin(), its.end(), by_death)).died);
    }
    REQUIRE(grouped == ids.size());
  }
  void do_something() {
    const letter_filter by = any_filter();
    const auto limit = static_cast<std::size_t>(up_to(60) + 1);
    letter_filter from = by;
    switch (up_to(4)) {
    case 0:
      collect_some(up_to(150));
      break;
    case 1: {
      from.state = letter_state::kept;
      auto ids = wanted(from);
      if (ids.size() > limit) ids.resize(limit);
      REQUIRE(discard(by, limit) == ids.size());
      for (const letter_id id : ids) {
        model.at(id).state = letter_state::trash;
        model.at(id).discarded = now;
      }
      break;
    }
    case 2: {
      from.state = letter_state::trash;
      auto ids = wanted(from);
      if (ids.size() > limit) ids.resize(limit);
      REQUIRE(restore(by, limit) == ids.size());
      for (const letter_id id : ids)
        model.at(id).state = letter_state::kept;
      break;
    }
    case 3: {
      const wall_time before = now - std::chrono::seconds{up_to(300)};
      const auto gone = letters().purge("orders", before, 100000);
      REQUIRE(gone.has_value());
      REQUIRE(*gone == std::erase_if(model, [&](const auto& each) {
        return each.second.state == letter_state::trash && each.second.dead_letter == "orders" &&
               each.second.discarded < before;
      }));
      break;
    }
    default: {
      job of = begin_job();
      auto ids = wanted(by);
      if (ids.size() > limit) ids.resize(limit);
      const auto out = replay(of, by, {direct_target{"", "elsewhere"}, {}, "@orders"}, limit);
      REQUIRE(out.held.size() == ids.size());
      for (const letter_id id : ids)
        model.erase(id);
    }
    }
  }
};

} // namespace

TEST_CASE_METHOD(letters_model_fixture, "whatever is asked, the answer is what a look at each letter gives") {
  for (int i = 0; i < 6; ++i)
    collect_some(1000); // more than are found by an index: both ways of searching are gone
  letter_filter some;
  some.died_before = now - 40min;
  REQUIRE(discard(some, 500) == 500);
  for (auto& [id, each] : model)
    if (get(id).state == letter_state::trash) each.state = letter_state::trash;
  for (int i = 0; i < 150; ++i) {
    INFO("question " << i);
    ask(any_filter(), static_cast<std::size_t>(up_to(999) + 1));
  }
}

TEST_CASE_METHOD(letters_model_fixture, "whatever is done with letters, what is counted is what is there") {
  collect_some(300);
  for (int step = 0; step < 250; ++step) {
    INFO("step " << step);
    do_something();
    now += std::chrono::seconds{up_to(100)};
    if (step % 10 == 0) check_counts();
    if (step % 5 == 0) ask(any_filter(), static_cast<std::size_t>(up_to(50) + 1));
    if (up_to(30) == 0) reopen();
  }
  ask({}, 100);
  check_counts();
}
