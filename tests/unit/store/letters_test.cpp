// Dead letters that are collected, looked at, thrown away and fetched back.
#include "unit/store/letters_fixture.hpp"

#include <fstream>

using namespace postponed;
using namespace postponed::test;
using postponed::store::errc;

TEST_CASE_METHOD(letters_fixture,
                 "a letter is read back whole, also after reopening, and listed without content") {
  letter sent = a_letter(std::string("\0body\xFF", 6));
  sent.error = std::string("bad \0 \xFF", 7);
  const letter_id id = collect(sent);
  CHECK(id > 0);
  for (int round = 0; round < 2; ++round) {
    const letter found = get(id);
    CHECK(found.id == id);
    CHECK(found.state == letter_state::kept);
    CHECK(found.dead_letter == sent.dead_letter);
    CHECK(found.queue == sent.queue);
    CHECK(found.route == sent.route);
    CHECK(found.reason == sent.reason);
    CHECK(found.error == sent.error);
    CHECK(found.origin_queue == sent.origin_queue);
    CHECK(found.exchange == sent.exchange);
    CHECK(found.routing_key == sent.routing_key);
    CHECK(found.first_seen == sent.first_seen);
    CHECK(found.died == sent.died);
    CHECK(found.collected == sent.collected);
    CHECK(found.discarded == wall_time{});
    CHECK(found.attempt == sent.attempt);
    CHECK(found.replays == sent.replays);
    CHECK(found.group == sent.group);
    CHECK(found.bytes == sent.bytes);
    CHECK(found.content.exchange == sent.content.exchange);
    CHECK(found.content.routing_key == sent.content.routing_key);
    CHECK(found.content.properties == sent.content.properties);
    CHECK(found.content.body == sent.content.body);
    const auto page = letters().find({}, 0, 10);
    REQUIRE(page.has_value());
    REQUIRE(page->letters.size() == 1);
    CHECK_FALSE(page->next);
    CHECK(page->letters[0].error == sent.error);
    CHECK(page->letters[0].content.body.empty());
    CHECK(page->letters[0].content.properties.empty());
    reopen();
  }
  const auto unknown = letters().get(id + 1);
  REQUIRE(unknown.has_value());
  CHECK_FALSE(unknown->has_value());
}

TEST_CASE_METHOD(letters_fixture,
                 "letters come in the transaction of the batch, and are answered in its order") {
  batch work;
  work.inserts.push_back({1, record(now + 5s), {}, false});
  for (int i = 0; i < 3; ++i)
    work.letters.push_back({static_cast<std::uint64_t>(9 - i), a_letter(std::to_string(i))});
  const auto outcome = held->commit(std::move(work), now);
  REQUIRE(outcome.has_value());
  REQUIRE(outcome->letters.size() == 3);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(get(outcome->letters[i]).content.body == std::to_string(i));
  CHECK(std::is_sorted(outcome->letters.begin(), outcome->letters.end()));
  CHECK(load_all().size() == 1);
}

TEST_CASE_METHOD(letters_fixture,
                 "pages go on where the last ended, and what comes meanwhile is not missed") {
  std::vector<letter> all(20, a_letter());
  auto ids = collect(all);
  const auto first = letters().find({}, 0, 7);
  REQUIRE(first.has_value());
  REQUIRE(first->letters.size() == 7);
  REQUIRE(first->next);
  CHECK(*first->next == ids[6]);
  ids.push_back(collect(a_letter()));
  const auto rest = letters().find({}, *first->next, 14);
  REQUIRE(rest.has_value());
  REQUIRE(rest->letters.size() == 14);
  CHECK(rest->letters.front().id == ids[7]);
  CHECK(rest->letters.back().id == ids.back());
  CHECK_FALSE(rest->next); // that was all, and it says so
}

TEST_CASE_METHOD(letters_fixture,
                 "text is found in the error, the routing key and the body, in either case") {
  letter in_error = a_letter(), in_key = a_letter(),
         in_body = a_letter("{\"user\": \"J\xC3\xBCrgen Needle\"}");
  in_error.error = "no NEEDLE in the haystack";
  in_key.routing_key = "needle.lost";
  letter elsewhere = a_letter();
  elsewhere.content.routing_key = "needle"; // the dead-letter exchange's
  const auto ids = collect({in_error, a_letter(), in_key, in_body, elsewhere});
  letter_filter by;
  by.text = "Needle";
  CHECK(ids_of(by) == std::vector<letter_id>{ids[0], ids[2], ids[3]});
  CHECK(count(by) == 3);
  by.text = "j\xC3\xBCrgen";
  CHECK(ids_of(by) == std::vector<letter_id>{ids[3]});
  by.text = "J\xC3\x9CRGEN";
  CHECK(ids_of(by).empty());
  by.text = "needles";
  CHECK(ids_of(by).empty());
}

