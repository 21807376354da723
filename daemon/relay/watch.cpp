#include "relay/watch.hpp"

#include "proto/deaths.hpp"
#include "proto/properties.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace postponed::relay {

namespace {

using namespace std::chrono_literals;

constexpr auto rate_window = 60s;
constexpr auto look_pause = 60s;

double seconds_of(microseconds time) {
  return std::chrono::duration<double>{time}.count();
}

} // namespace

bool counts_deliveries(std::string_view raw_properties) {
  const auto properties = proto::properties_view::parse(raw_properties);
  const auto headers =
      properties && properties->headers ? proto::read_table(*properties->headers) : proto::read_table({});
  return headers && std::any_of(headers->begin(), headers->end(),
                                [](const proto::field& each) { return each.name == "x-delivery-count"; });
}

std::string_view to_string(alert_kind value) {
  switch (value) {
  case alert_kind::depth:
    return "depth";
  case alert_kind::age:
    return "age";
  case alert_kind::rate:
    return "rate";
  }
  return "?";
}

std::string value_text(double value) {
  std::array<char, 400> text{};
  const auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 3);
  std::string_view shown{text.data(), static_cast<std::size_t>(end - text.data())};
  shown.remove_suffix(shown.size() - 1 - shown.find_last_not_of('0'));
  if (shown.ends_with('.')) shown.remove_suffix(1);
  return std::string{shown};
}

std::optional<wall_time> died_at(std::string_view raw_properties, std::string_view dead_letter_queue) {
  if (const auto buried = proto::journey_of(raw_properties).buried) return buried;
  const auto death = proto::death_of(raw_properties, {}, dead_letter_queue);
  return death ? death->time : std::nullopt;
}

watch::entry* watch::find(const std::string& name) {
  const auto at = entries_.find(name);
  return at == entries_.end() ? nullptr : &at->second;
}

void watch::set(std::vector<watched> all, moment now) {
  std::map<std::string, entry> next;
  for (watched& each : all) {
    entry one;
    const auto before = entries_.find(each.name);
    const bool same = before != entries_.end() && before->second.what.queue == each.queue &&
                      before->second.what.collect == each.collect;
    if (same) {
      one = std::move(before->second);
      entries_.erase(before);
    }
    one.shown.name = each.name;
    one.shown.queue = each.queue;
    one.shown.collect = each.collect;
    const std::string old_webhook = one.what.alert ? one.what.alert->webhook : std::string{};
    const alert_policy wanted = each.alert.value_or(alert_policy{});
    // Told to whom it was raised, before that is forgotten.
    const bool asked[alert_kinds] = {wanted.depth > 0, wanted.age > microseconds{0}, wanted.rate > 0};
    for (std::size_t i = 0; i < alert_kinds; ++i)
      if (one.raised[i] && (!asked[i] || old_webhook != wanted.webhook))
        end(one, static_cast<alert_kind>(i), one.raised[i]->value);
    one.what = std::move(each);
    const std::string name = one.what.name;
    next.emplace(name, std::move(one));
  }
  for (auto& [name, gone] : entries_)
    for (std::size_t i = 0; i < alert_kinds; ++i)
      if (gone.raised[i]) end(gone, static_cast<alert_kind>(i), gone.raised[i]->value);
  entries_ = std::move(next);
  for (auto& [name, each] : entries_)
    if (each.shown.known) judge(each, now);
}

std::vector<watched> watch::all() const {
  std::vector<watched> result;
  for (const auto& [name, each] : entries_)
    result.push_back(each.what);
  return result;
}

void watch::on_depth(const std::string& name, std::uint64_t depth, std::uint64_t arrived, moment now) {
  entry* const one = find(name);
  if (one == nullptr) return;
  watched_state& shown = one->shown;
  if (shown.known) {
    const std::uint64_t grown = depth > shown.depth ? depth - shown.depth : 0;
    const std::uint64_t sent = arrived > one->arrived ? arrived - one->arrived : 0;
    one->spans.push_back({one->read_at, now.steady, std::max(grown, sent)});
    while (one->spans.size() > 1 && one->spans.front().to <= now.steady - rate_window)
      one->spans.pop_front();
    std::uint64_t sum = 0;
    for (const span& each : one->spans)
      sum += each.arrivals;
    const auto watched_for =
        std::max<steady_time::duration>(now.steady - one->spans.front().from, rate_window);
    shown.rate_per_minute =
        static_cast<double>(sum) * 60.0 / std::chrono::duration<double>{watched_for}.count();
    if (depth < shown.depth) {
      one->drained = true;
      if (one->looks_cost) shown.oldest.reset(); // another is the head now, and will not be looked at
    }
  }
  one->arrived = arrived;
  one->read_at = now.steady;
  shown.known = true;
  shown.missing = false;
  shown.problem.clear();
  shown.depth = depth;
  shown.depth_at = now.wall;
  if (depth == 0) shown.oldest.reset();
  judge(*one, now);
}

