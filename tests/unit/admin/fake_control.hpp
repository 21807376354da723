// A control that says what the test put into it, and remembers what it was asked for. Answers at once, or,
// where the test says so, when it is told to.
#pragma once

#include "admin/api.hpp"
#include "sample_snapshot.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>
#include <catch2/catch.hpp>

namespace postponed::test {

class fake_control final : public admin::control {
 public:
  // What it has.
  store::letter_page page;
  std::map<store::letter_id, store::letter> letters;
  std::vector<store::letter_group> found_groups;
  std::vector<store::letter_totals> known_totals;
  std::uint64_t messages = 0;
  std::vector<store::job> known_jobs;
  admin::peeked head;
  admin::reload_outcome reloads;
  std::vector<admin::topology_difference> differences;
  std::optional<admin::failure> fails; // everything, with this

  // What it was asked for.
  std::vector<std::string> calls;
  store::letter_filter by;
  store::letter_id after = 0;
  std::size_t limit = 0;
  relay::replay_spec spec;
  proto::message content;
  std::optional<direct_target> to;

  void find(store::letter_filter which, store::letter_id from, std::size_t most,
            admin::completion<store::letter_page> done) override {
    by = std::move(which);
    after = from;
    limit = most;
    answer("find", page, done);
  }
  void get(store::letter_id id, admin::completion<std::optional<store::letter>> done) override {
    const auto found = letters.find(id);
    answer("get " + std::to_string(id), found != letters.end() ? std::optional{found->second} : std::nullopt,
           done);
  }
  void groups(store::letter_filter which, admin::completion<std::vector<store::letter_group>> done) override {
    by = std::move(which);
    answer("groups", found_groups, done);
  }
  void count(store::letter_filter which, admin::completion<std::uint64_t> done) override {
    by = std::move(which);
    answer("count", messages, done);
  }
  void totals(admin::completion<std::vector<store::letter_totals>> done) override {
    answer("totals", known_totals, done);
  }
  void discard(store::letter_filter which, admin::completion<std::uint64_t> done) override {
    by = std::move(which);
    answer("discard", messages, done);
  }
  void restore(store::letter_filter which, admin::completion<std::uint64_t> done) override {
    by = std::move(which);
    answer("restore", messages, done);
  }
  void replay(store::job::kind what, std::string dead_letter, relay::replay_spec asked,
              admin::completion<store::job> done) override {
    spec = std::move(asked);
    store::job begun;
    begun.id = 41;
    begun.what = what;
    begun.dead_letter = what == store::job::kind::drain ? dead_letter : "";
    begun.spec = relay::to_json(spec);
    begun.total = messages;
    answer((what == store::job::kind::drain ? "drain " : "replay ") + dead_letter, begun, done);
  }
  void replay_one(store::letter_id id, proto::message edited, std::optional<direct_target> where,
                  admin::completion<void> done) override {
    content = std::move(edited);
    to = std::move(where);
    calls.push_back("replay_one " + std::to_string(id));
    done(fails ? admin::outcome<void>{*fails} : admin::outcome<void>{});
  }
  void jobs(admin::completion<std::vector<store::job>> done) override { answer("jobs", known_jobs, done); }
  void job(std::int64_t id, admin::completion<std::optional<store::job>> done) override {
    std::optional<store::job> found;
    for (const store::job& each : known_jobs)
      if (each.id == id) found = each;
    answer("job " + std::to_string(id), found, done);
  }
  void change_job(std::int64_t id, admin::job_change how, admin::completion<store::job> done) override {
    const char* const names[] = {"pause", "resume", "stop"};
    store::job changed;
    changed.id = id;
    changed.at = how == admin::job_change::pause ? store::job::state::paused : store::job::state::running;
    answer(std::string{names[static_cast<int>(how)]} + " " + std::to_string(id), changed, done);
  }
  void peek(std::string dead_letter, std::size_t most, admin::completion<admin::peeked> done) override {
    limit = most;
    answer("peek " + dead_letter, head, done);
  }
  void pause_route(std::string route, bool paused, std::string who, std::string why,
                   admin::completion<void> done) override {
    calls.push_back((paused ? "pause " : "resume ") + route + " " + who + " " + why);
    done(fails ? admin::outcome<void>{*fails} : admin::outcome<void>{});
  }
  void reload(std::string who, admin::completion<admin::reload_outcome> done) override {
    answer("reload " + who, reloads, done);
  }
  void topology(admin::completion<std::vector<admin::topology_difference>> done) override {
    answer("topology", differences, done);
  }

