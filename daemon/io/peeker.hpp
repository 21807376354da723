// Looks into queues: the first messages are got on a channel of its own and copied. Peeking requeues them at
// once; taking holds them until settle() says whether they are acked. One queue at a time; a queue that does
// not exist costs the channel, which is opened anew.
//
// Requeued by basic.nack rather than by closing the channel: brokers from 4.3 on do not count that against
// the delivery limit of a quorum queue. Where the broker keeps silent, the channel is closed at the deadline,
// and what it holds goes back with it. Lives on the io_context's thread; after stop(), until that has run
// what is pending.
#pragma once

#include "io/broker_link.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace postponed::io {

struct peeked {
  struct item {
    bool redelivered = false;
    proto::message content;
  };
  std::string problem; // empty: it worked
  std::string warning; // what the looking costs this queue; empty: nothing that could be seen
  std::vector<item> messages;
  std::uint64_t left = 0;   // behind these, ready
  std::uint64_t ticket = 0; // for settle(), of what was taken
};

class peeker {
 public:
  struct limits {
    std::chrono::milliseconds answer{10000};  // waiting for others included
    std::size_t bytes = std::size_t{4} << 20; // properties and bodies; one message is always answered
  };
  using taker = std::function<void(peeked&&)>;

  // Of the connection's channels, `channel` is its own.
  peeker(boost::asio::io_context& context, proto::channel_id channel, limits bounds);
  proto::channel_id channel() const { return channel_; }
  void attach(broker_link& link) { link_ = &link; } // before anything else

  // The first `limit` messages of a queue (1 at least). `done` is called once, later.
  void peek(std::string queue, std::size_t limit, taker done);
  // The same, but they stay out of the queue until settle(), before which no other is looked into. Where the
  // answer has messages, settle() must follow. The broker has them back where the connection is lost.
  void take(std::string queue, std::size_t limit, taker done);
  void settle(std::uint64_t ticket,
              bool done); // false: back into the queue. A lost one's ticket settles nothing

  void on_event(proto::session_event&& event); // of our channel
  void on_down();
  void stop(); // those that wait are answered

 private:
  enum class phase : std::uint8_t { closed, opening, open, closing };
  struct job {
    std::string queue;
    std::size_t limit = 1, bytes = 0;
    std::uint64_t last_tag = 0;
    bool asked = false;
    bool keeps = false;
    peeked found;
    taker done;
    steady_time deadline{};
  };

  void add(std::string queue, std::size_t limit, bool keeps, taker done);
  void next();
  void on_got(proto::event::got&& got);
  void finish(std::string problem); // the first job
  void fail_all(const std::string& problem);
  void arm();

  boost::asio::io_context& context_;
  proto::channel_id channel_;
  limits limits_;
  broker_link* link_ = nullptr;
  std::deque<job> jobs_; // the first may be under way; in the order of their deadlines
  phase at_ = phase::closed;
  std::uint64_t kept_ = 0;    // the last tag of what was taken and is not settled; 0: nothing
  std::uint64_t tickets_ = 0; // given out; the last is that of what is kept
  bool stopping_ = false;
  boost::asio::steady_timer deadline_;
};

} // namespace postponed::io
