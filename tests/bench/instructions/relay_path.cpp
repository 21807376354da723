#include "bench/instructions/relay_path.hpp"

#include "proto/properties.hpp"

#include <stdexcept>

namespace postponed::bench {

namespace {

using namespace std::chrono_literals;

constexpr proto::channel_id consuming = 1, publishing = 1;
constexpr std::size_t messages_a_read = 50;
constexpr auto period = 50ms;

void put_tag(std::string& frames, std::size_t at, std::uint64_t tag) {
  for (std::size_t i = 0; i < 8; ++i)
    frames[at + i] = static_cast<char>((tag >> (56 - 8 * i)) & 0xFF);
}

} // namespace

std::string properties_of_a_message(std::int64_t delay_ms) {
  proto::header_editor headers{{}};
  headers.set_integer("x-delay", delay_ms);
  headers.set_text("tenant", "a header of the application");
  const std::string table = headers.encode();
  proto::properties_view view;
  view.headers = table;
  view.content_type = "application/json";
  view.delivery_mode = std::uint8_t{2};
  return proto::encode(view);
}

relay::parameters relay_path::parameters_for(bool read_back) {
  relay::parameters limits;
  relay::route_parameters route;
  route.name = "orders";
  route.queue = "orders.later";
  route.release.queue = "orders.reminders.work";
  route.dead_letter.exchange = "dlx";
  limits.routes = {route};
  if (read_back) limits.keep_body = microseconds{0};
  return limits;
}

relay_path::relay_path(bool read_back)
    : read_back_{read_back}, engine_{parameters_for(read_back), [] { return 0.5; }} {
  engine_.start({});
  in_.open();
  in_.open_channel(consuming);
  out_.open();
  out_.open_channel(publishing);
  out_.client.select_confirms(publishing);
  out_.expect<amqp_confirm_select_t>(publishing);
  out_.reply(publishing, amqp_confirm_select_ok_t{});
  out_.take<proto::event::confirm_selected>();
  engine_.on_lane_open(relay::lane::main, now_);
  engine_.on_lane_open(relay::lane::probe, now_);

  const std::string_view tag = "postponed.orders";
  amqp_basic_deliver_t deliver{};
  deliver.consumer_tag = test::bytes(tag);
  deliver.exchange = test::bytes("shop");
  deliver.routing_key = test::bytes("order.placed.by-customer");
  frames_ = test::method_frame(consuming, deliver);
  tag_at_ = 7 + 4 + 1 + tag.size();
  frames_ += test::content_frames(consuming, properties_of_a_message(500), std::string(1024, 'x'));
  for (std::size_t i = 0; i < messages_a_read; ++i)
    chunk_ += frames_;
  amqp_basic_ack_t ack{};
  ack.multiple = 1;
  confirm_ = test::method_frame(publishing, ack);
}

void relay_path::receive() {
  for (std::size_t i = 0; i < messages_a_read; ++i)
    put_tag(chunk_, i * frames_.size() + tag_at_, ++delivered_);
  in_.client.receive(chunk_, now_.steady);
  for (proto::session_event& each : in_.client.take_events()) {
    auto* const delivery = std::get_if<proto::event::delivered>(&each);
    if (delivery == nullptr || !engine_.on_delivery(1, 1, std::move(*delivery), now_))
      throw std::runtime_error{"the session or the intake did not take a delivery"};
  }
}

void relay_path::perform() {
  engine_.run(now_, wanted_);
  for (const relay::publish_action& each : wanted_.publishes)
    published_ = out_.client.publish(publishing, each.exchange, each.routing_key, each.properties, each.body,
                                     /*mandatory=*/true);
  out_.client.output().clear();
  for (const relay::ack_action& each : wanted_.acks)
    in_.client.ack(consuming, each.tag, true);
  in_.client.output().clear();
  const std::vector<held_id> reads = std::exchange(wanted_.reads, {});
  const auto load = std::exchange(wanted_.load, std::nullopt);
  wanted_.publishes.clear();
  wanted_.acks.clear();
  if (!wanted_.notes.empty()) throw std::runtime_error{wanted_.notes.front().text};
  if (!reads.empty()) engine_.on_read(reads, store_.read(reads));
  // All that is held is known to the horizon from its commit: there is nothing more to load.
  if (load) engine_.on_loaded({{}, {load->until, INT64_MAX}, true});
}

void relay_path::commit() {
  if (!engine_.has_batch()) return;
  store_.commit(engine_.take_batch(), read_back_, outcome_);
  engine_.on_committed(std::move(outcome_), 1.0);
}

void relay_path::confirm() {
  if (published_ == confirmed_) return;
  confirmed_ = published_;
  put_tag(confirm_, 7 + 4, published_);
  out_.client.receive(confirm_, now_.steady);
  for (proto::session_event& each : out_.client.take_events())
    if (const auto* const ack = std::get_if<proto::event::confirmed>(&each))
      engine_.on_confirmed(relay::lane::main, ack->tag, ack->multiple, now_);
}

void relay_path::run(std::size_t messages) {
  for (std::size_t sent = 0; sent < messages; sent += messages_a_read) {
    receive();
    perform();
    commit();
    perform();
    confirm();
    perform();
    now_.wall += period;
    now_.steady += period;
  }
}

} // namespace postponed::bench