 private:
  template <typename T>
  void answer(std::string call, T value, admin::completion<T>& done) {
    calls.push_back(std::move(call));
    done(fails ? admin::outcome<T>{*fails} : admin::outcome<T>{std::move(value)});
  }
};

// Says what the test put into it, and remembers what it was asked for; schedules are answered when told.
struct fake_messages final : admin::message_control {
  std::vector<admin::schedule_order> orders;
  std::vector<admin::completion<admin::scheduled>> waiting;
  store::message_filter by;
  store::horizon_position after;
  std::size_t limit = 0;
  std::optional<held_id> id;
  std::optional<admin::message_change> to;
  std::optional<admin::message_selection> which;
  std::optional<admin::failure> fails;

  static held_record record(const held_id& id) {
    held_record each;
    each.id = id;
    each.route = "held";
    each.content.body = "hello";
    return each;
  }
  void schedule(admin::schedule_order order, admin::completion<admin::scheduled> done) override {
    orders.push_back(std::move(order));
    if (fails) return done(*fails);
    waiting.push_back(std::move(done));
  }
  void list(store::message_filter filter, store::horizon_position from, std::size_t most,
            admin::completion<store::message_page<store::held_summary>> done) override {
    by = std::move(filter);
    after = from;
    limit = most;
    store::message_page<store::held_summary> page;
    page.messages.push_back({record({1, 2, 3}), 5});
    page.next = store::horizon_position{wall_time{std::chrono::microseconds{77}}, 2};
    done(std::move(page));
  }
  void get(held_id which_one, admin::completion<admin::message_view> done) override {
    id = which_one;
    if (fails) return done(*fails);
    admin::message_view view;
    view.record = record(which_one);
    view.history.push_back({wall_time{std::chrono::seconds{1}}, "stored"});
    done(std::move(view));
  }
  void change(held_id which_one, admin::message_change what,
              admin::completion<admin::message_view> done) override {
    to = what;
    get(which_one, std::move(done));
  }
  void change_all(admin::message_selection selection, admin::message_change what,
                  admin::completion<admin::bulk_outcome> done) override {
    which = std::move(selection);
    to = what;
    if (fails) return done(*fails);
    done(admin::bulk_outcome{12, 11, 1});
  }
  void calendar(store::calendar_query what,
                admin::completion<std::vector<store::calendar_span>> done) override {
    store::calendar_span span;
    span.start = what.from;
    span.end = what.from + std::chrono::hours{1};
    span.routes["held"] = {3, 300};
    done(std::vector<store::calendar_span>{span});
  }
};

// An api over a fake control and a snapshot, with what it logged.
struct api_world {
  fake_control control;
  fake_messages messages;
  admin::snapshot shown = sample_snapshot();
  std::vector<std::string> audited;
  admin::api api{[this] { return shown; }, control,
                 [this](std::string_view what, const log::fields& more) {
                   std::string line{what};
                   for (const auto& [key, value] : more)
                     line.append(" ").append(key).append("=").append(value);
                   audited.push_back(line);
                 },
                 &messages};

  // "bin" is collected, "heap" is not.
  api_world() {
    relay::watched_state bin, heap;
    bin.name = "bin";
    bin.queue = "orders.dead";
    bin.collect = bin.known = true;
    bin.depth = 12;
    heap.name = "heap";
    heap.queue = "heap.dead";
    heap.known = true;
    heap.depth = 30;
    shown.dead_letters = {bin, heap};
  }

  admin::response ask(const std::string& method, const std::string& target, const std::string& body = {}) {
    admin::request asked{method, target, "localhost:9470"};
    asked.body = body;
    asked.remote = "127.0.0.1:4711";
    int answers = 0;
    admin::response got;
    api.handle(asked, [&](admin::response value) {
      got = std::move(value);
      ++answers;
    });
    CHECK(answers == 1);
    return got;
  }
  boost::json::object get(const std::string& target) { return json_of(ask("GET", target), 200); }
  boost::json::object post(const std::string& target, const std::string& body, unsigned status = 200) {
    return json_of(ask("POST", target, body), status);
  }
  // The detail of the problem that this must be.
  std::string refusal(unsigned status, const std::string& method, const std::string& target,
                      const std::string& body = {}) {
    const admin::response got = ask(method, target, body);
    CHECK(got.content_type == "application/problem+json");
    const boost::json::object problem = json_of(got, status);
    CHECK(problem.at("status").to_number<unsigned>() == status);
    return boost::json::value_to<std::string>(problem.at("detail"));
  }

 private:
  static boost::json::object json_of(const admin::response& from, unsigned status) {
    INFO(from.body);
    REQUIRE(from.status == status);
    return boost::json::parse(from.body).as_object();
  }
};

} // namespace postponed::test
