// A store with dead letters in it, and the steps that most of their tests take.
#pragma once

#include "proto/properties.hpp"
#include "unit/store/store_fixture.hpp"

#include <map>

namespace postponed::test {

using postponed::store::job;
using postponed::store::letter;
using postponed::store::letter_filter;
using postponed::store::letter_group;
using postponed::store::letter_id;
using postponed::store::letter_state;
using postponed::store::letter_totals;
using postponed::store::replay_target;
using postponed::store::replayed;

struct letters_fixture : store_fixture {
  postponed::store::letters& letters() { return held->dead_letters(); }

  // Properties with these headers; a value of digits alone is a number.
  static std::string properties(const std::map<std::string, std::string>& headers) {
    proto::header_editor editor{{}};
    for (const auto& [name, value] : headers)
      if (!value.empty() && value.find_first_not_of("0123456789") == std::string::npos)
        editor.set_integer(name, std::stoll(value));
      else
        editor.set_text(name, value);
    const std::string table = editor.encode();
    proto::properties_view view;
    view.headers = table;
    view.content_type = "text/plain";
    return proto::encode(view);
  }
  // A dead letter of payments, died a second ago.
  letter a_letter(std::string body = "body") const {
    letter each;
    each.dead_letter = "orders";
    each.queue = "orders.dead";
    each.route = "payment-retries";
    each.reason = "attempts_exhausted";
    each.error = "attempt 6 of 6 failed";
    each.origin_queue = "payments";
    each.exchange = "shop";
    each.routing_key = "payment.made";
    each.first_seen = now - 24h;
    each.died = now - 1s;
    each.collected = now;
    each.attempt = 6;
    each.replays = 1;
    each.group = 0xF000000000000001;
    each.content = {"orders.dlx", "dead.payment-retries", properties({{"tenant", "acme"}}), std::move(body)};
    each.bytes = each.content.properties.size() + each.content.body.size();
    return each;
  }
  std::vector<letter_id> collect(std::vector<letter> all) {
    batch work;
    for (letter& each : all)
      work.letters.push_back({work.letters.size(), std::move(each)});
    auto outcome = held->commit(std::move(work), now);
    INFO(held->last_error());
    REQUIRE(outcome.has_value());
    REQUIRE(outcome->letters.size() == all.size());
    return outcome->letters;
  }
  letter_id collect(letter each) { return collect(std::vector<letter>{std::move(each)}).front(); }

  std::vector<letter_id> ids_of(const letter_filter& by, std::size_t limit = 1000) {
    std::vector<letter_id> ids;
    letter_id after = 0;
    for (;;) {
      const auto page = letters().find(by, after, limit);
      INFO(held->last_error());
      REQUIRE(page.has_value());
      REQUIRE(page->letters.size() <= limit);
      for (const letter& each : page->letters)
        ids.push_back(each.id);
      if (!page->next) return ids;
      REQUIRE(*page->next > after);
      after = *page->next;
    }
  }
  letter get(letter_id id) {
    const auto found = letters().get(id);
    INFO(held->last_error());
    REQUIRE(found.has_value());
    REQUIRE(found->has_value());
    return **found;
  }
  letter_totals totals(const std::string& dead_letter = "orders") {
    const auto all = letters().totals();
    REQUIRE(all.has_value());
    for (const letter_totals& each : *all)
      if (each.dead_letter == dead_letter) return each;
    return {};
  }
  std::uint64_t count(const letter_filter& by = {}) {
    const auto number = letters().count(by);
    INFO(held->last_error());
    REQUIRE(number.has_value());
    return *number;
  }
  std::vector<letter_group> groups(const letter_filter& by = {}) {
    auto all = letters().groups(by);
    INFO(held->last_error());
    REQUIRE(all.has_value());
    return *all;
  }
  std::uint64_t discard(const letter_filter& by, std::size_t limit = 1000) {
    const auto number = letters().discard(by, limit, now);
    INFO(held->last_error());
    REQUIRE(number.has_value());
    return *number;
  }
  std::uint64_t restore(const letter_filter& by, std::size_t limit = 1000) {
    const auto number = letters().restore(by, limit, now);
    REQUIRE(number.has_value());
    return *number;
  }
  // What is kept and what is counted say the same.
  void check_counts() {
    for (const letter_state state : {letter_state::kept, letter_state::trash}) {
      letter_filter by;
      by.state = state;
      std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> seen;
      std::map<std::string, wall_time> oldest;
      for (letter_id after = 0;;) {
        const auto page = letters().find(by, after, 100);
        REQUIRE(page.has_value());
        for (const letter& each : page->letters) {
          ++seen[each.dead_letter].first;
          seen[each.dead_letter].second += each.bytes;
          const auto at = oldest.try_emplace(each.dead_letter, each.died).first;
          at->second = std::min(at->second, each.died);
        }
        if (!page->next) break;
        after = *page->next;
      }
      const auto all = letters().totals();
      REQUIRE(all.has_value());
      for (const letter_totals& each : *all) {
        INFO(each.dead_letter);
        const bool kept = state == letter_state::kept;
        CHECK((kept ? each.kept : each.trash) == seen[each.dead_letter].first);
        CHECK((kept ? each.kept_bytes : each.trash_bytes) == seen[each.dead_letter].second);
        if (!kept) continue;
        REQUIRE(each.oldest_died.has_value() == oldest.contains(each.dead_letter));
        if (each.oldest_died) CHECK(*each.oldest_died == oldest[each.dead_letter]);
      }
      std::uint64_t grouped = 0;
      for (const letter_group& each : groups(by))
        grouped += each.messages;
      std::uint64_t found = 0;
      for (const auto& [name, sum] : seen)
        found += sum.first;
      CHECK(grouped == found);
      CHECK(count(by) == found);
    }
  }

  job begin_job() {
    job each;
    each.spec = "{}";
    each.created = each.updated = now;
    const auto id = letters().add_job(each);
    INFO(held->last_error());
    REQUIRE(id.has_value());
    each.id = *id;
    return each;
  }
  replayed replay(job& of, const letter_filter& by, const replay_target& to, std::size_t limit = 1000) {
    auto outcome = letters().replay(of, by, to, limit, now);
    INFO(held->last_error());
    REQUIRE(outcome.has_value());
    return *outcome;
  }
  held_record only_held() {
    const auto refs = load_all();
    REQUIRE(refs.size() == 1);
    auto records = read({refs[0].id});
    REQUIRE(records.size() == 1);
    return records[0];
  }
};

} // namespace postponed::test
