#include "io/publisher.hpp"

#include "base/log.hpp"
#include "io/wall_timer.hpp"

#include <cassert>
#include <utility>

namespace postponed::io {

namespace {

using relay::lane;

constexpr proto::channel_id topology_channel = 3;

proto::channel_id channel_of(lane which) {
  return static_cast<proto::channel_id>(static_cast<unsigned>(which) + 1u);
}
bool is_lane(proto::channel_id channel) {
  return channel == 1 || channel == 2;
}
lane lane_of(proto::channel_id channel) {
  return channel == 1 ? lane::main : lane::probe;
}

// Reply codes with which a broker closes the connection over what it was sent; 320 (forced) and 541 during a
// shutdown apart, the same bytes would close it again.
bool blames_content(std::uint16_t code) {
  return code >= 501 && code != 541 && code != 530;
}

} // namespace

void publisher::on_event(proto::session_event&& event) {
  using namespace proto::event;
  const moment now = read_clocks();
  if (const auto* const ack = std::get_if<confirmed>(&event)) {
    if (is_lane(ack->channel)) engine_.on_confirmed(lane_of(ack->channel), ack->tag, ack->multiple, now);
  } else if (const auto* const back = std::get_if<returned>(&event)) {
    if (is_lane(back->channel))
      engine_.on_returned(lane_of(back->channel), back->content.properties, back->code, back->text);
  } else if (const auto* const no = std::get_if<refused>(&event)) {
    if (is_lane(no->channel)) engine_.on_refused(lane_of(no->channel), no->tag, no->multiple, now);
  } else if (std::holds_alternative<opened>(event)) {
    engine_.set_properties_max(link_->session().properties_max());
    begin_declaring();
  } else if (const auto* const open = std::get_if<channel_opened>(&event)) {
    if (is_lane(open->channel))
      link_->session().select_confirms(open->channel);
    else
      declare_next();
  } else if (const auto* const ready = std::get_if<confirm_selected>(&event)) {
    lane_open_[static_cast<std::size_t>(lane_of(ready->channel))] = true;
    engine_.on_lane_open(lane_of(ready->channel), now);
  } else if (const auto* const closed = std::get_if<channel_closed>(&event)) {
    if (is_lane(closed->channel)) {
      lane_open_[static_cast<std::size_t>(lane_of(closed->channel))] = false;
      engine_.on_lane_lost(lane_of(closed->channel), closed->code, closed->text, now);
    } else {
      const relay::topology_difference noted = topology_.on_refused(closed->code, closed->text);
      log::warning("topology differs", {{"what", noted.what},
                                        {"name", noted.name},
                                        {"kind", noted.kind},
                                        {"have", noted.have},
                                        {"want", noted.want}});
    }
    link_->session().open_channel(closed->channel);
  } else if (std::holds_alternative<exchange_declared>(event) ||
             std::holds_alternative<queue_declared>(event) || std::holds_alternative<queue_bound>(event)) {
    topology_.on_done();
    declare_next();
  } else if (const auto* const shut = std::get_if<channel_close_ok>(&event)) {
    if (is_lane(shut->channel)) return;
    declaring_ = false;
    if (next_steps_) begin_declaring();
  } else if (std::holds_alternative<blocked>(event)) {
    engine_.on_blocked(true, now);
  } else if (std::holds_alternative<unblocked>(event)) {
    engine_.on_blocked(false, now);
  }
}

void publisher::declare_next() {
  proto::session& session = link_->session();
  if (const relay::topology_step* const step = topology_.begin_next()) {
    struct visitor {
      proto::session& on;
      void operator()(const proto::binding_declaration& each) const { on.bind(topology_channel, each); }
      void operator()(const proto::exchange_declaration& each) const { on.declare(topology_channel, each); }
      void operator()(const proto::queue_declaration& each) const { on.declare(topology_channel, each); }
    };
    std::visit(visitor{session}, *step);
    return;
  }
  if (!topology_.finished()) return;
  if (session.channel_is_open(topology_channel)) session.close_channel(topology_channel);
  open_lanes();
}

// Only now: a broker that lost its topology would return what is published before it has it again.
void publisher::open_lanes() {
  proto::session& session = link_->session();
  for (const lane each : {lane::main, lane::probe})
    if (!session.channel_is_open(channel_of(each))) session.open_channel(channel_of(each));
  on_topology_ready_();
}

void publisher::set_verifying(bool verifying) {
  verifying_ = verifying;
  if (std::exchange(asked_, false)) declaring_ = false;
}

void publisher::on_verified() {
  declaring_ = asked_ = false;
  if (!link_->is_open()) return; // asked again when it is
  if (next_steps_)
    begin_declaring();
  else
    open_lanes();
  link_->flush();
}

void publisher::declare(std::vector<relay::topology_step> steps) {
  next_steps_ = std::move(steps);
  if (declaring_ || !link_->is_open()) return;
  begin_declaring();
  link_->flush();
}

void publisher::begin_declaring() {
  if (next_steps_) topology_.replace(*std::exchange(next_steps_, std::nullopt));
  declaring_ = true;
  if (verifying_) {
    asked_ = true;
    verify_();
    return;
  }
  topology_.restart();
  link_->session().open_channel(topology_channel);
}

void publisher::on_down(const link_down& why) {
  const moment now = read_clocks();
  declaring_ = asked_ = false;
  const std::uint16_t code = blames_content(why.code) ? why.code : std::uint16_t{0};
  for (const lane each : {lane::probe, lane::main}) {
    if (!lane_open_[static_cast<std::size_t>(each)]) continue;
    lane_open_[static_cast<std::size_t>(each)] = false;
    engine_.on_lane_lost(each, code, why.text, now);
  }
  engine_.on_blocked(false, now);
}

void publisher::publish(const relay::publish_action& act) {
  assert(lane_open_[static_cast<std::size_t>(act.on)]);
  const proto::delivery_tag tag = link_->session().publish(channel_of(act.on), act.exchange, act.routing_key,
                                                           act.properties, act.body, /*mandatory=*/true);
  assert(tag == act.tag);
  static_cast<void>(tag);
}

} // namespace postponed::io
