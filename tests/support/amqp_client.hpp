// An AMQP client for tests on rabbitmq-c's own connection and sockets, independent of postponed's session:
// blocking, one connection, one channel. Every failure throws std::runtime_error with the broker's words. One
// thread at a time.
#pragma once

#include "support/amqp_fields.hpp"

#include <amqp.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace postponed::test {

struct message_properties {
  std::optional<std::string> content_type, content_encoding, correlation_id, reply_to, expiration, message_id,
      type, user_id, app_id, cluster_id;
  std::optional<std::uint8_t> delivery_mode, priority; // delivery_mode 2: persistent
  std::optional<std::uint64_t> timestamp;              // seconds
  std::optional<fields> headers;

  bool operator==(const message_properties&) const = default;
};

struct delivery {
  std::uint64_t tag = 0;
  bool redelivered = false;
  std::string exchange, routing_key;
  message_properties properties;
  std::string raw_properties; // their bytes as they stood in the frame
  std::string body;
  std::chrono::system_clock::time_point arrived;

  const fields& headers() const; // empty where there are none
};

struct returned_message {
  int code = 0;
  std::string text, exchange, routing_key;
};

class amqp_client {
 public:
  // As guest on 127.0.0.1.
  explicit amqp_client(std::uint16_t port);
  ~amqp_client();
  amqp_client(const amqp_client&) = delete;
  amqp_client& operator=(const amqp_client&) = delete;

  // Objects are durable.
  void declare_exchange(const std::string& name, const std::string& type);
  void declare_queue(const std::string& name, const fields& arguments = {});
  void bind(const std::string& queue, const std::string& exchange, const std::string& routing_key);
  void delete_queue(const std::string& name);
  void delete_exchange(const std::string& name);
  void purge(const std::string& queue);
  // Messages ready in the queue. Throws where there is no such queue, which also ends this connection's
  // channel.
  std::uint32_t depth(const std::string& queue);

  // From here on every publish is confirmed by the broker.
  void select_confirms();
  // Persistent unless the properties say otherwise. Does not wait.
  void publish(const std::string& exchange, const std::string& routing_key, std::string_view body,
               const message_properties& properties = {}, bool mandatory = false);
  void publish_to_queue(const std::string& queue, std::string_view body, const fields& headers = {});
  // Waits until every publish since select_confirms() is confirmed. False where one is still open at the
  // deadline.
  bool wait_for_confirms(std::chrono::milliseconds deadline = std::chrono::seconds{30});
  std::uint64_t nacked() const { return nacked_; }
  const std::vector<returned_message>& returned() const { return returned_; }

  // prefetch 0: without limit; no_ack: the broker forgets what it sent.
  void consume(const std::string& queue, std::uint16_t prefetch = 0, bool no_ack = false);
  // The next delivery of any consumer, or nothing within the deadline.
  std::optional<delivery> next(std::chrono::milliseconds deadline);
  // Up to `count` of them, fewer where `deadline` passes without a new one; acked.
  std::vector<delivery> take(std::size_t count, std::chrono::milliseconds deadline);
  void ack(std::uint64_t tag, bool multiple = false);
  void reject(std::uint64_t tag, bool requeue);

 private:
  void check(amqp_rpc_reply_t reply, const std::string& what);
  void check(int status, const std::string& what);
  void pump(std::chrono::milliseconds wait);
  bool read_frame(amqp_frame_t& frame, std::chrono::milliseconds wait);
  void read_content(delivery& into);
  void confirmed(std::uint64_t tag, bool multiple);
  [[noreturn]] void on_close(const amqp_method_t& method);

  amqp_connection_state_t connection_;
  std::deque<delivery> deliveries_;
  std::vector<returned_message> returned_;
  bool confirming_ = false;
  std::uint64_t published_ = 0, nacked_ = 0;
  std::set<std::uint64_t> open_; // published, not confirmed
};

} // namespace postponed::test
