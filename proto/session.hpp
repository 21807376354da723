// One AMQP 0-9-1 connection as a state machine: bytes and time in, bytes and events out. No socket, no clock.
//
// The owner (io/broker_link) feeds what it read to receive(), writes what output() holds, calls tick() no
// later than next_deadline(), and handles the events in order. All calls come from one thread. Requests may
// be made only after event::opened, and on a channel after its event::channel_opened: anything earlier is a
// broken invariant and asserts. The session is ahead of the events that the owner has handled: a request on a
// channel or connection that closed meanwhile is dropped, its closing being among the events to come. Source:
// AMQP 0-9-1 and RabbitMQ's extensions (basic.nack, confirm.select, connection.blocked,
// consumer_cancel_notify).
#pragma once

#include "proto/message.hpp"

#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace postponed::proto {

using steady_time = std::chrono::steady_clock::time_point;
using channel_id = std::uint16_t;
using delivery_tag = std::uint64_t;

struct session_options {
  enum class mechanism { plain, external };
  mechanism login = mechanism::plain;
  std::string user;
  std::string password;
  std::string virtual_host = "/";
  std::string connection_name; // shown by the broker's management page
  std::string product = "postponed";
  std::string version;
  std::chrono::seconds heartbeat{15}; // 0: none; the smaller non-zero of ours and the broker's counts
  std::uint32_t frame_max = 131072;   // bytes; at least 8192
  std::uint16_t channel_max = 64;
  std::chrono::milliseconds handshake_timeout{10000};
  std::size_t max_body = std::size_t{512} << 20; // a larger body is refused by closing the connection (501)
};

// A field value for client properties and declare arguments. Arrays hold pairs with empty names.
struct argument;
using argument_list = std::vector<argument>;
struct argument {
  std::string name;
  std::variant<std::monostate, bool, std::int64_t, double, std::string, argument_list> value;
  bool is_array = false; // with argument_list: an array, not a table
};

namespace event {
struct opened { // the handshake is done, requests may be made
  std::string server_product, server_version;
  std::uint32_t frame_max = 0;
  std::chrono::seconds heartbeat{0};
};
struct closed {                    // last event of a session; the owner closes the socket
  boost::system::error_code error; // set where we found the peer at fault; empty otherwise
  std::uint16_t code = 0;          // the broker's or our reply code; 200 after a clean close
  std::string text;                // what the broker said, or what is wrong
  bool by_peer = false;
};
struct channel_opened {
  channel_id channel = 0;
};
struct channel_closed { // by the broker; the number may be opened again
  channel_id channel = 0;
  std::uint16_t code = 0;
  std::string text;
};
struct channel_close_ok {
  channel_id channel = 0;
}; // answer to close_channel()
struct confirm_selected {
  channel_id channel = 0;
};
struct qos_ok {
  channel_id channel = 0;
};
struct consume_ok {
  channel_id channel = 0;
  std::string consumer_tag;
};
struct cancel_ok {
  channel_id channel = 0;
  std::string consumer_tag;
};
struct cancelled {
  channel_id channel = 0;
  std::string consumer_tag;
}; // by the broker: queue deleted, failed over
struct exchange_declared {
  channel_id channel = 0;
};
struct queue_declared {
  channel_id channel = 0;
  std::string queue;
  std::uint32_t messages = 0, consumers = 0;
};
struct queue_bound {
  channel_id channel = 0;
};
struct delivered {
  channel_id channel = 0;
  std::string consumer_tag;
  delivery_tag tag = 0;
  bool redelivered = false;
  message content;
};
struct got { // answer to get(): to be acked or nacked like a delivery
  channel_id channel = 0;
  delivery_tag tag = 0;
  bool redelivered = false;
  std::uint32_t messages = 0; // left in the queue and ready
  message content;
};
struct got_empty { // answer to get(): the queue has nothing ready
  channel_id channel = 0;
};
struct returned { // mandatory and unroutable; comes before the ack of its message
  channel_id channel = 0;
  std::uint16_t code = 0;
  std::string text;
  message content;
};
struct confirmed {
  channel_id channel = 0;
  delivery_tag tag = 0;
  bool multiple = false;
};
struct refused {
  channel_id channel = 0;
  delivery_tag tag = 0;
  bool multiple = false;
}; // basic.nack
struct blocked {
  std::string reason;
}; // a resource alarm: the broker stops reading publishers
struct unblocked {};
} // namespace event

