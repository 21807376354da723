#include "relay/intake.hpp"

#include "base/fingerprint.hpp"

#include <cassert>
#include <utility>

namespace postponed::relay {

namespace {

std::string too_large(std::size_t size, std::size_t limit) {
  return "the body has " + std::to_string(size) + " bytes, the route takes " + std::to_string(limit) +
         " at most";
}

} // namespace

void intake::on_delivery(std::size_t route_index, std::uint64_t epoch, proto::event::delivered&& delivery,
                         moment now) {
  const route_parameters& route = limits_.routes[route_index];
  route_counters& count = count_.routes[route.name];
  proto::message& content = delivery.content;
  ++count.intake;
  if (delivery.redelivered) ++count.redelivered;

  store::insert_request request;
  request.token = next_token_++;
  request.redelivered = delivery.redelivered;
  held_record& record = request.record;
  record.first_seen = now.wall;
  record.route = route.name;
  record.attempt = proto::attempt_of(content.properties);

  const proto::due_outcome due = proto::read_due(content.properties, route.delay, now.wall);
  record.due = due.problem == reason::none ? due.due : now.wall;
  record.relative = due.relative;
  record.why = due.problem;
  record.error = due.error;
  if (content.body.size() > route.max_size) {
    record.due = now.wall;
    record.why = reason::too_large;
    record.error = too_large(content.body.size(), route.max_size);
  }
  if (const auto message_id = proto::message_id_of(content.properties)) {
    // Headers are left out: the broker adds to them when it delivers again (x-delivery-count).
    const auto digest =
        fingerprint_of({route.queue, *message_id, content.exchange, content.routing_key, content.body});
    request.content = {digest.first, digest.second};
  }
  record.content = std::move(content);

  waiting entry;
  entry.token = request.token;
  entry.route = route_index;
  entry.epoch = epoch;
  entry.tag = delivery.tag;
  entry.bytes = record.content.body.size() + record.content.properties.size();
  entry.redelivered = delivery.redelivered;
  entry.recognisable = !request.content.empty();
  if (record.due < now.wall + limits_.keep_body && may_keep_(entry.bytes + pending_bytes_))
    entry.record = record;
  pending_bytes_ += entry.bytes;
  pending_.push_back(std::move(entry));
  inserts_.push_back(std::move(request));
}

std::vector<store::insert_request> intake::take_inserts() {
  return std::exchange(inserts_, {});
}

std::vector<intake::committed> intake::on_committed(const store::commit_outcome& outcome,
                                                    std::vector<ack_action>& acks) {
  std::vector<committed> result;
  result.reserve(outcome.inserts.size());
  const std::size_t first_ack = acks.size();
  for (const store::insert_outcome& each : outcome.inserts) {
    assert(!pending_.empty() && pending_.front().token == each.token);
    waiting& entry = pending_.front();
    const std::string& route = limits_.routes[entry.route].name;
    route_counters& count = count_.routes[route];
    if (each.duplicate) {
      ++count.duplicates;
    } else {
      if (entry.redelivered && !entry.recognisable) ++count.unrecognised;
      result.push_back({each.held, route, std::move(entry.record)});
    }
    // One ack for each channel, for the latest of it.
    bool found = false;
    for (std::size_t i = first_ack; i < acks.size() && !found; ++i) {
      if (acks[i].route != entry.route || acks[i].epoch != entry.epoch) continue;
      acks[i].tag = entry.tag;
      found = true;
    }
    if (!found) acks.push_back({entry.route, entry.epoch, entry.tag});
    pending_bytes_ -= entry.bytes;
    pending_.pop_front();
  }
  return result;
}

} // namespace postponed::relay
