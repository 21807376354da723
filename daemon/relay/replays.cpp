#include "relay/replays.hpp"

#include <algorithm>

namespace postponed::relay {

namespace {

using namespace std::chrono_literals;

constexpr auto step_period = 50ms; // of a job with a rate
constexpr auto burst = 200ms;      // of its rate may be made up for at once
constexpr auto failed_pause = 1s;
using state = store::job::state;

bool ended(state at) {
  return at == state::stopped || at == state::done || at == state::failed;
}

// What counts against a limit: a drain takes what it cannot send out of its queue too.
std::uint64_t moved(const store::job& of) {
  return of.what == store::job::kind::drain ? of.done + of.skipped : of.done;
}

} // namespace

std::string_view to_string(store::job::state value) {
  switch (value) {
  case state::running:
    return "running";
  case state::paused:
    return "paused";
  case state::stopped:
    return "stopped";
  case state::done:
    return "done";
  case state::failed:
    return "failed";
  case state::canary:
    return "canary";
  }
  return "unknown";
}

replays::entry& replays::insert(const store::job& from, const replay_spec& spec) {
  entry& each = all_[from.id];
  each.is = from;
  each.spec = spec;
  each.tokens.set_rate(spec.rate, burst);
  return each;
}

void replays::load(const std::vector<store::job>& known) {
  for (const store::job& each : known) {
    const auto spec = replay_spec_from_json(each.spec);
    if (spec) {
      // The end of it, or of its canary, may not have been written any more.
      entry& known_one = insert(each, *spec);
      if (each.at != state::running) continue;
      if (spec->limit != 0 && moved(each) >= spec->limit)
        change(known_one, state::done);
      else if (spec->canary != 0 && each.done == spec->canary)
        change(known_one, state::canary);
      continue;
    }
    entry& broken = insert(each, {});
    if (ended(each.at)) continue;
    broken.is.error = "what it was to replay cannot be read: written by another version?";
    change(broken, state::failed);
  }
}

void replays::add(const store::job& begun, const replay_spec& spec) {
  insert(begun, spec);
}

replays::entry* replays::changeable(std::int64_t id, std::string& why_not) {
  const auto at = all_.find(id);
  if (at == all_.end()) {
    why_not = "there is no replay " + std::to_string(id);
    return nullptr;
  }
  if (!ended(at->second.is.at)) return &at->second;
  why_not = "replay " + std::to_string(id) + " has ended: " + std::string{to_string(at->second.is.at)};
  return nullptr;
}

void replays::change(entry& each, state to) {
  if (each.is.at == to) return;
  each.is.at = to;
  if (!each.under_way) updates_.push_back(each.is); // else when the step has said how far it came
}

bool replays::pause(std::int64_t id, std::string& why_not) {
  entry* const each = changeable(id, why_not);
  if (each == nullptr) return false;
  change(*each, state::paused);
  return true;
}

bool replays::resume(std::int64_t id, std::string& why_not) {
  entry* const each = changeable(id, why_not);
  if (each == nullptr) return false;
  change(*each, state::running);
  return true;
}

bool replays::stop(std::int64_t id, std::string& why_not) {
  entry* const each = changeable(id, why_not);
  if (each == nullptr) return false;
  change(*each, state::stopped);
  return true;
}

std::vector<replays::step> replays::take_steps(steady_time now) {
  std::vector<step> steps;
  for (auto& [id, each] : all_) {
    if (each.is.at != state::running || each.under_way || each.next > now) continue;
    std::uint64_t most = piece;
    if (each.is.done < each.spec.canary) most = std::min(most, each.spec.canary - each.is.done);
    if (each.spec.limit != 0)
      most = std::min(most, each.spec.limit - std::min(moved(each.is), each.spec.limit));
    const std::size_t limit = each.tokens.take_up_to(static_cast<std::size_t>(most), now);
    if (each.tokens.limited()) each.next = now + step_period;
    if (limit == 0) continue;
    each.under_way = true;
    steps.push_back({each.is, each.spec, limit});
    steps.back().job.error.clear();
  }
  return steps;
}

void replays::on_step(const store::job& after, bool finished) {
  const auto at = all_.find(after.id);
  if (at == all_.end()) return;
  entry& each = at->second;
  const std::uint64_t before = each.is.done;
  const state wanted = each.is.at; // what a person said meanwhile counts
  each.under_way = false;
  each.is = after;
  each.is.error.clear();
  if (finished || (each.spec.limit != 0 && moved(after) >= each.spec.limit))
    each.is.at = state::done;
  else if (wanted != state::running)
    each.is.at = wanted;
  else if (before < each.spec.canary && after.done >= each.spec.canary)
    each.is.at = state::canary;
  if (each.is.at != after.at) updates_.push_back(each.is);
}

void replays::on_failed(std::int64_t id, std::string error, steady_time now) {
  const auto at = all_.find(id);
  if (at == all_.end()) return;
  entry& each = at->second;
  each.under_way = false;
  each.next = now + failed_pause;
  const bool told = each.is.error == error;
  each.is.error = std::move(error);
  if (!told || each.is.at != state::running) updates_.push_back(each.is);
}

std::optional<steady_time> replays::next_wake(steady_time now) const {
  std::optional<steady_time> wake;
  for (const auto& [id, each] : all_) {
    if (each.is.at != state::running || each.under_way) continue;
    const steady_time at = std::max(each.next, now);
    if (!wake || at < *wake) wake = at;
  }
  return wake;
}

std::vector<store::job> replays::jobs() const {
  std::vector<store::job> result;
  for (auto at = all_.rbegin(); at != all_.rend(); ++at)
    result.push_back(at->second.is);
  return result;
}

std::optional<store::job> replays::job(std::int64_t id) const {
  const auto at = all_.find(id);
  if (at == all_.end()) return std::nullopt;
  return at->second.is;
}

bool replays::under_way(std::int64_t id) const {
  const auto at = all_.find(id);
  return at != all_.end() && at->second.under_way;
}

bool replays::any_running() const {
  return std::any_of(all_.begin(), all_.end(),
                     [](const auto& each) { return each.second.is.at == state::running; });
}

} // namespace postponed::relay
