// The consuming connection: one channel a route, so that a queue that vanishes takes no other intake with it.
// Lives on the io_context's thread.
#pragma once

#include "io/broker_link.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace postponed::io {

class consumers {
 public:
  struct intake {
    std::string route, queue;
    std::uint16_t prefetch = 1000; // unacked messages at most
  };
  using delivery_handler =
      std::function<void(std::size_t route, std::uint64_t epoch, proto::event::delivered&&)>;

  consumers(boost::asio::io_context& context, std::vector<intake> intakes, delivery_handler on_delivery);
  void attach(broker_link& link) { link_ = &link; } // before any event

  void allow(); // the topology stands: consuming may begin
  void on_event(proto::session_event&& event);
  void on_down();
  // Acks up to `tag`, unless the channel is another opening by now: the broker then delivers again.
  void ack(std::size_t route, std::uint64_t epoch, std::uint64_t tag);
  void stop();          // cancels every consumer; deliveries under way still come
  bool stopped() const; // every cancel was answered

  struct state {
    bool consuming = false;
    std::string problem;
  };
  state state_of(std::size_t route) const;

 private:
  enum class phase : std::uint8_t { closed, opening, preparing, consuming, cancelling, waiting };
  struct lane {
    intake of;
    phase at = phase::closed;
    std::uint64_t epoch = 0; // counts the openings of the channel
    std::string problem;
    unsigned failures = 0;
    steady_time retry_at{};
  };
  static proto::channel_id channel_of(std::size_t route) { return static_cast<proto::channel_id>(route + 1); }
  lane* lane_of(proto::channel_id channel);
  void begin(std::size_t route);
  void postpone(std::size_t route, std::string problem);
  void retry_later();

  std::vector<lane> lanes_;
  delivery_handler on_delivery_;
  broker_link* link_ = nullptr;
  boost::asio::steady_timer retry_;
  bool allowed_ = false;
  bool stopping_ = false;
};

} // namespace postponed::io