void watch::on_oldest(const std::string& name, std::optional<wall_time> oldest, moment now) {
  entry* const one = find(name);
  if (one == nullptr) return;
  one->shown.oldest = oldest;
  if (one->shown.known) judge(*one, now);
}

void watch::on_problem(const std::string& name, bool missing, std::string problem) {
  entry* const one = find(name);
  if (one == nullptr) return;
  one->shown.missing = missing;
  one->shown.problem = std::move(problem);
  if (!missing) return;
  // What was in it is gone with it. Alerts stay as they are until something is known again.
  one->shown.known = false;
  one->shown.depth = 0;
  one->shown.oldest.reset();
  one->shown.rate_per_minute.reset();
  one->spans.clear();
  one->looks_cost = false;
  one->shown.note.clear();
}

bool watch::wants_look(const std::string& name, moment now) const {
  const auto at = entries_.find(name);
  if (at == entries_.end()) return false;
  const entry& one = at->second;
  if (one.what.collect || one.looks_cost || !one.shown.known || one.shown.depth == 0) return false;
  if (one.looked_at && now.steady < *one.looked_at + look_pause) return false;
  const bool for_alert = one.what.alert && one.what.alert->age > microseconds{0};
  return for_alert || !one.looked_at || one.drained || !one.shown.oldest;
}

void watch::on_head(const std::string& name, std::optional<std::string_view> raw_properties, moment now) {
  entry* const one = find(name);
  if (one == nullptr) return;
  one->looked_at = now.steady;
  one->drained = false;
  one->shown.oldest.reset();
  if (raw_properties) {
    one->shown.oldest = died_at(*raw_properties, one->what.queue);
    if (one->shown.oldest && *one->shown.oldest > now.wall) one->shown.oldest = now.wall; // a clock elsewhere
    if (counts_deliveries(*raw_properties)) {
      one->looks_cost = true;
      one->shown.note =
          "a quorum queue that counts deliveries: it is not looked into any more, so the age of "
          "its oldest is not known once it changes";
    }
  }
  if (one->shown.known) judge(*one, now);
}

void watch::judge(entry& one, moment now) {
  if (!one.what.alert) return;
  const alert_policy& wanted = *one.what.alert;
  const watched_state& shown = one.shown;
  judge(one, alert_kind::depth, static_cast<double>(shown.depth), static_cast<double>(wanted.depth), now);
  std::optional<double> age;
  if (shown.oldest)
    age = seconds_of(std::max(now.wall - *shown.oldest, microseconds{0}));
  else if (shown.depth == 0)
    age = 0;
  judge(one, alert_kind::age, age, seconds_of(wanted.age), now);
  judge(one, alert_kind::rate, shown.rate_per_minute, wanted.rate, now);
}

// Nothing known is no reason to raise an alert nor to end one.
void watch::judge(entry& one, alert_kind kind, std::optional<double> value, double threshold, moment now) {
  std::optional<alert>& raised = one.raised[static_cast<std::size_t>(kind)];
  if (threshold <= 0 || !value) return;
  if (raised) {
    raised->value = *value;
    raised->threshold = threshold;
    if (*value < threshold * one.what.alert->clear) end(one, kind, *value);
  } else if (*value >= threshold) {
    raised = alert{kind, *value, threshold, now.wall};
    events_.push_back({true, one.what.name, one.what.queue, one.what.alert->webhook, *raised});
  }
}

void watch::end(entry& one, alert_kind kind, double value) {
  std::optional<alert>& raised = one.raised[static_cast<std::size_t>(kind)];
  alert over = *raised;
  over.value = value;
  raised.reset();
  events_.push_back(
      {false, one.what.name, one.what.queue, one.what.alert ? one.what.alert->webhook : std::string{}, over});
}

std::vector<alert_event> watch::take_events() {
  return std::exchange(events_, {});
}

std::vector<watched_state> watch::state() const {
  std::vector<watched_state> result;
  for (const auto& [name, each] : entries_) {
    result.push_back(each.shown);
    for (const std::optional<alert>& one : each.raised)
      if (one) result.back().alerts.push_back(*one);
  }
  return result;
}

} // namespace postponed::relay
