#include "admin/api.hpp"
#include "admin/api_answers.hpp"
#include "admin/letter_filters.hpp"
#include "admin/letters_json.hpp"
#include "admin/message_json.hpp"
#include "admin/text_forms.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <charconv>

namespace postponed::admin {

namespace json = boost::json;

namespace {

constexpr std::size_t listed_by_default = 100;
constexpr std::size_t peeked_by_default = 20;
constexpr std::size_t most_peeked = 200;

// Those of the file in its order, then those of which the store alone still has letters.
response list_response(const snapshot& shown, const std::vector<store::letter_totals>& totals) {
  json::array all;
  for (const relay::watched_state& each : shown.dead_letters) {
    json::object one = dead_letter_json(each, shown);
    const auto has = std::find_if(totals.begin(), totals.end(), [&](const store::letter_totals& of) {
      return of.dead_letter == each.name;
    });
    one["store"] = totals_json(has != totals.end() ? *has : store::letter_totals{});
    one["configured"] = true;
    all.push_back(std::move(one));
  }
  for (const store::letter_totals& each : totals) {
    const bool in_file =
        std::any_of(shown.dead_letters.begin(), shown.dead_letters.end(),
                    [&](const relay::watched_state& of) { return of.name == each.dead_letter; });
    if (in_file || each.kept + each.trash == 0) continue;
    all.push_back(
        json::object{{"name", each.dead_letter}, {"store", totals_json(each)}, {"configured", false}});
  }
  return json_response(json::object{{"dead_letters", std::move(all)}});
}

response page_response(const store::letter_page& page) {
  json::array letters;
  for (const store::letter& each : page.letters)
    letters.push_back(letter_json(each));
  json::object to{{"from", "store"}, {"messages", std::move(letters)}};
  to["next"] = nullptr;
  if (page.next) to["next"] = *page.next;
  return json_response(to);
}

response peeked_response(const peeked& seen) {
  json::array messages;
  for (const proto::message& each : seen.messages)
    messages.push_back(message_json(each));
  json::object to{{"from", "queue"}, {"messages", std::move(messages)}};
  if (!seen.warning.empty()) to["warning"] = shown_text(seen.warning);
  return json_response(to);
}

void list_messages(const api& on, const listing& asked, const std::string& name,
                   const std::optional<relay::watched_state>& known, reply done) {
  const bool collected = !known || known->collect;
  if (!asked.peek.value_or(!collected))
    return on.over().find(asked.by, asked.after, asked.limit.value_or(listed_by_default),
                          or_problem<store::letter_page>(std::move(done), page_response));
  if (collected)
    return done(problem(409, name + " is collected: its messages are in the store; leave out from=queue"));
  if (asked.filtered)
    return done(problem(400, name + " is not collected: its queue can be looked at from the head, with limit "
                                    "alone; from=store searches what was collected before"));
  const std::size_t limit = asked.limit.value_or(peeked_by_default);
  if (limit > most_peeked)
    return done(problem(400, "limit is " + std::to_string(limit) + ", and must be from 1 to 200 in a queue"));
  on.over().peek(name, limit, or_problem<peeked>(std::move(done), peeked_response));
}

} // namespace

void api::add_reading() {
  table_.add("GET", "/api/v1/dead-letters", [this](const call&, reply done) {
    over_.totals(or_problem<std::vector<store::letter_totals>>(
        std::move(done),
        [this](const std::vector<store::letter_totals>& totals) { return list_response(take_(), totals); }));
  });
  table_.add("GET", "/api/v1/dead-letters/{name}/messages", [this](const call& from, reply done) {
    std::string wrong;
    const auto asked = listing_from(from.query, from.names[0], take_().now, true, wrong);
    if (!asked) return done(problem(400, wrong));
    with_dead_letter(from.names[0], std::move(done),
                     [this, asked = *asked,
                      name = from.names[0]](const std::optional<relay::watched_state>& known, reply answer) {
                       list_messages(*this, asked, name, known, std::move(answer));
                     });
  });
  table_.add("GET", "/api/v1/dead-letters/{name}/groups", [this](const call& from, reply done) {
    std::string wrong;
    const auto asked = listing_from(from.query, from.names[0], take_().now, false, wrong);
    if (!asked) return done(problem(400, wrong));
    with_dead_letter(from.names[0], std::move(done),
                     [this, by = asked->by](const std::optional<relay::watched_state>&, reply answer) {
                       over_.groups(
                           by, or_problem<std::vector<store::letter_group>>(
                                   std::move(answer), [](const std::vector<store::letter_group>& groups) {
                                     json::array all;
                                     for (const store::letter_group& each : groups)
                                       all.push_back(group_json(each));
                                     return json_response(json::object{{"groups", std::move(all)}});
                                   }));
                     });
  });
  table_.add("GET", "/api/v1/dead-letters/{name}/messages/{id}", [this](const call& from, reply done) {
    with_letter(from.names[0], from.names[1], std::move(done),
                [](const store::letter& found, const reply& answer) {
                  json::object to = letter_json(found);
                  to["message"] = message_json(found.content);
                  answer(json_response(to));
                });
  });
}

void api::with_letter(const std::string& dead_letter, const std::string& id, reply done,
                      std::function<void(store::letter&&, reply)> then) const {
  store::letter_id number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error != std::errc{} || end != id.data() + id.size() || number <= 0)
    return done(
        problem(404, "there is no message " + id + "; ids are whole numbers, as the list shows them"));
  over_.get(number, [dead_letter, id, done = std::move(done),
                     then = std::move(then)](outcome<std::optional<store::letter>> got) {
    if (!got) return done(problem(got.error()));
    if (!*got || (*got)->dead_letter != dead_letter)
      return done(problem(404, "there is no message " + id + " of the dead letter " + dead_letter +
                                   " in the store; it may have been sent again or purged"));
    then(std::move(**got), done);
  });
}

} // namespace postponed::admin
