// The broker taken away: a peer on a socket of 127.0.0.1 that speaks just enough AMQP 0-9-1 for a postponed
// daemon, hands it messages as fast as its prefetch lets, confirms what it publishes, and stores nothing.
// What a daemon does against it is the daemon's own ceiling; every queue exists, and none has messages but
// those given to deliver().
//
// A thread of its own, from the constructor to the destructor; the members may be called by any one other
// thread. Throws std::runtime_error.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace postponed::bench {

class peer {
 public:
  peer();
  ~peer();
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;

  std::uint16_t port() const { return port_; }

  struct work {
    std::size_t count = 0;                              // messages, over all consumers in turn
    std::size_t size = 0;                               // octets of a body
    std::function<std::string(std::size_t)> properties; // of each, in wire form; called on the peer's thread
  };
  // Replaces what there was to deliver; counts from zero.
  void deliver(work what);
  std::size_t acked() const { return acked_; }         // of the deliveries
  std::size_t published() const { return published_; } // and confirmed
  // Waits until so many are; throws where nothing moves for 30 s.
  void wait_for_acked(std::size_t count) const;
  void wait_for_published(std::size_t count) const;

 private:
  struct connection;
  void run(const std::stop_token& stop);
  void refill();
  static void wait_for(const std::atomic<std::size_t>& value, std::size_t count, const char* what);

  int listening_ = -1, wake_ = -1;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  work next_; // guarded by mutex_
  bool have_next_ = false;
  work now_; // the thread's own, as is all below
  std::size_t delivered_ = 0, turn_ = 0;
  std::vector<std::unique_ptr<connection>> connections_;
  std::atomic<std::size_t> acked_{0}, published_{0};
  std::jthread thread_; // last: it starts when all else stands
};

} // namespace postponed::bench
