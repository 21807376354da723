// What the owner asks for.

#include "proto/session_impl.hpp"

#include <cassert>

namespace postponed::proto {

session::impl::channel_state* session::impl::find(channel_id channel) {
  return channel < channels.size() ? &channels[channel] : nullptr;
}

session::impl::channel_state* session::impl::usable(channel_id channel) {
  channel_state* const found = find(channel);
  assert(found != nullptr && found->was_open && found->at != channel_state::phase::opening);
  return found != nullptr && found->at == channel_state::phase::open && at == phase::open ? found : nullptr;
}

delivery_tag session::impl::publish(channel_id channel, std::string_view exchange,
                                    std::string_view routing_key, std::string_view properties,
                                    std::string_view body, bool mandatory) {
  assert(exchange.size() <= 255 && routing_key.size() <= 255 && properties.size() >= 2);
  if (properties.size() > encode::content_properties_max(frame_max)) return 0;
  if (channel_state* const to = usable(channel); to != nullptr) {
    if (!encode::publish(output, channel, exchange, routing_key, mandatory)) return 0;
    encode::content(output, channel, properties, body, frame_max);
    last_sent = now;
  }
  // On a channel that closed meanwhile it counts on: an event to come tells the owner that all are lost.
  channel_state* const counted = find(channel);
  return counted != nullptr && counted->confirming ? ++counted->published : 0;
}

void session::open_channel(channel_id channel) {
  if (impl_->at != impl::phase::open) return;
  assert(channel >= 1 && channel <= impl_->channel_max);
  if (channel >= impl_->channels.size()) impl_->channels.resize(channel + std::size_t{1});
  impl::channel_state& opening = impl_->channels[channel];
  assert(opening.at == impl::channel_state::phase::closed);
  opening.at = impl::channel_state::phase::opening;
  opening.confirming = false;
  opening.published = 0;
  opening.gets = 0;
  opening.content.reset();
  impl_->send([&](std::string& out) { return encode::channel_open(out, channel); });
}

void session::close_channel(channel_id channel) {
  impl::channel_state* const closing = impl_->usable(channel);
  if (closing == nullptr) return;
  closing->at = impl::channel_state::phase::closing;
  closing->content.reset();
  impl_->send([&](std::string& out) { return encode::channel_close(out, channel, reply_code::success, {}); });
}

bool session::channel_is_open(channel_id channel) const {
  const impl::channel_state* const found = impl_->find(channel);
  return found != nullptr && found->at == impl::channel_state::phase::open;
}

void session::select_confirms(channel_id channel) {
  impl::channel_state* const selecting = impl_->usable(channel);
  if (selecting == nullptr) return;
  selecting->confirming = true;
  impl_->send([&](std::string& out) { return encode::confirm_select(out, channel); });
}

void session::qos(channel_id channel, std::uint16_t prefetch_count) {
  if (impl_->usable(channel) == nullptr) return;
  impl_->send([&](std::string& out) { return encode::qos(out, channel, prefetch_count); });
}

void session::consume(channel_id channel, std::string_view queue, std::string_view consumer_tag,
                      const argument_list& arguments) {
  if (impl_->usable(channel) == nullptr) return;
  impl_->send(
      [&](std::string& out) { return encode::consume(out, channel, queue, consumer_tag, arguments); });
}

void session::cancel(channel_id channel, std::string_view consumer_tag) {
  if (impl_->usable(channel) == nullptr) return;
  impl_->send([&](std::string& out) { return encode::cancel(out, channel, consumer_tag); });
}

void session::get(channel_id channel, std::string_view queue) {
  impl::channel_state* const asking = impl_->usable(channel);
  if (asking == nullptr) return;
  ++asking->gets;
  impl_->send([&](std::string& out) { return encode::get(out, channel, queue); });
}

void session::ack(channel_id channel, delivery_tag tag, bool multiple) {
  if (impl_->usable(channel) == nullptr) return;
  impl_->send([&](std::string& out) { return encode::ack(out, channel, tag, multiple); });
}

void session::nack(channel_id channel, delivery_tag tag, bool multiple, bool requeue) {
  if (impl_->usable(channel) == nullptr) return;
  impl_->send([&](std::string& out) { return encode::nack(out, channel, tag, multiple, requeue); });
}

delivery_tag session::publish(channel_id channel, std::string_view exchange, std::string_view routing_key,
                              std::string_view properties, std::string_view body, bool mandatory) {
  return impl_->publish(channel, exchange, routing_key, properties, body, mandatory);
}

std::size_t session::properties_max() const {
  return encode::content_properties_max(impl_->frame_max);
}

void session::declare(channel_id channel, const exchange_declaration& exchange) {
  if (impl_->usable(channel) == nullptr) return;
  impl_->send([&](std::string& out) { return encode::declare(out, channel, exchange); });
}

void session::declare(channel_id channel, const queue_declaration& queue) {
  if (impl_->usable(channel) == nullptr) return;
  impl_->send([&](std::string& out) { return encode::declare(out, channel, queue); });
}

void session::bind(channel_id channel, const binding_declaration& binding) {
  if (impl_->usable(channel) == nullptr) return;
  impl_->send([&](std::string& out) { return encode::bind(out, channel, binding); });
}

} // namespace postponed::proto
