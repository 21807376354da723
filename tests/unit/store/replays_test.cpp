// Dead letters that are sent again: held messages due at once.
#include "unit/store/letters_fixture.hpp"

using namespace postponed;
using namespace postponed::test;
using postponed::store::errc;

namespace {

const replay_target by_route{std::nullopt, {"order-timeouts", "payment-retries"}, "@orders"};

} // namespace

TEST_CASE_METHOD(letters_fixture, "a replayed letter is held by its route, due now, and begins anew") {
  const letter_id id = collect(a_letter());
  job of = begin_job();
  const replayed out = replay(of, {}, by_route);
  REQUIRE(out.held.size() == 1);
  CHECK(out.routes == std::vector<std::string>{"payment-retries"});
  CHECK(out.skipped == 0);
  CHECK(out.reached == id);
  CHECK(out.finished);
  for (int round = 0; round < 2; ++round) {
    const held_record each = only_held();
    CHECK(each.id == out.held[0].id);
    CHECK(each.due == now);
    CHECK(each.first_seen == now);
    CHECK(each.route == "payment-retries");
    CHECK_FALSE(each.to);
    CHECK(each.attempt == 1);
    CHECK(each.replays == 2);
    CHECK(each.hops == 0);
    CHECK(each.publish_failures == 0);
    CHECK(each.why == reason::none);
    CHECK(each.error.empty());
    CHECK(each.content.exchange == "shop"); // not the dead-letter exchange's
    CHECK(each.content.routing_key == "payment.made");
    CHECK(each.content.body == "body");
    CHECK(count() == 0);
    CHECK_FALSE(letters().get(id)->has_value());
    reopen();
  }
}

TEST_CASE_METHOD(letters_fixture, "what dies again while a replay goes on is not taken by it once more") {
  letter before = a_letter("before"), again = a_letter("again");
  before.collected = now;
  again.collected = now + 1s;
  const auto ids = collect({before, again});
  job of = begin_job();
  const replayed out = replay(of, {}, by_route);
  CHECK(out.held.size() == 1);
  CHECK(out.finished);
  CHECK(of.at == job::state::done);
  CHECK(ids_of({}) == std::vector<letter_id>{ids[1]});
}

TEST_CASE_METHOD(letters_fixture, "where it goes: as asked, else by its route, else to where it died") {
  letter of_route = a_letter("route"), forgotten = a_letter("forgotten"), foreign = a_letter("foreign"),
         nobody = a_letter("nobody");
  forgotten.route = "gone-from-the-file";
  foreign.route.clear();
  nobody.route.clear();
  nobody.origin_queue.clear();
  const auto ids = collect({of_route, forgotten, nobody, foreign});
  const auto held_by_body = [&] {
    std::map<std::string, held_record> all;
    for (const held_ref& each : load_all())
      for (held_record& record : read({each.id}))
        all.emplace(record.content.body, record);
    return all;
  };
  job of = begin_job();
  SECTION("to nowhere in particular") {
    const replayed out = replay(of, {}, by_route);
    CHECK(out.routes == std::vector<std::string>{"payment-retries", "@orders", "@orders"});
    CHECK(out.skipped == 1);
    CHECK(out.reached == ids[3]);
    CHECK(of.done == 3);
    CHECK(of.skipped == 1);
    const auto all = held_by_body();
    REQUIRE(all.size() == 3);
    CHECK_FALSE(all.at("route").to);
    CHECK(all.at("forgotten").route == "@orders");
    CHECK(all.at("forgotten").to == direct_target{"", "payments"});
    CHECK(all.at("foreign").to == direct_target{"", "payments"});
    CHECK(ids_of({}) == std::vector<letter_id>{ids[2]}); // left where it was
  }
  SECTION("to elsewhere: under its route, where that is in the file") {
    replay_target to = by_route;
    to.to = direct_target{"repair", "by.hand"};
    const replayed out = replay(of, {}, to);
    CHECK(out.skipped == 0);
    CHECK(out.routes == std::vector<std::string>{"payment-retries", "@orders", "@orders", "@orders"});
    const auto all = held_by_body();
    REQUIRE(all.size() == 4);
    for (const auto& [body, each] : all)
      CHECK(each.to == direct_target{"repair", "by.hand"});
    CHECK(all.at("nobody").route == "@orders");
  }
}

