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

} // namespace

consumers::consumers(boost::asio::io_context& context, std::vector<intake> intakes,
                     delivery_handler on_delivery)
    : on_delivery_{std::move(on_delivery)}, retry_{context} {
  for (intake& each : intakes)
    lanes_.push_back({std::move(each), phase::closed, 0, "not connected", 0, {}});
}

consumers::lane* consumers::lane_of(proto::channel_id channel) {
  return channel >= 1 && channel <= lanes_.size() ? &lanes_[channel - 1u] : nullptr;
}

void consumers::allow() {
  if (allowed_) return;
  allowed_ = true;
  if (!link_->is_open()) return;
  for (std::size_t i = 0; i < lanes_.size(); ++i)
    begin(i);
  link_->flush();
}

void consumers::begin(std::size_t route) {
  lane& each = lanes_[route];
  if (stopping_ || !allowed_ || !link_->is_open()) return;
  const proto::channel_id channel = channel_of(route);
  if (!link_->session().channel_is_open(channel)) {
    each.at = phase::opening;
    link_->session().open_channel(channel);
    return;
  }
  each.at = phase::preparing;
  link_->session().qos(channel, each.of.prefetch);
  link_->session().consume(channel, each.of.queue, "postponed." + each.of.route);
}

void consumers::on_event(proto::session_event&& event) {
  using namespace proto::event;
  if (auto* const delivery = std::get_if<delivered>(&event)) {
    const std::size_t route = delivery->channel - 1u;
    assert(route < lanes_.size());
    on_delivery_(route, lanes_[route].epoch, std::move(*delivery));
    return;
  }
  if (std::holds_alternative<opened>(event)) {
    for (std::size_t i = 0; i < lanes_.size(); ++i)
      begin(i);
  } else if (const auto* const open = std::get_if<channel_opened>(&event)) {
    if (lane* const each = lane_of(open->channel)) {
      ++each->epoch;
      begin(open->channel - 1u);
    }
  } else if (const auto* const started = std::get_if<consume_ok>(&event)) {
    if (lane* const each = lane_of(started->channel)) {
      each->at = phase::consuming;
      each->problem.clear();
      each->failures = 0;
      log::info("consuming", {{"route", each->of.route}, {"queue", each->of.queue}});
    }
  } else if (const auto* const closed = std::get_if<channel_closed>(&event)) {
    if (lane_of(closed->channel) != nullptr)
      postpone(closed->channel - 1u, std::to_string(closed->code) + " " + closed->text);
  } else if (const auto* const gone = std::get_if<cancelled>(&event)) {
    if (lane_of(gone->channel) != nullptr)
      postpone(gone->channel - 1u, "the broker cancelled the consumer (queue deleted or moved)");
  } else if (const auto* const ended = std::get_if<cancel_ok>(&event)) {
    if (lane* const each = lane_of(ended->channel)) each->at = phase::waiting;
  }
}

void consumers::postpone(std::size_t route, std::string problem) {
  lane& each = lanes_[route];
  each.at = phase::waiting;
  if (stopping_) return;
  if (problem != each.problem)
    log::warning("not consuming", {{"route", each.of.route}, {"queue", each.of.queue}, {"why", problem}});
  each.problem = std::move(problem);
  ++each.failures;
  each.retry_at = std::chrono::steady_clock::now() + schedule::delay_for(consume_backoff, each.failures, 0.5);
  retry_later();
}

void consumers::retry_later() {
  const lane* first = nullptr;
  for (const lane& each : lanes_)
    if (each.at == phase::waiting && (first == nullptr || each.retry_at < first->retry_at)) first = &each;
  if (first == nullptr || stopping_) return;
  retry_.expires_at(first->retry_at);
  retry_.async_wait([this](const boost::system::error_code& error) {
    if (error || stopping_) return;
    const auto now = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < lanes_.size(); ++i)
      if (lanes_[i].at == phase::waiting && lanes_[i].retry_at <= now) begin(i);
    if (link_->is_open()) link_->flush();
    retry_later();
  });
}

void consumers::on_down() {
  for (lane& each : lanes_) {
    each.at = phase::closed;
    each.problem = "not connected";
  }
}

void consumers::ack(std::size_t route, std::uint64_t epoch, std::uint64_t tag) {
  if (!link_->is_open() || lanes_[route].epoch != epoch) return;
  const proto::channel_id channel = channel_of(route);
  if (link_->session().channel_is_open(channel)) link_->session().ack(channel, tag, true);
}

void consumers::stop() {
  stopping_ = true;
  retry_.cancel();
  if (!link_->is_open()) return;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (lanes_[i].at != phase::consuming || !link_->session().channel_is_open(channel_of(i))) continue;
    lanes_[i].at = phase::cancelling;
    link_->session().cancel(channel_of(i), "postponed." + lanes_[i].of.route);
  }
  link_->flush();
}

bool consumers::stopped() const {
  return !link_->is_open() || std::none_of(lanes_.begin(), lanes_.end(),
                                           [](const lane& each) { return each.at == phase::cancelling; });
}

consumers::state consumers::state_of(std::size_t route) const {
  const lane& each = lanes_[route];
  return {each.at == phase::consuming, each.at == phase::consuming ? std::string{} : each.problem};
}

} // namespace postponed::io