TEST_CASE_METHOD(letters_fixture, "headers are compared by their text; all that are given must hold") {
  letter a = a_letter(), b = a_letter(), c = a_letter(), broken = a_letter(), bare = a_letter();
  a.content.properties = properties({{"tenant", "acme"}, {"size", "42"}});
  b.content.properties = properties({{"tenant", "acme"}, {"size", "4"}});
  c.content.properties = properties({{"tenant", "bcme"}});
  broken.content.properties = "\x20";
  bare.content.properties = std::string{"\x00\x00", 2};
  const auto ids = collect({a, b, c, broken, bare});
  const auto with = [&](std::vector<std::pair<std::string, std::string>> headers) {
    letter_filter by;
    by.headers = std::move(headers);
    return ids_of(by);
  };
  CHECK(with({{"tenant", "acme"}}) == std::vector<letter_id>{ids[0], ids[1]});
  CHECK(with({{"tenant", "acme"}, {"size", "42"}}) == std::vector<letter_id>{ids[0]});
  CHECK(with({{"size", ""}}) == std::vector<letter_id>{ids[0], ids[1]});
  CHECK(with({{"tenant", ""}}).size() == 3);
  CHECK(with({{"Tenant", "acme"}}).empty());
  CHECK(with({{"size", "042"}}).empty());
}

TEST_CASE_METHOD(letters_fixture, "a search through much content stops in between and says how far it came") {
  std::vector<letter_id> ids;
  for (int i = 0; i < 40; ++i)
    ids.push_back(collect(a_letter(std::string(std::size_t{1} << 20, 'x') + (i == 38 ? "needle" : ""))));
  letter_filter by;
  by.text = "needle";
  const auto first = letters().find(by, 0, 10);
  REQUIRE(first.has_value());
  CHECK(first->letters.empty());
  REQUIRE(first->next);
  CHECK(*first->next > ids[3]);
  CHECK(*first->next < ids[20]);
  CHECK(ids_of(by) == std::vector<letter_id>{ids[38]});
  CHECK(count(by) == 1); // asked for all, it looks at all
  const replay_target back{std::nullopt, {"payment-retries"}, "@orders"};
  job of = begin_job();
  CHECK_FALSE(replay(of, by, back).finished);
  CHECK(of.reached == *first->next);
  std::size_t sent = 0;
  for (int piece = 0; piece < 40 && of.at == job::state::running; ++piece)
    sent += replay(of, by, back).held.size();
  CHECK(sent == 1);
  CHECK(of.at == job::state::done);
}

TEST_CASE_METHOD(letters_fixture, "groups tell how many, since when, until when, and the latest error") {
  std::vector<letter> all;
  for (int i = 0; i < 5; ++i) {
    all.push_back(a_letter());
    all.back().died = now - std::chrono::minutes{10 - (i * 3) % 5}; // 10, 7, 9, 6, 8 minutes ago
    all.back().error = "attempt " + std::to_string(i) + " failed";
  }
  letter other = a_letter("longer");
  other.group = 7;
  other.reason = "max_age";
  all.push_back(other);
  const auto ids = collect(all);
  for (int round = 0; round < 2; ++round) {
    const auto found = groups();
    REQUIRE(found.size() == 2);
    CHECK(found[0].group == 0xF000000000000001); // the largest first
    CHECK(found[0].messages == 5);
    CHECK(found[0].bytes == 5 * a_letter().bytes);
    CHECK(found[0].dead_letter == "orders");
    CHECK(found[0].route == "payment-retries");
    CHECK(found[0].reason == "attempts_exhausted");
    CHECK(found[0].first_died == now - 10min);
    CHECK(found[0].last_died == now - 6min);
    CHECK(found[0].error == "attempt 3 failed");
    CHECK(found[1].group == 7);
    CHECK(found[1].messages == 1);
    CHECK(found[1].reason == "max_age");
    reopen();
  }
  letter_filter outer; // what was first and last goes: the bounds follow
  outer.ids = {ids[0], ids[3]};
  CHECK(discard(outer) == 2);
  const auto left = groups();
  REQUIRE(left.size() == 2);
  CHECK(left[0].messages == 3);
  CHECK(left[0].first_died == now - 9min);
  CHECK(left[0].last_died == now - 7min);
  CHECK(left[0].error == "attempt 1 failed");
  letter_filter recent; // counted by looking: says the same as the counts would
  recent.died_after = now - 9min;
  const auto looked = groups(recent);
  REQUIRE(looked.size() == 2);
  CHECK(looked[0].messages == 2);
  CHECK(looked[0].first_died == now - 8min);
  CHECK(looked[0].error == "attempt 1 failed");
}

TEST_CASE_METHOD(letters_fixture, "totals are kept of each dead letter, with the oldest of those kept") {
  letter old = a_letter(), elsewhere = a_letter();
  old.died = now - 48h;
  elsewhere.dead_letter = "reminders";
  const auto ids = collect({a_letter(), old, a_letter(), elsewhere});
  const std::uint64_t bytes = old.bytes;
  letter_filter by;
  by.ids = {ids[1]};
  CHECK(*totals().oldest_died == now - 48h);
  CHECK(discard(by) == 1);
  for (int round = 0; round < 2; ++round) {
    const letter_totals orders = totals();
    CHECK(orders.kept == 2);
    CHECK(orders.kept_bytes == 2 * bytes);
    CHECK(orders.trash == 1);
    CHECK(orders.trash_bytes == bytes);
    CHECK(*orders.oldest_died == now - 1s);
    CHECK(totals("reminders").kept == 1);
    reopen();
  }
  by.ids = {ids[0], ids[2]};
  discard(by);
  CHECK(totals().kept == 0);
  CHECK_FALSE(totals().oldest_died);
}