using session_event =
    std::variant<event::opened, event::closed, event::channel_opened, event::channel_closed,
                 event::channel_close_ok, event::confirm_selected, event::qos_ok, event::consume_ok,
                 event::cancel_ok, event::cancelled, event::exchange_declared, event::queue_declared,
                 event::queue_bound, event::delivered, event::got, event::got_empty, event::returned,
                 event::confirmed, event::refused, event::blocked, event::unblocked>;

// The channel that an event is of; nothing where it is the connection's.
std::optional<channel_id> channel_of(const session_event& event);

struct exchange_declaration {
  std::string name, type = "direct";
  bool passive = false, durable = true, auto_delete = false, internal = false;
  argument_list arguments;
};
struct queue_declaration {
  std::string name;
  bool passive = false, durable = true, exclusive = false, auto_delete = false;
  argument_list arguments;
};
struct binding_declaration {
  std::string queue, exchange, routing_key;
  argument_list arguments;
};

class session {
 public:
  explicit session(session_options options);
  ~session();
  session(session&&) noexcept;
  session& operator=(session&&) noexcept;

  // --- driving ---
  void start(steady_time now); // queues the protocol header; call once, first
  void receive(std::string_view bytes, steady_time now);
  void tick(steady_time now);                       // heartbeats and timeouts that are due
  std::optional<steady_time> next_deadline() const; // when to call tick() at the latest
  std::vector<session_event> take_events();         // in the order in which they happened
  std::string& output();                            // bytes to write; the owner takes or clears them
  bool is_open() const;                             // between event::opened and closing
  bool is_closed() const;                           // event::closed was produced
  // While the owner does not read (to hold intake back), the peer's heartbeats lie unread and are not missed.
  void reading_paused(bool paused, steady_time now);

  // --- requests; each answer is the event of that name ---
  void open_channel(channel_id channel); // 1 .. channel_max
  void close_channel(channel_id channel);
  bool channel_is_open(channel_id channel) const;
  void select_confirms(channel_id channel);
  void qos(channel_id channel, std::uint16_t prefetch_count); // per consumer (global=false)
  void consume(channel_id channel, std::string_view queue, std::string_view consumer_tag,
               const argument_list& arguments = {}); // manual acks
  void cancel(channel_id channel, std::string_view consumer_tag);
  void get(channel_id channel, std::string_view queue); // one message, to be acked; got or got_empty
  void ack(channel_id channel, delivery_tag tag, bool multiple);
  void nack(channel_id channel, delivery_tag tag, bool multiple, bool requeue);
  // Returns the confirm tag: 1 for the first publish after select_confirms on this opening of the channel,
  // then counting up, also where the channel has closed meanwhile. 0 where confirms were not selected. The
  // body is split over frame_max. A routing key or exchange name over 255 bytes asserts: the relay checks
  // before. Properties over properties_max() fit no frame and would make the broker close the connection:
  // nothing is sent, and the tag is 0.
  delivery_tag publish(channel_id channel, std::string_view exchange, std::string_view routing_key,
                       std::string_view properties, std::string_view body, bool mandatory);
  std::size_t properties_max() const; // bytes; of the negotiated frame_max
  void declare(channel_id channel, const exchange_declaration& exchange);
  void declare(channel_id channel, const queue_declaration& queue);
  void bind(channel_id channel, const binding_declaration& binding);
  void close(std::uint16_t code, std::string_view text,
             steady_time now); // event::closed follows, 5 s at most

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace postponed::proto
