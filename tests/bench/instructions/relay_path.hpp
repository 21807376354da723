// A message's whole way through postponed but for the disk and the sockets: frames of a delivery -> session
// -> intake -> commit -> wheel -> publish -> session -> frames, confirm -> done. Deterministic: 50 messages
// of 1 KiB every 50 ms, all with the same delay; so that instructions and allocations can be counted. One
// thread.
#pragma once

#include "bench/instructions/flat_store.hpp"
#include "relay/engine.hpp"
#include "support/scripted_broker.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace postponed::bench {

// As a publisher writes them: JSON, persistent, with a delay and a header of its own.
std::string properties_of_a_message(std::int64_t delay_ms);

class relay_path {
 public:
  // `read_back`: bodies are not kept in memory until they are due, but read from the store.
  explicit relay_path(bool read_back);

  // Sends so many in, and lets time pass for them; what is still held after it is due later.
  void run(std::size_t messages);
  std::size_t done() const { return store_.done(); }

 private:
  static relay::parameters parameters_for(bool read_back);
  void receive();
  void perform();
  void commit();
  void confirm();

  bool read_back_;
  moment now_{wall_time{std::chrono::hours{24 * 365 * 50}}, steady_time{std::chrono::hours{1}}};
  test::scripted_broker in_, out_; // their clients are used; the brokers said hello
  flat_store store_{4096};
  relay::engine engine_;
  relay::actions wanted_;
  postponed::store::commit_outcome outcome_;
  std::string frames_;  // of one delivery
  std::size_t tag_at_;  // in it
  std::string chunk_;   // what a read brings
  std::string confirm_; // basic.ack, multiple
  std::uint64_t delivered_ = 0, published_ = 0, confirmed_ = 0;
};

} // namespace postponed::bench