TEST_CASE_METHOD(letters_fixture, "what is thrown away lies in the trash until it is fetched back") {
  const auto ids = collect({a_letter("a"), a_letter("b"), a_letter("c")});
  letter_filter kept, trash;
  kept.dead_letter = trash.dead_letter = "orders";
  trash.state = letter_state::trash;
  CHECK(discard(kept, 2) == 2); // in pieces, oldest first
  CHECK(ids_of(kept) == std::vector<letter_id>{ids[2]});
  CHECK(ids_of(trash) == std::vector<letter_id>{ids[0], ids[1]});
  CHECK(get(ids[0]).state == letter_state::trash);
  CHECK(get(ids[0]).discarded == now);
  CHECK(get(ids[0]).content.body == "a");
  CHECK(groups(trash).front().messages == 2);
  now += 1h;
  CHECK(discard(kept) == 1);
  CHECK(discard(kept) == 0);
  CHECK(get(ids[0]).discarded == now - 1h);
  trash.ids = {ids[1]};
  CHECK(restore(trash) == 1);
  CHECK(restore(trash) == 0);
  reopen();
  CHECK(ids_of(kept) == std::vector<letter_id>{ids[1]});
  CHECK(get(ids[1]).state == letter_state::kept);
  CHECK(get(ids[1]).discarded == wall_time{});
  CHECK(get(ids[1]).content.body == "b");
  check_counts();
}

TEST_CASE_METHOD(letters_fixture, "only what was thrown away before a time is ever deleted, in pieces") {
  letter elsewhere = a_letter();
  elsewhere.dead_letter = "reminders";
  const auto ids = collect({a_letter(), a_letter(), a_letter(), a_letter(), a_letter(), elsewhere});
  letter_filter by;
  by.ids = {ids[0], ids[1], ids[2], ids[5]};
  discard(by);
  now += 1h;
  by.ids = {ids[3]};
  discard(by);
  const auto purge = [&](wall_time before, std::size_t limit) {
    const auto gone = letters().purge("orders", before, limit);
    INFO(held->last_error());
    REQUIRE(gone.has_value());
    return *gone;
  };
  CHECK(purge(now - 1h, 10) == 0); // not before then
  CHECK(purge(now, 2) == 2);
  CHECK(purge(now, 2) == 1);
  CHECK(purge(now, 2) == 0);
  CHECK_FALSE(letters().get(ids[0])->has_value());
  CHECK(get(ids[3]).state == letter_state::trash);
  CHECK(get(ids[4]).state == letter_state::kept);
  CHECK(get(ids[5]).state == letter_state::trash); // another's
  CHECK(purge(wall_time::max(), 10) == 1);
  CHECK(letters().purge("nobody", wall_time::max(), 10).value() == 0);
  CHECK(count() == 1);
  check_counts();
}

TEST_CASE_METHOD(letters_fixture, "the id of a letter that is gone is not given again") {
  const letter_id gone = collect(a_letter());
  REQUIRE(discard({}) == 1);
  REQUIRE(letters().purge("orders", wall_time::max(), 10).value() == 1);
  reopen();
  CHECK(collect(a_letter()) > gone);
}

TEST_CASE_METHOD(letters_fixture, "a letter that changed on the disk is an error, shown and sent to nobody") {
  const std::string marker = "a body that can be found in the file";
  const auto ids = collect({a_letter(), a_letter(marker)});
  held.reset();
  {
    std::fstream file{options.path, std::ios::in | std::ios::out | std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
    const std::size_t at = bytes.find(marker);
    REQUIRE(at != std::string::npos);
    file.clear();
    file.seekp(static_cast<std::streamoff>(at));
    file.put('A');
  }
  open();
  CHECK(ids_of({}) == ids); // a list reads no content
  const auto refused = [&](const boost::system::error_code& error) {
    CHECK(error == make_error_code(errc::corrupt));
    CHECK(held->last_error().find("dead letter " + std::to_string(ids[1])) != std::string::npos);
    CHECK(held->last_error().find(options.path) != std::string::npos);
    CHECK(held->commit({}, now).error() == make_error_code(errc::failed_before)); // sticky
    CHECK(letters().totals().error() == make_error_code(errc::failed_before));
  };
  SECTION("when it is shown") {
    refused(letters().get(ids[1]).error());
  }
  SECTION("when it is searched") {
    letter_filter by;
    by.text = "found";
    refused(letters().find(by, 0, 10).error());
  }
  SECTION("when it is sent again: then none of the piece is") {
    job of = begin_job();
    refused(letters().replay(of, {}, {std::nullopt, {"payment-retries"}, "@orders"}, 10, now).error());
    reopen();
    CHECK(load_all().empty());
    CHECK(count() == 2);
    CHECK(letters().jobs()->front().done == 0);
  }
}
