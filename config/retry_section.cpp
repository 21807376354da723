// retry: of a route, the rule and what it says otherwise by reason of death.
#include "config/sections.hpp"
#include "config/values.hpp"

namespace postponed::config {

namespace {

void read_jitter(reading& in, section& backoff, pause_settings& into) {
  std::optional<std::string> text;
  backoff.text("jitter", text);
  if (!text) return;
  const auto share = parse_decimal(*text);
  if (*text != "full" && (!share || *share > 1)) {
    in.error(backoff.at("jitter"), "jitter is neither a number from 0 to 1 nor full", "write jitter: 0.2");
    return;
  }
  into.full_jitter = *text == "full";
  if (share) into.jitter = *share;
}

void read_backoff(reading& in, const YAML::Node& node, pause_settings& into) {
  section backoff{in, node, "backoff", "backoff"};
  into.schedule.clear(); // of the rule that an override stands over
  backoff.positive_duration("initial", "1s", [&](std::chrono::microseconds time) { into.initial = time; });
  backoff.positive_duration("max", "10m", [&](std::chrono::microseconds time) { into.max = time; });
  backoff.decimal("multiplier", 1, 1000, "2", [&](double value) { into.multiplier = value; });
  read_jitter(in, backoff, into);
  if (into.initial > into.max)
    in.error(backoff.at(backoff.has("initial") ? "initial" : "max"), "the initial pause is beyond max",
             "raise max, or lower initial");
}

void read_schedule(reading& in, section& from, pause_settings& into) {
  into.schedule.clear();
  std::size_t entries = 0;
  from.list("schedule", [&](const YAML::Node& each) {
    ++entries;
    const auto text = scalar_of(in, each, "a pause in schedule");
    if (!text) return;
    if (const auto time = duration_of(in, place_of(each), "a pause in schedule", *text))
      into.schedule.push_back(*time);
  });
  if (entries == 0 && from.is_list("schedule"))
    in.error(from.at("schedule"), "schedule is empty", "write schedule: [10s, 1m]; the last repeats");
}

void read_rule(reading& in, section& from, retry_rule& into) {
  from.number("attempts", 1, 1000000,
              [&](std::uint64_t value) { into.attempts = static_cast<std::uint32_t>(value); });
  from.duration("max_age", [&](std::chrono::microseconds time) { into.max_age = time; });
  if (from.has("backoff") && from.has("schedule"))
    in.error(from.at("schedule"), "backoff and schedule both say how long to pause", "keep one of them");
  from.map("backoff", [&](const YAML::Node& each) { read_backoff(in, each, into.pause); });
  if (from.has("schedule")) read_schedule(in, from, into.pause);
}

} // namespace

void read_retry(reading& in, const YAML::Node& node, retry_settings& into) {
  section retry{in, node, "retry", "retry"};
  read_rule(in, retry, into.rule);
  for (const char* const reason : {"rejected", "expired", "maxlen", "delivery_limit"})
    retry.map(
        reason,
        [&](const YAML::Node& each) {
          section from{in, each, "retry_reason", reason};
          retry_rule& rule = into.reasons.emplace(reason, into.rule).first->second;
          read_rule(in, from, rule);
        },
        "retry_reason");
}

} // namespace postponed::config
