// One dead letter of the file: where to, and how it is watched.
#include "config/sections.hpp"
#include "config/templates.hpp"
#include "config/values.hpp"
#include "config/web_address.hpp"

namespace postponed::config {

namespace {

using std::chrono::microseconds;

void read_alert(reading& in, const YAML::Node& node, alert_settings& into) {
  section alert{in, node, "alert", "alert"};
  alert.number("depth", 1, 1000000000000, [&](std::uint64_t value) { into.depth = value; });
  alert.positive_duration("age", "24h", [&](microseconds time) { into.age = time; });
  alert.decimal("clear", 0.01, 1, "0.8", [&](double value) { into.clear = value; });
  std::optional<std::string> rate;
  alert.text("rate", rate);
  // A number alone is one a second elsewhere and would be one a minute here: who writes it should say.
  if (const auto a_second = parse_rate(rate.value_or("1/m"), true); !a_second)
    in.error(alert.at("rate"), "rate is not a number of arrivals above 0 in a time",
             "write rate: 10/m (or /s, /h)");
  else if (rate)
    into.rate = *a_second * 60;
  std::optional<std::string> webhook;
  alert.text("webhook", webhook, 4096);
  if (webhook) {
    const web_outcome parsed = parse_webhook(*webhook);
    if (!parsed.problem.empty()) in.error(alert.at("webhook"), parsed.problem, parsed.fix);
    in.look_for_password(node["webhook"]);
    into.webhook = *webhook;
  }
  if (!alert.has("depth") && !alert.has("age") && !alert.has("rate"))
    in.error(alert.at(), "alert has no threshold", "add depth: 1000, age: 24h or rate: 10/m");
}

} // namespace

void read_dead_letter(reading& in, const YAML::Node& node, dead_letter_settings& into) {
  section letter{in, node, "dead_letter", "a dead letter"};
  into.at = letter.at("name");
  in.letters.push_back({letter.at("queue"), letter.at("exchange")});
  letter.required_name("name", into.name, "orders");
  letter.name("exchange", into.exchange);
  letter.name("routing_key", into.routing_key);
  letter.name("queue", into.queue);
  letter.boolean("collect", into.collect);
  letter.duration("trash", [&](microseconds time) { into.trash = time; });
  letter.duration("poll", [&](microseconds time) {
    into.poll = time;
    if (time < std::chrono::milliseconds{100})
      in.error(letter.at("poll"), "poll is less than 100ms", "write poll: 10s, say");
  });
  letter.map("alert", [&](const YAML::Node& each) { read_alert(in, each, into.alert.emplace()); });
  check_template(in, letter.at("exchange"), "exchange", into.exchange);
  check_template(in, letter.at("routing_key"), "routing_key", into.routing_key);
  if (into.exchange.empty() && into.queue.empty())
    in.error(letter.at(), "a dead letter names neither exchange nor queue",
             "add queue: orders.dead, or an exchange");
  if (into.exchange.empty() && !into.routing_key.empty())
    in.error(letter.at("routing_key"), "routing_key goes with an exchange",
             "add exchange, or remove routing_key");
  if (!into.exchange.empty() && into.queue.empty() && into.collect)
    in.error(letter.at("collect"), "collect draws the queue, and there is none", "add queue: orders.dead");
  if (!into.exchange.empty() && into.queue.empty() && into.alert)
    in.error(letter.at("alert"), "alert watches the queue, and there is none", "add queue: orders.dead");
}

} // namespace postponed::config
