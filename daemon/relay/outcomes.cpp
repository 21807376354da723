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
    convicted_.insert(culprit.held.id.row);
    if (destinations_.doubtful(culprit.to->exchange)) // the others need not find out one by one
      destinations_.refuse_exchange(culprit.to->exchange,
                                    {now.wall + limits_.publish_backoff.initial, code, text});
    fail(culprit, land(culprit, now), code == 404 ? reason::unroutable : reason::nacked, text, now);
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
    fail(culprit, land(culprit, now), reason::unroutable, text, now);
  }
}

address releaser::land(active& each, moment now, bool tell) {
  address where;
  if (tell) {
    where.exchange = each.to->exchange;
    where.routing_key = each.to->routing_key;
  }
  destinations_.settled(*each.to, each.overdue, now.steady);
  each.to = nullptr;
  return where;
}

void releaser::settle(const std::vector<settlement>& all, moment now) {
  using outcome = proto::confirm_window::outcome;
  for (const settlement& each : all) {
    const auto at = active_.find(static_cast<std::int64_t>(each.key));
    if (at == active_.end() || at->second.at != phase::in_flight) continue; // settled by its deadline before
    active& one = at->second;
    const bool in_order =
        each.result == outcome::confirmed && circuits_.all_well() && !destinations_.any_doubtful();
    if (each.result == outcome::confirmed)
      destinations_.confirmed(*one.to, now.steady - one.published, now.steady);
    const address where = land(one, now, !in_order);
    switch (each.result) {
    case outcome::confirmed:
      on_success(one, where, now);
      break;
    case outcome::returned:
      if (one.why == reason::none) ++one.route->count->returned;
      fail(one, where, reason::unroutable, std::to_string(each.code) + " " + each.text, now);
      break;
    case outcome::refused:
      if (one.why == reason::none) ++one.route->count->nacked;
      fail(one, where, reason::nacked, "the broker refused the message (basic.nack)", now);
      break;
    case outcome::unknown:
      remember(one, step::unknown, now.wall);
      on_unknown(one);
      break;
    }
  }
}

void releaser::on_success(active& each, const address& where, moment now) {
  if (each.why == reason::none) {
    ++each.route->count->confirmed;
    each.route->count->lateness.observe(static_cast<double>((now.wall - each.due).count()) / 1000.0);
  } else {
    ++each.route->count->dead_lettered[each.why];
  }
  convicted_.erase(each.held.id.row);
  uncertain_.erase(each.held.id.row);
  remember(each, each.why == reason::none ? step::confirmed : step::dead_lettered, now.wall);
  each.at = phase::closing;
  done_.push_back(each.held.id);
  if (destinations_.any_doubtful()) destinations_.accepted(where.exchange);
  if (circuits_.all_well()) return;
  if (auto recovered = circuits_.on_success(where.exchange, where.routing_key))
    on_recovered(std::move(*recovered), where, now.wall);
}

void releaser::on_unknown(active& each) {
  ++each.route->count->unknown;
  uncertain_.insert(each.held.id.row);
  if (!each.route->may_release()) { // paused meanwhile: it is on disk
    if (each.probe) circuits_.lost_probe(each.held.id.row);
    leave(each);
    active_.erase(each.held.id.row);
    return;
  }
  each.repeat = true;
  enter_reading(each); // at the next pump
}

void releaser::fail(active& each, const address& where, reason why, std::string error, moment now) {
  const bool burial = each.why != reason::none;
  remember(each, why == reason::unroutable ? step::returned : step::refused, now.wall);
  ++each.failures;
  if (burial) ++each.route->count->dead_letter_failures;
  if (trips(each, where, error, now)) return;
  if (burial) {
    // Never dropped: it stays held, and is tried for ever.
    notes_.push_back({note::level::error,
                      "dead letter not accepted; it stays held and is tried again",
                      {{"id", to_string(each.held.id)},
                       {"route", each.route->is.name},
                       {"failures", std::to_string(each.failures)},
                       {"error", error}}});
    // The error of a dead letter stays the one that brought it there.
    remember(each, step::deferred, now.wall);
    defer(each, now.wall + schedule::delay_for(limits_.burial_backoff, each.failures, random_()), "");
  } else if (each.failures >= each.route->is.publish_attempts) {
    bury(each, why, std::move(error), now.wall);
  } else {
    const std::uint32_t failures = std::max<std::uint32_t>(each.failures, 1);
    remember(each, step::deferred, now.wall);
    defer(each, now.wall + schedule::delay_for(limits_.publish_backoff, failures, random_()), "");
  }
}

// From now on it is on its way to its dead letter.
void releaser::bury(active& each, reason why, std::string error, wall_time now) {
  remember(each, step::buried, now);
  each.why = why;
  each.failures = 0; // the dead letter's own failures count from here
  notes_.push_back({note::level::warning,
                    "message goes to its dead letter",
                    {{"id", to_string(each.held.id)},
                     {"route", each.route->is.name},
                     {"reason", std::string{proto::to_string(why)}},
                     {"error", error}}});
  defer(each, now, std::move(error));
}

void releaser::defer(active& each, wall_time due, std::string error) {
  if (std::exchange(each.probe, false)) circuits_.lost_probe(each.held.id.row);
  let_go(each);
  each.at = phase::closing;
  each.to = nullptr;
  deferrals_.push_back({each.held.id, due, each.failures, each.why, std::move(error)});
}

} // namespace postponed::relay