TEST_CASE_METHOD(letters_fixture, "a replay goes on piece by piece, with the filter, over a restart") {
  std::vector<letter> all;
  for (int i = 0; i < 20; ++i) {
    all.push_back(a_letter(std::to_string(i)));
    if (i % 2 == 1) all.back().reason = "max_age";
  }
  const auto ids = collect(all);
  letter_filter by;
  by.reason = "max_age";
  job of = begin_job();
  const std::size_t sizes[] = {4, 4, 2};
  for (std::size_t piece = 0; piece < 3; ++piece) {
    now += 1s;
    const replayed out = replay(of, by, by_route, 4);
    CHECK(out.held.size() == sizes[piece]);
    CHECK(out.finished == (piece == 2));
    CHECK(of.done == piece * 4 + sizes[piece]);
    reopen();
    const auto jobs = letters().jobs();
    REQUIRE(jobs.has_value());
    REQUIRE(jobs->size() == 1);
    CHECK(jobs->front().reached == of.reached);
    CHECK(jobs->front().done == of.done);
    CHECK(jobs->front().updated == now);
    CHECK(jobs->front().at == (piece == 2 ? job::state::done : job::state::running));
    of = jobs->front();
  }
  CHECK(of.reached == ids[19]);
  CHECK(load_all().size() == 10);
  CHECK(count() == 10);
  CHECK(count(by) == 0);
  check_counts();
}

TEST_CASE_METHOD(letters_fixture, "what came after a replay had passed is not looked at again") {
  letter lost = a_letter();
  lost.route.clear();
  lost.origin_queue.clear();
  const letter_id skipped = collect(lost);
  job of = begin_job();
  CHECK(replay(of, {}, by_route).skipped == 1);
  CHECK(replay(of, {}, by_route).skipped == 0);
  CHECK(of.reached == skipped);
  CHECK(of.skipped == 1);
}

TEST_CASE_METHOD(letters_fixture, "a piece of a replay is bounded in bytes too, and never empty for that") {
  for (int i = 0; i < 3; ++i)
    collect(a_letter(std::string(std::size_t{17} << 20, 'x')));
  job of = begin_job();
  for (int i = 0; i < 3; ++i) {
    const replayed out = replay(of, {}, by_route);
    CHECK(out.held.size() == 1);
    CHECK(out.finished == (i == 2));
  }
}

TEST_CASE_METHOD(letters_fixture, "what lies in the trash can be sent again, when that is asked for") {
  collect(a_letter());
  discard({});
  job of = begin_job();
  CHECK(replay(of, {}, by_route).held.empty());
  letter_filter trash;
  trash.state = letter_state::trash;
  CHECK(replay(of = begin_job(), trash, by_route).held.size() == 1);
  CHECK(count(trash) == 0);
  CHECK(totals().trash == 0);
}

TEST_CASE_METHOD(letters_fixture, "of what a dead letter says of itself nothing leaves with its release") {
  proto::release_stamp stamp{"1-2-3", 6, "payment-retries",        now - 2h, now - 24h,
                             3,       1, proto::dialect::watermill};
  proto::burial_stamp burial;
  burial.why = reason::attempts_exhausted;
  burial.error = "attempt 6 of 6 failed";
  burial.first_seen = now - 24h;
  burial.from_exchange = "shop";
  burial.from_routing_key = "payment.made";
  burial.from_queue = "payments.rejected";
  burial.origin_queue = "payments";
  burial.buried = now - 1s;
  proto::header_editor editor{{}};
  editor.set_text("tenant", "acme");
  editor.set_text("x-death", "as far as anybody can tell");
  editor.set_integer("x-delay", 5000);
  const std::string table = editor.encode();
  proto::properties_view view;
  view.headers = table;
  view.expiration = "60000";
  letter each = a_letter();
  each.content.properties = proto::burial_properties(proto::encode(view), stamp, burial);
  REQUIRE(proto::journey_of(each.content.properties).was_buried());
  const letter_id id = collect(each);
  SECTION("as it is") {
    job of = begin_job();
    replay(of, {}, by_route);
  }
  SECTION("edited") {
    REQUIRE(letters().replay_edited(id, get(id).content, by_route, now)->held.size() == 1);
  }
  const held_record again = only_held();
  // A route that releases to the origin asks for it.
  CHECK(proto::journey_of(again.content.properties).origin_queue == "payments");
  const std::string id_again = to_string(again.id); // the stamp only looks at it
  stamp = {id_again, again.attempt, again.route,   again.due,
           {},       again.hops,    again.replays, proto::dialect::watermill};
  const std::string released = proto::release_properties(again.content.properties, stamp);
  std::map<std::string, std::string> headers;
  const auto parsed = proto::properties_view::parse(released);
  CHECK_FALSE(parsed->expiration);
  for (const proto::field& field : *proto::read_table(*parsed->headers))
    headers.emplace(field.name, *field.text());
  CHECK(headers == std::map<std::string, std::string>{{"tenant", "acme"},
                                                      {"postponed-id", to_string(again.id)},
                                                      {"postponed-attempt", "1"},
                                                      {"postponed-route", "payment-retries"},
                                                      {"postponed-due", proto::format_rfc3339(now)},
                                                      {"postponed-replays", "2"}});
}

