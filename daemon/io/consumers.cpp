#include "io/consumers.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace postponed::io {

namespace {

using namespace std::chrono_literals;

// A queue that does not exist yet is asked for again after this, growing to half a minute.
const schedule::backoff_policy consume_backoff{1s, 30s, 2.0, 0.2};

std::string consumer_tag(const relay::source& of) {
  return "postponed." + of.name;
}

} // namespace

consumers::consumers(boost::asio::io_context& context, delivery_handler on_delivery,
                     pending_predicate is_pending)
    : on_delivery_{std::move(on_delivery)}, is_pending_{std::move(is_pending)}, retry_{context} {}

consumers::lane* consumers::lane_of(proto::channel_id channel) {
  const auto at = channels_.find(channel);
  return at == channels_.end() ? nullptr : &lanes_.at(at->second);
}

proto::channel_id consumers::free_channel() const {
  proto::channel_id channel = first_channel;
  while (channels_.contains(channel))
    ++channel;
  return channel;
}

bool consumers::channel_is_open(const lane& each) const {
  return link_->is_open() && link_->session().channel_is_open(each.channel);
}

void consumers::set(const std::vector<relay::source>& wanted, std::uint16_t prefetch) {
  prefetch_ = prefetch;
  for (auto& [id, each] : lanes_) {
    const bool stays = std::any_of(wanted.begin(), wanted.end(),
                                   [&, own = id](const relay::source& one) { return one.id == own; });
    if (stays || each.retiring) continue;
    each.retiring = true;
    ++retiring_;
    log::info("no longer consuming", {{"route", each.of.name}, {"queue", each.of.queue}});
    cancel(each);
  }
  for (const relay::source& each : wanted) {
    const auto [at, added] = lanes_.try_emplace(each.id);
    if (!added) continue;
    at->second.of = each;
    at->second.channel = free_channel();
    channels_[at->second.channel] = each.id;
    if (link_->is_open()) begin(at->second);
  }
  retire();
  if (link_->is_open()) link_->flush();
}

void consumers::allow() {
  if (allowed_) return;
  allowed_ = true;
  if (!link_->is_open()) return;
  for (auto& [id, each] : lanes_)
    begin(each);
  link_->flush();
}

void consumers::begin(lane& each) {
  if (stopping_ || !allowed_ || each.retiring || !link_->is_open()) return;
  if (!link_->session().channel_is_open(each.channel)) {
    each.at = phase::opening;
    link_->session().open_channel(each.channel);
    return;
  }
  each.at = phase::preparing;
  link_->session().qos(each.channel, prefetch_);
  link_->session().consume(each.channel, each.of.queue, consumer_tag(each.of));
}

void consumers::on_event(proto::session_event&& event) {
  using namespace proto::event;
  if (auto* const delivery = std::get_if<delivered>(&event)) {
    lane* const each = lane_of(delivery->channel);
    assert(each != nullptr);
    if (each != nullptr) on_delivery_(each->of.id, each->epoch, std::move(*delivery));
    return;
  }
  if (std::holds_alternative<opened>(event)) {
    for (auto& [id, each] : lanes_)
      begin(each);
  } else if (const auto* const open = std::get_if<channel_opened>(&event)) {
    if (lane* const each = lane_of(open->channel)) {
      ++each->epoch;
      each->at = phase::waiting; // retiring: retire() closes it
      begin(*each);
    }
  } else if (const auto* const started = std::get_if<consume_ok>(&event)) {
    if (lane* const each = lane_of(started->channel)) {
      each->at = phase::consuming;
      each->problem.clear();
      each->failures = 0;
      log::info("consuming", {{"route", each->of.name}, {"queue", each->of.queue}});
      if (each->retiring) cancel(*each);
    }
  } else if (const auto* const closed = std::get_if<channel_closed>(&event)) {
    if (lane* const each = lane_of(closed->channel))
      postpone(*each, std::to_string(closed->code) + " " + closed->text);
  } else if (const auto* const gone = std::get_if<cancelled>(&event)) {
    if (lane* const each = lane_of(gone->channel))
      postpone(*each, "the broker cancelled the consumer (queue deleted or moved)");
  } else if (const auto* const ended = std::get_if<cancel_ok>(&event)) {
    if (lane* const each = lane_of(ended->channel)) each->at = phase::waiting;
  } else if (const auto* const shut = std::get_if<channel_close_ok>(&event)) {
    if (lane* const each = lane_of(shut->channel)) each->at = phase::closed;
  }
  retire();
}

