// The half of relay/releaser.hpp that hears from the broker: confirms, returns, nacks, lost channels, and
// what follows each.
#include "proto/headers.hpp"
#include "relay/releaser.hpp"

#include <algorithm>
#include <cassert>

namespace postponed::relay {

void releaser::on_lane_open(lane which, moment now) {
  lane_state& state = of(which);
  assert(state.window.empty());
  state.open = true;
  state.next_tag = 1;
  state.window = {};
  if (which == lane::main) destinations_.unstall_all(now.steady);
}

void releaser::set_blocked(bool blocked, moment now) {
  blocked_ = blocked;
  destinations_.unstall_all(now.steady);
}

void releaser::on_confirmed(lane which, std::uint64_t tag, bool multiple, moment now) {
  settled_.clear();
  of(which).window.on_confirmed(tag, multiple, settled_);
  settle(settled_, now);
}

void releaser::on_refused(lane which, std::uint64_t tag, bool multiple, moment now) {
  settled_.clear();
  of(which).window.on_refused(tag, multiple, settled_);
  settle(settled_, now);
}

void releaser::on_returned(lane which, std::string_view raw_properties, std::uint16_t code,
                           const std::string& text) {
  // A return carries no tag; our own header says which message it was.
  const auto header = proto::postponed_id_of(raw_properties);
  const auto id = header ? held_id_from(*header) : std::nullopt;
  if (!id || !of(which).window.on_returned(static_cast<std::uint64_t>(id->row), code, text))
    notes_.push_back({note::level::warning,
                      "the broker returned a message that is not in flight",
                      {{"code", std::to_string(code)}, {"text", text}}});
}

void releaser::on_lane_lost(lane which, std::uint16_t code, const std::string& text, moment now) {
  lane_state& state = of(which);
  state.open = false;
  std::vector<settlement> all;
  state.window.on_lost(all);
  if (code == 0)
    settle(all, now);
  else
    judge(which, code, text, all, now);
  if (which == lane::main) destinations_.unstall_all(now.steady);
}

// The broker closed the channel (or the whole connection) over something in `all`: find out what.
void releaser::judge(lane which, std::uint16_t code, const std::string& text, std::vector<settlement>& all,
                     moment now) {
  const bool whole_connection = code >= 500;
  if (which == lane::probe && all.size() == 1 && (!whole_connection || probe_alone_)) {
    const auto at = active_.find(static_cast<std::int64_t>(all.front().key));
    if (at == active_.end()) return;
    active& culprit = at->second;
    destinations_.settled(*culprit.to, now.steady);
    culprit.to = nullptr;
    convicted_.insert(culprit.held.id.row);
    fail(culprit, code == 404 ? reason::unroutable : reason::nacked, text, now.wall);
    return;
  }
  // The text of a 403 or 404 names the exchange: then the culprits are known, and the others go again at
  // once.
  std::vector<settlement> culprits;
  if (!whole_connection) {
    const auto named = [&](const settlement& each) {
      const auto at = active_.find(static_cast<std::int64_t>(each.key));
      return at != active_.end() && at->second.to != nullptr && !at->second.to->exchange.empty() &&
             text.find("exchange '" + at->second.to->exchange + "'") != std::string::npos;
    };
    const auto innocent = std::stable_partition(all.begin(), all.end(), named);
    culprits.assign(all.begin(), innocent);
    all.erase(all.begin(), innocent);
  }
  if (culprits.empty()) {
    probe_alone_ = probe_alone_ || whole_connection;
    for (const settlement& each : all)
      if (const auto at = active_.find(static_cast<std::int64_t>(each.key)); at != active_.end())
        at->second.suspect = true;
  }
  settle(all, now);
  bool noted = false;
  for (const settlement& each : culprits) {
    active& culprit = active_.at(static_cast<std::int64_t>(each.key));
    const std::string exchange = culprit.to->exchange;
    if (!noted) {
      noted = true;
      notes_.push_back({note::level::warning,
                        "the broker refuses to publish to an exchange",
                        {{"exchange", exchange}, {"code", std::to_string(code)}, {"text", text}}});
      destinations_.refuse_exchange(exchange, {now.wall + limits_.publish_backoff.initial, code, text});
    }
    destinations_.settled(*culprit.to, now.steady);
    culprit.to = nullptr;
    fail(culprit, reason::unroutable, text, now.wall);
  }
}

void releaser::settle(const std::vector<settlement>& all, moment now) {
  using outcome = proto::confirm_window::outcome;
  for (const settlement& each : all) {
    const auto at = active_.find(static_cast<std::int64_t>(each.key));
    if (at == active_.end() || at->second.at != phase::in_flight) continue; // settled by its deadline before
    active& one = at->second;
    destinations_.settled(*one.to, now.steady);
    one.to = nullptr;
    switch (each.result) {
    case outcome::confirmed:
      on_success(one, now);
      break;
    case outcome::returned:
      if (one.why == reason::none) ++one.count->returned;
      fail(one, reason::unroutable, std::to_string(each.code) + " " + each.text, now.wall);
      break;
    case outcome::refused:
      if (one.why == reason::none) ++one.count->nacked;
      fail(one, reason::nacked, "the broker refused the message (basic.nack)", now.wall);
      break;
    case outcome::unknown:
      on_unknown(one);
      break;
    }
  }
}

void releaser::on_success(active& each, moment now) {
  if (each.why == reason::none) {
    ++each.count->confirmed;
    each.count->lateness.observe(static_cast<double>((now.wall - each.due).count()) / 1000.0);
  } else {
    ++each.count->dead_lettered[each.why];
  }
  convicted_.erase(each.held.id.row);
  each.at = phase::closing;
  done_.push_back(each.held.id);
}

void releaser::on_unknown(active& each) {
  ++each.count->unknown;
  each.repeat = true;
  enter_reading(each); // at the next pump
}

void releaser::fail(active& each, reason why, std::string error, wall_time now) {
  const std::uint32_t failures = ++each.failures;
  const bool dead_letter = each.why != reason::none;
  if (dead_letter) {
    // Never dropped: it stays held, and is tried for ever.
    ++each.count->dead_letter_failures;
    notes_.push_back({note::level::error,
                      "dead letter not accepted; it stays held and is tried again",
                      {{"id", to_string(each.held.id)},
                       {"route", each.route->name},
                       {"failures", std::to_string(failures)},
                       {"error", error}}});
  } else if (failures >= each.route->publish_attempts) {
    each.why = why;
    each.failures = 0; // the dead letter's own failures count from here
    notes_.push_back({note::level::warning,
                      "message goes to its dead letter",
                      {{"id", to_string(each.held.id)},
                       {"route", each.route->name},
                       {"reason", std::string{proto::to_string(why)}},
                       {"error", error}}});
    defer(each, now, std::move(error));
    return;
  }
  // The error of a dead letter stays the one that brought it there.
  defer(each, now + schedule::delay_for(limits_.publish_backoff, failures, random_()), "");
}

void releaser::defer(active& each, wall_time due, std::string error) {
  free_record(each);
  each.at = phase::closing;
  each.to = nullptr;
  deferrals_.push_back({each.held.id, due, each.failures, each.why, std::move(error)});
}

} // namespace postponed::relay
