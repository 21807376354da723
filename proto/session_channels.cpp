// Frames on the channels: answers to requests, deliveries, confirms, channel close.

#include "proto/session_impl.hpp"

namespace postponed::proto {

void session::impl::on_channel_frame(const frame& each, channel_state& channel) {
  switch (channel.at) {
  case channel_state::phase::closed:
    return; // AMQP 0-9-1, channel.close: what was under way is discarded
  case channel_state::phase::closing:
    if (each.type == frame_type::method) on_closing_channel_method(each, channel);
    return;
  case channel_state::phase::opening:
  case channel_state::phase::open:
    break;
  }
  if (each.type == frame_type::method)
    on_channel_method(each, channel);
  else
    on_content(each, channel);
}

void session::impl::on_content(const frame& each, channel_state& channel) {
  content_assembly& content = channel.content;
  const auto problem = each.type == frame_type::header ? content.on_header(each.payload, options.max_body)
                                                       : content.on_body(each.payload);
  if (problem) return fail(errc::malformed_frame, problem->code, std::string{problem->text});
  if (content.complete()) emit(content.take());
}

// Between our channel.close and its answer. The broker's own channel.close may have crossed it: answered, not
// reported, for the owner asked for no less; the answer to ours still comes.
void session::impl::on_closing_channel_method(const frame& each, channel_state& channel) {
  const auto decoded = decoder.decode(each.payload);
  if (!decoded) return;
  if (std::holds_alternative<method::channel_close>(*decoded)) {
    send([&](std::string& out) { return encode::channel_close_ok(out, each.channel); });
  } else if (std::holds_alternative<method::channel_close_ok>(*decoded)) {
    channel.at = channel_state::phase::closed;
    emit(event::channel_close_ok{each.channel});
  }
}

// The events that methods turn into, one overload for each that a channel may get. `false`: out of place.
struct session::impl::channel_reaction {
  impl& self;
  channel_state& channel;
  channel_id number;

  bool operator()(const method::basic_deliver& m) const {
    event::delivered incoming{number, std::string{m.consumer_tag}, m.tag, m.redelivered, {}};
    incoming.content.exchange = m.exchange;
    incoming.content.routing_key = m.routing_key;
    channel.content.begin(std::move(incoming));
    return true;
  }
  bool operator()(const method::basic_get_ok& m) const {
    if (!get_answered()) return false;
    event::got incoming{number, m.tag, m.redelivered, m.messages, {}};
    incoming.content.exchange = m.exchange;
    incoming.content.routing_key = m.routing_key;
    channel.content.begin(std::move(incoming));
    return true;
  }
  bool operator()(const method::basic_get_empty&) const {
    return get_answered() && emit(event::got_empty{number});
  }
  bool operator()(const method::basic_return& m) const {
    event::returned incoming{number, m.code, std::string{m.text}, {}};
    incoming.content.exchange = m.exchange;
    incoming.content.routing_key = m.routing_key;
    channel.content.begin(std::move(incoming));
    return true;
  }
  bool operator()(const method::basic_ack& m) const {
    return emit(event::confirmed{number, m.tag, m.multiple});
  }
  bool operator()(const method::basic_nack& m) const {
    return emit(event::refused{number, m.tag, m.multiple});
  }
  bool operator()(const method::channel_close& m) const {
    self.send([&](std::string& out) { return encode::channel_close_ok(out, number); });
    channel.at = channel_state::phase::closed;
    return emit(event::channel_closed{number, m.code, std::string{m.text}});
  }
  bool operator()(const method::confirm_select_ok&) const { return emit(event::confirm_selected{number}); }
  bool operator()(const method::exchange_declare_ok&) const { return emit(event::exchange_declared{number}); }
  bool operator()(const method::queue_declare_ok& m) const {
    return emit(event::queue_declared{number, std::string{m.queue}, m.messages, m.consumers});
  }
  bool operator()(const method::queue_bind_ok&) const { return emit(event::queue_bound{number}); }
  bool operator()(const method::basic_qos_ok&) const { return emit(event::qos_ok{number}); }
  bool operator()(const method::basic_consume_ok& m) const {
    return emit(event::consume_ok{number, std::string{m.consumer_tag}});
  }
  bool operator()(const method::basic_cancel_ok& m) const {
    return emit(event::cancel_ok{number, std::string{m.consumer_tag}});
  }
  bool operator()(const method::basic_cancel& m) const {
    if (!m.nowait)
      self.send([&](std::string& out) { return encode::cancel_ok(out, number, m.consumer_tag); });
    return emit(event::cancelled{number, std::string{m.consumer_tag}});
  }
  template <typename Other>
  bool operator()(const Other&) const {
    return false;
  }

 private:
  bool get_answered() const { return channel.gets > 0 && channel.gets-- > 0; }
  bool emit(session_event&& happened) const {
    self.emit(std::move(happened));
    return true;
  }
};

void session::impl::on_channel_method(const frame& each, channel_state& channel) {
  // Content is not to be interleaved with methods on its channel (AMQP 0-9-1 section 4.2.6).
  if (channel.content.under_way()) return unexpected(each.payload);
  const auto decoded = decoder.decode(each.payload);
  if (!decoded)
    return fail(errc::malformed_method, reply_code::frame_error,
                method_decoder::name_of(each.payload) + " that cannot be decoded");
  if (channel.at == channel_state::phase::opening) {
    if (std::holds_alternative<method::channel_open_ok>(*decoded)) {
      channel.at = channel_state::phase::open;
      channel.was_open = true;
      return emit(event::channel_opened{each.channel});
    }
    if (!std::holds_alternative<method::channel_close>(*decoded)) return unexpected(each.payload);
  }
  if (std::holds_alternative<method::other>(*decoded))
    return fail(errc::malformed_frame, reply_code::not_implemented,
                "this client does not know " + method_decoder::name_of(each.payload));
  if (!std::visit(channel_reaction{*this, channel, each.channel}, *decoded)) unexpected(each.payload);
}

} // namespace postponed::proto
