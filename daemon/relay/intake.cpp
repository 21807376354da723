#include "relay/intake.hpp"

#include "base/fingerprint.hpp"
#include "relay/letters.hpp"

#include <cassert>
#include <utility>

namespace postponed::relay {

namespace {

store::fingerprint as_fingerprint(const std::pair<std::uint64_t, std::uint64_t>& digest) {
  return {digest.first, digest.second};
}

// An attempt is not the one before again, nor is a replay what it replays.
store::fingerprint dedup_of(const std::string& route, const dedup_policy& policy, const held_record& record) {
  const auto key = dedup_key(policy, record.content);
  if (!key) return {};
  return as_fingerprint(
      fingerprint_of({route, *key, std::to_string(record.attempt) + "/" + std::to_string(record.replays)}));
}

} // namespace

bool intake::on_delivery(source_id from, std::uint64_t epoch, proto::event::delivered&& delivery,
                         moment now) {
  waiting entry;
  entry.from = from;
  entry.epoch = epoch;
  entry.tag = delivery.tag;
  entry.bytes = delivery.content.body.size() + delivery.content.properties.size();
  entry.received = now.wall;
  entry.redelivered = delivery.redelivered;
  if (route_entry* const route = routes_.from(from)) {
    take_message(*route, std::move(delivery.content), std::move(entry), now);
    return true;
  }
  if (const dead_letter_parameters* const dead_letter = routes_.letter_from(from)) {
    take_letter(*dead_letter, std::move(delivery.content), std::move(entry), now);
    return true;
  }
  return false;
}

void intake::take_message(route_entry& route, proto::message&& content, waiting entry, moment now) {
  ++route.count->intake;
  if (entry.redelivered) ++route.count->redelivered;
  arrival judged = judge_arrival(route.is, content, now.wall, random_());
  if (judged.why == reason::loop) ++route.count->hops_cut;
  if (judged.round_again) {
    keep_apart(route, std::move(judged), std::move(content), std::move(entry), now);
    return;
  }
  if (judged.failed && judged.why == reason::none) ++route.count->retries;

  store::insert_request request;
  request.token = next_token_++;
  request.redelivered = entry.redelivered;
  held_record& record = request.record;
  record.due = judged.due;
  record.relative = judged.relative;
  record.first_seen = judged.first_seen;
  record.route = route.is.name;
  record.attempt = judged.attempt;
  record.hops = judged.hops;
  record.replays = judged.replays;
  record.why = judged.why;
  record.error = std::move(judged.error);
  request.content = delivered_as(route.is.queue, content);
  record.content = std::move(content);
  if (route.is.dedup && record.why == reason::none) {
    request.dedup = dedup_of(route.is.name, *route.is.dedup, record);
    request.dedup_until = now.wall + route.is.dedup->window;
  }
  entry.route = &route;
  entry.recognisable = !request.content.empty();
  request.give_back = record.due < now.wall + limits_.keep_body && may_keep_(entry.bytes + pending_bytes_);
  expect(pending_, std::move(entry));
  inserts_.push_back(std::move(request));
}

void intake::take_letter(const dead_letter_parameters& dead_letter, proto::message&& content, waiting entry,
                         moment now) {
  dead_letter_counters& count = count_.dead_letters[dead_letter.name];
  ++count.collected;
  if (entry.redelivered) ++count.redelivered;
  add_letter(letter_of(dead_letter, std::move(content), now.wall), std::move(entry));
}

// A dead letter that led back to the intake although it was cut for looping: to publish it would go on for
// ever.
void intake::keep_apart(const route_entry& route, arrival&& judged, proto::message&& content, waiting entry,
                        moment now) {
  dead_letter_parameters as;
  as.name = route.is.dead_letter_name;
  store::letter value = letter_of(as, std::move(content), now.wall);
  value.reason = proto::to_string(judged.why);
  value.error = judged.error + "; kept in the store, published nowhere";
  value.group = group_of(value.reason, value.error);
  add_letter(std::move(value), std::move(entry));
}

void intake::add_letter(store::letter&& value, waiting entry) {
  entry.dead_letter = value.dead_letter;
  store::letter_insert request;
  request.token = next_token_++;
  request.value = std::move(value);
  expect(pending_letters_, std::move(entry));
  letters_.push_back(std::move(request));
}

void intake::expect(std::deque<waiting>& in, waiting&& entry) {
  pending_bytes_ += entry.bytes;
  ++by_source_[entry.from];
  in.push_back(std::move(entry));
}

// The first of `in` is durable: its ack, one for each channel, for the latest of it.
void intake::finish(std::deque<waiting>& in, std::vector<ack_action>& acks, std::size_t first_ack) {
  const waiting& entry = in.front();
  bool found = false;
  for (std::size_t i = first_ack; i < acks.size() && !found; ++i) {
    if (acks[i].from != entry.from || acks[i].epoch != entry.epoch) continue;
    acks[i].tag = std::max(acks[i].tag, entry.tag);
    found = true;
  }
  if (!found) acks.push_back({entry.from, entry.epoch, entry.tag});
  pending_bytes_ -= entry.bytes;
  if (const auto at = by_source_.find(entry.from); --at->second == 0) by_source_.erase(at);
  in.pop_front();
}

std::vector<intake::committed> intake::on_committed(store::commit_outcome& outcome,
                                                    std::vector<ack_action>& acks, notes& told) {
  std::vector<committed> result;
  result.reserve(outcome.inserts.size());
  const std::size_t first_ack = acks.size();
  for (store::insert_outcome& each : outcome.inserts) {
    assert(!pending_.empty());
    waiting& entry = pending_.front();
    route_counters& count = *entry.route->count;
    if (each.duplicate) {
      ++count.duplicates;
    } else if (each.suppressed) {
      ++count.suppressed;
    } else {
      if (entry.redelivered && !entry.recognisable) ++count.unrecognised;
      routes_.learn(entry.route->is.name, each.held.route);
      result.push_back({each.held, entry.route, entry.received, std::move(each.record)});
    }
    finish(pending_, acks, first_ack);
  }
  for (const store::letter_id id : outcome.letters) {
    assert(!pending_letters_.empty());
    if (const route_entry* const route = routes_.from(pending_letters_.front().from))
      told.push_back({note::level::error,
                      "a loop: a dead letter came back to the intake; it is kept in the store",
                      {{"route", route->is.name},
                       {"queue", route->is.queue},
                       {"dead_letter", pending_letters_.front().dead_letter},
                       {"letter", std::to_string(id)}}});
    finish(pending_letters_, acks, first_ack);
  }
  return result;
}

} // namespace postponed::relay