void consumers::postpone(lane& each, std::string problem) {
  each.at = phase::waiting;
  if (stopping_ || each.retiring) return;
  if (problem != each.problem)
    log::warning("not consuming", {{"route", each.of.name}, {"queue", each.of.queue}, {"why", problem}});
  each.problem = std::move(problem);
  ++each.failures;
  each.retry_at = std::chrono::steady_clock::now() + schedule::delay_for(consume_backoff, each.failures, 0.5);
  retry_later();
}

void consumers::retry_later() {
  const lane* first = nullptr;
  for (const auto& [id, each] : lanes_)
    if (each.at == phase::waiting && !each.retiring && (first == nullptr || each.retry_at < first->retry_at))
      first = &each;
  if (first == nullptr || stopping_) return;
  retry_.expires_at(first->retry_at);
  retry_.async_wait([this](const boost::system::error_code& error) {
    if (error || stopping_) return;
    const auto now = std::chrono::steady_clock::now();
    for (auto& [id, each] : lanes_)
      if (each.at == phase::waiting && each.retry_at <= now) begin(each);
    if (link_->is_open()) link_->flush();
    retry_later();
  });
}

void consumers::on_down() {
  for (auto& [id, each] : lanes_) {
    each.at = phase::closed;
    each.problem = "not connected";
  }
  retire();
}

void consumers::ack(relay::source_id from, std::uint64_t epoch, std::uint64_t tag) {
  const auto at = lanes_.find(from);
  if (at == lanes_.end() || at->second.epoch != epoch || at->second.closing) return;
  if (channel_is_open(at->second)) link_->session().ack(at->second.channel, tag, true);
}

void consumers::retire() {
  if (retiring_ == 0) return;
  for (auto at = lanes_.begin(); at != lanes_.end();) {
    lane& each = at->second;
    const bool open = channel_is_open(each);
    const bool under_way =
        open ? each.at != phase::waiting
             : link_->is_open() && (each.at == phase::opening || (each.closing && each.at != phase::closed));
    if (!each.retiring || under_way || (open && (each.closing || is_pending_(each.of.id)))) {
      ++at;
      continue;
    }
    if (open) {
      each.closing = true;
      link_->session().close_channel(each.channel);
      ++at;
      continue;
    }
    channels_.erase(each.channel);
    at = lanes_.erase(at);
    --retiring_;
  }
}

void consumers::cancel(lane& each) {
  if (each.at != phase::consuming || !channel_is_open(each)) return;
  each.at = phase::cancelling;
  link_->session().cancel(each.channel, consumer_tag(each.of));
}

void consumers::stop() {
  stopping_ = true;
  retry_.cancel();
  if (!link_->is_open()) return;
  for (auto& [id, each] : lanes_)
    cancel(each);
  link_->flush();
}

bool consumers::stopped() const {
  return !link_->is_open() || std::none_of(lanes_.begin(), lanes_.end(), [](const auto& each) {
    return each.second.at == phase::cancelling;
  });
}

consumers::state consumers::state_of(relay::source_id from) const {
  const auto at = lanes_.find(from);
  if (at == lanes_.end()) return {false, "not consumed yet"};
  const lane& each = at->second;
  return {each.at == phase::consuming, each.at == phase::consuming ? std::string{} : each.problem};
}

} // namespace postponed::io