TEST_CASE_METHOD(letters_fixture, "an edited letter goes with its new content, the others stay") {
  letter lost = a_letter();
  lost.route.clear();
  lost.origin_queue.clear();
  const auto ids = collect({a_letter("old"), a_letter(), lost});
  const proto::message content{"x", "y", properties({{"tenant", "bcme"}}), "new"};
  const auto out = letters().replay_edited(ids[0], content, by_route, now);
  REQUIRE(out.has_value());
  CHECK(out->held.size() == 1);
  CHECK(out->routes == std::vector<std::string>{"payment-retries"});
  const held_record each = only_held();
  CHECK(each.content.body == "new");
  CHECK(each.content.exchange == "shop");
  CHECK(each.content.routing_key == "payment.made");
  CHECK(each.content.properties ==
        proto::replay_properties(content.properties, {2, a_letter().origin_queue, false}));
  CHECK(each.replays == 2);
  CHECK(ids_of({}) == std::vector<letter_id>{ids[1], ids[2]});
  CHECK(letters().replay_edited(ids[0], content, by_route, now)->held.empty()); // gone
  const auto nowhere = letters().replay_edited(ids[2], content, by_route, now);
  CHECK(nowhere->held.empty());
  CHECK(nowhere->skipped == 1);
  CHECK(count() == 2);
  check_counts();
}

TEST_CASE_METHOD(letters_fixture, "jobs are there after a restart as they were left, the newest first") {
  job a = begin_job();
  a.what = job::kind::drain;
  a.dead_letter = "orders";
  a.spec = "{\"rate\": 5}";
  a.at = job::state::canary;
  a.reached = 77;
  a.total = 100;
  a.done = 10;
  a.skipped = 2;
  a.error = "why";
  a.updated = now + 5s;
  REQUIRE(letters().update_job(a).has_value());
  const job b = begin_job();
  CHECK(b.id > a.id);
  for (int round = 0; round < 2; ++round) {
    const auto all = letters().jobs();
    REQUIRE(all.has_value());
    REQUIRE(all->size() == 2);
    CHECK(all->front().id == b.id);
    CHECK(all->front().at == job::state::running);
    const job& is = all->back();
    CHECK(is.id == a.id);
    CHECK(is.what == a.what);
    CHECK(is.at == a.at);
    CHECK(is.dead_letter == a.dead_letter);
    CHECK(is.spec == a.spec);
    CHECK(is.reached == a.reached);
    CHECK(is.total == a.total);
    CHECK(is.done == a.done);
    CHECK(is.skipped == a.skipped);
    CHECK(is.error == a.error);
    CHECK(is.created == a.created);
    CHECK(is.updated == a.updated);
    reopen();
  }
}

TEST_CASE_METHOD(letters_fixture,
                 "a job that ended is shown for a week, one that has not for as long as it takes") {
  std::vector<job> old;
  for (const job::state each : {job::state::stopped, job::state::done, job::state::failed, job::state::paused,
                                job::state::running, job::state::canary}) {
    old.push_back(begin_job());
    old.back().at = each;
    REQUIRE(letters().update_job(old.back()).has_value());
  }
  now += 24h * 7;
  const job at_the_edge = begin_job();
  CHECK(letters().jobs()->size() == 7);
  now += 1s;
  const job later = begin_job();
  std::vector<std::int64_t> ids;
  for (const job& each : *letters().jobs())
    ids.push_back(each.id);
  CHECK(ids == std::vector<std::int64_t>{later.id, at_the_edge.id, old[5].id, old[4].id, old[3].id});
}
