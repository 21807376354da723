// The consuming connection: one channel a source, so that a queue that vanishes takes no other intake with
// it. A source is an intake, or a dead-letter queue that is collected. Lives on the io_context's thread.
#pragma once

#include "io/broker_link.hpp"
#include "relay/actions.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace postponed::io {

class consumers {
 public:
  // The channels below are others' (io/watcher).
  static constexpr proto::channel_id first_channel = 8;

  using delivery_handler =
      std::function<void(relay::source_id from, std::uint64_t epoch, proto::event::delivered&&)>;
  // Whether something that was taken from a source is not acked yet.
  using pending_predicate = std::function<bool(relay::source_id from)>;

  consumers(boost::asio::io_context& context, delivery_handler on_delivery, pending_predicate is_pending);
  void attach(broker_link& link) { link_ = &link; } // before any event

  // What is to be consumed from now on. A source that is not among `wanted` is cancelled; its channel stays
  // open until what was taken is acked, then it closes, and the broker has back what was not.
  void set(const std::vector<relay::source>& wanted,
           std::uint16_t prefetch); // prefetch: unacked messages at most
  void allow();                     // the topology stands: consuming may begin
  void on_event(proto::session_event&& event);
  void on_down();
  // Acks up to `tag`, unless the channel is another opening by now: the broker then delivers again.
  void ack(relay::source_id from, std::uint64_t epoch, std::uint64_t tag);
  void retire();        // closes what set() left to be closed, as far as it may; call after acks
  void stop();          // cancels every consumer; deliveries under way still come
  bool stopped() const; // every cancel was answered

  struct state {
    bool consuming = false;
    std::string problem;
  };
  state state_of(relay::source_id from) const;

 private:
  enum class phase : std::uint8_t { closed, opening, preparing, consuming, cancelling, waiting };
  struct lane {
    relay::source of;
    proto::channel_id channel = 0;
    phase at = phase::closed;
    std::uint64_t epoch = 0; // counts the openings of the channel
    std::string problem = "not connected";
    unsigned failures = 0;
    steady_time retry_at{};
    bool retiring = false;
    bool closing = false; // retiring, and the close is on its way
  };
  using lanes = std::map<relay::source_id, lane>;

  lane* lane_of(proto::channel_id channel);
  proto::channel_id free_channel() const;
  bool channel_is_open(const lane& each) const;
  void begin(lane& each);
  void cancel(lane& each);
  void postpone(lane& each, std::string problem);
  void retry_later();

  lanes lanes_;
  std::map<proto::channel_id, relay::source_id> channels_;
  delivery_handler on_delivery_;
  pending_predicate is_pending_;
  broker_link* link_ = nullptr;
  boost::asio::steady_timer retry_;
  std::uint16_t prefetch_ = 1000;
  std::size_t retiring_ = 0;
  bool allowed_ = false;
  bool stopping_ = false;
};

} // namespace postponed::io
