#include "support/amqp_client.hpp"

#include <amqp_framing.h>
#include <amqp_tcp_socket.h>

#include <algorithm>
#include <stdexcept>

namespace postponed::test {

namespace {

using namespace std::chrono_literals;

constexpr amqp_channel_t channel = 1;
constexpr std::uint64_t pump_each = 100; // publishes, so that the broker's confirms do not pile up unread

amqp_bytes_t bytes_of(std::string_view from) {
  return {from.size(), const_cast<char*>(from.data())};
}
std::string string_of(const amqp_bytes_t& from) {
  return {static_cast<const char*>(from.bytes), from.len};
}

timeval time_of(std::chrono::milliseconds from) {
  timeval to{};
  to.tv_sec = from.count() / 1000;
  to.tv_usec = from.count() % 1000 * 1000;
  return to;
}

// A pool for the length of one call.
struct pool {
  amqp_pool_t it;
  pool() { init_amqp_pool(&it, 4096); }
  ~pool() { empty_amqp_pool(&it); }
  pool(const pool&) = delete;
  pool& operator=(const pool&) = delete;
};

amqp_basic_properties_t to_amqp(const message_properties& from, pool& memory) {
  amqp_basic_properties_t to{};
  const auto set_text = [&](const std::optional<std::string>& value, amqp_bytes_t& place, amqp_flags_t flag) {
    if (!value) return;
    place = bytes_of(*value);
    to._flags |= flag;
  };
  set_text(from.content_type, to.content_type, AMQP_BASIC_CONTENT_TYPE_FLAG);
  set_text(from.content_encoding, to.content_encoding, AMQP_BASIC_CONTENT_ENCODING_FLAG);
  set_text(from.correlation_id, to.correlation_id, AMQP_BASIC_CORRELATION_ID_FLAG);
  set_text(from.reply_to, to.reply_to, AMQP_BASIC_REPLY_TO_FLAG);
  set_text(from.expiration, to.expiration, AMQP_BASIC_EXPIRATION_FLAG);
  set_text(from.message_id, to.message_id, AMQP_BASIC_MESSAGE_ID_FLAG);
  set_text(from.type, to.type, AMQP_BASIC_TYPE_FLAG);
  set_text(from.user_id, to.user_id, AMQP_BASIC_USER_ID_FLAG);
  set_text(from.app_id, to.app_id, AMQP_BASIC_APP_ID_FLAG);
  set_text(from.cluster_id, to.cluster_id, AMQP_BASIC_CLUSTER_ID_FLAG);
  to.delivery_mode = from.delivery_mode.value_or(2);
  to._flags |= AMQP_BASIC_DELIVERY_MODE_FLAG;
  if (from.priority) {
    to.priority = *from.priority;
    to._flags |= AMQP_BASIC_PRIORITY_FLAG;
  }
  if (from.timestamp) {
    to.timestamp = *from.timestamp;
    to._flags |= AMQP_BASIC_TIMESTAMP_FLAG;
  }
  if (from.headers) {
    to.headers = to_table(*from.headers, memory.it);
    to._flags |= AMQP_BASIC_HEADERS_FLAG;
  }
  return to;
}

message_properties from_amqp(const amqp_basic_properties_t& from) {
  message_properties to;
  const auto get_text = [&](std::optional<std::string>& place, const amqp_bytes_t& value, amqp_flags_t flag) {
    if ((from._flags & flag) != 0) place = string_of(value);
  };
  get_text(to.content_type, from.content_type, AMQP_BASIC_CONTENT_TYPE_FLAG);
  get_text(to.content_encoding, from.content_encoding, AMQP_BASIC_CONTENT_ENCODING_FLAG);
  get_text(to.correlation_id, from.correlation_id, AMQP_BASIC_CORRELATION_ID_FLAG);
  get_text(to.reply_to, from.reply_to, AMQP_BASIC_REPLY_TO_FLAG);
  get_text(to.expiration, from.expiration, AMQP_BASIC_EXPIRATION_FLAG);
  get_text(to.message_id, from.message_id, AMQP_BASIC_MESSAGE_ID_FLAG);
  get_text(to.type, from.type, AMQP_BASIC_TYPE_FLAG);
  get_text(to.user_id, from.user_id, AMQP_BASIC_USER_ID_FLAG);
  get_text(to.app_id, from.app_id, AMQP_BASIC_APP_ID_FLAG);
  get_text(to.cluster_id, from.cluster_id, AMQP_BASIC_CLUSTER_ID_FLAG);
  if ((from._flags & AMQP_BASIC_DELIVERY_MODE_FLAG) != 0) to.delivery_mode = from.delivery_mode;
  if ((from._flags & AMQP_BASIC_PRIORITY_FLAG) != 0) to.priority = from.priority;
  if ((from._flags & AMQP_BASIC_TIMESTAMP_FLAG) != 0) to.timestamp = from.timestamp;
  if ((from._flags & AMQP_BASIC_HEADERS_FLAG) != 0) to.headers = from_table(from.headers);
  return to;
}

template <class T>
const T& decoded(const amqp_frame_t& frame) {
  return *static_cast<const T*>(frame.payload.method.decoded);
}

} // namespace

const fields& delivery::headers() const {
  static const fields none;
  return properties.headers ? *properties.headers : none;
}

amqp_client::amqp_client(std::uint16_t port) : connection_(amqp_new_connection()) {
  try {
    const timeval patience = time_of(10s);
    amqp_socket_t* const socket = amqp_tcp_socket_new(connection_);
    if (socket == nullptr) throw std::runtime_error("amqp_tcp_socket_new");
    check(amqp_socket_open_noblock(socket, "127.0.0.1", port, &patience), "connect");
    amqp_set_rpc_timeout(connection_, &patience);
    check(amqp_login(connection_, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"), "login");
    amqp_channel_open(connection_, channel);
    check(amqp_get_rpc_reply(connection_), "channel.open");
  } catch (...) {
    amqp_destroy_connection(connection_);
    throw;
  }
}

amqp_client::~amqp_client() {
  // With a broker that is gone the close would wait for an answer in vain; unacked messages are requeued
  // anyway.
  const timeval patience = time_of(2s);
  amqp_set_rpc_timeout(connection_, &patience);
  amqp_connection_close(connection_, AMQP_REPLY_SUCCESS);
  amqp_destroy_connection(connection_);
}

void amqp_client::check(int status, const std::string& what) {
  if (status < 0) throw std::runtime_error(what + ": " + amqp_error_string2(status));
}

void amqp_client::check(amqp_rpc_reply_t reply, const std::string& what) {
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) return;
  if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION)
    throw std::runtime_error(what + ": " + amqp_error_string2(reply.library_error));
  try {
    on_close(reply.reply);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(what + ": " + error.what());
  }
}

void amqp_client::on_close(const amqp_method_t& method) {
  if (method.id == AMQP_CHANNEL_CLOSE_METHOD)
    throw std::runtime_error("channel closed: " +
                             string_of(static_cast<const amqp_channel_close_t*>(method.decoded)->reply_text));
  if (method.id == AMQP_CONNECTION_CLOSE_METHOD)
    throw std::runtime_error(
        "connection closed: " +
        string_of(static_cast<const amqp_connection_close_t*>(method.decoded)->reply_text));
  throw std::runtime_error("unexpected " + std::string{amqp_method_name(method.id)});
}

void amqp_client::declare_exchange(const std::string& name, const std::string& type) {
  amqp_exchange_declare(connection_, channel, bytes_of(name), bytes_of(type), 0, 1, 0, 0, amqp_empty_table);
  check(amqp_get_rpc_reply(connection_), "exchange.declare " + name);
}

void amqp_client::declare_queue(const std::string& name, const fields& arguments) {
  pool memory;
  amqp_queue_declare(connection_, channel, bytes_of(name), 0, 1, 0, 0, to_table(arguments, memory.it));
  check(amqp_get_rpc_reply(connection_), "queue.declare " + name);
}

void amqp_client::bind(const std::string& queue, const std::string& exchange,
                       const std::string& routing_key) {
  amqp_queue_bind(connection_, channel, bytes_of(queue), bytes_of(exchange), bytes_of(routing_key),
                  amqp_empty_table);
  check(amqp_get_rpc_reply(connection_), "queue.bind " + queue);
}

void amqp_client::delete_queue(const std::string& name) {
  amqp_queue_delete(connection_, channel, bytes_of(name), 0, 0);
  check(amqp_get_rpc_reply(connection_), "queue.delete " + name);
}

void amqp_client::delete_exchange(const std::string& name) {
  amqp_exchange_delete(connection_, channel, bytes_of(name), 0);
  check(amqp_get_rpc_reply(connection_), "exchange.delete " + name);
}

void amqp_client::purge(const std::string& queue) {
  amqp_queue_purge(connection_, channel, bytes_of(queue));
  check(amqp_get_rpc_reply(connection_), "queue.purge " + queue);
}

std::uint32_t amqp_client::depth(const std::string& queue) {
  const amqp_queue_declare_ok_t* const answer =
      amqp_queue_declare(connection_, channel, bytes_of(queue), 1, 0, 0, 0, amqp_empty_table);
  check(amqp_get_rpc_reply(connection_), "queue.declare (passive) " + queue);
  return answer->message_count;
}

void amqp_client::select_confirms() {
  amqp_confirm_select(connection_, channel);
  check(amqp_get_rpc_reply(connection_), "confirm.select");
  confirming_ = true;
}

void amqp_client::publish(const std::string& exchange, const std::string& routing_key, std::string_view body,
                          const message_properties& properties, bool mandatory) {
  pool memory;
  const amqp_basic_properties_t converted = to_amqp(properties, memory);
  check(amqp_basic_publish(connection_, channel, bytes_of(exchange), bytes_of(routing_key), mandatory ? 1 : 0,
                           0, &converted, bytes_of(body)),
        "basic.publish");
  if (!confirming_) return;
  open_.insert(++published_);
  if (published_ % pump_each == 0) pump(0ms);
}

void amqp_client::publish_to_queue(const std::string& queue, std::string_view body, const fields& headers) {
  message_properties properties;
  if (!headers.empty()) properties.headers = headers;
  publish("", queue, body, properties);
}

bool amqp_client::wait_for_confirms(std::chrono::milliseconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!open_.empty() && std::chrono::steady_clock::now() < end)
    pump(100ms);
  return open_.empty();
}

void amqp_client::consume(const std::string& queue, std::uint16_t prefetch, bool no_ack) {
  if (prefetch != 0) {
    amqp_basic_qos(connection_, channel, 0, prefetch, 0);
    check(amqp_get_rpc_reply(connection_), "basic.qos");
  }
  amqp_basic_consume(connection_, channel, bytes_of(queue), amqp_empty_bytes, 0, no_ack ? 1 : 0, 0,
                     amqp_empty_table);
  check(amqp_get_rpc_reply(connection_), "basic.consume " + queue);
}

std::optional<delivery> amqp_client::next(std::chrono::milliseconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (deliveries_.empty()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pump(std::max(left, 0ms));
    if (deliveries_.empty() && left <= 0ms) return std::nullopt;
  }
  delivery first = std::move(deliveries_.front());
  deliveries_.pop_front();
  return first;
}

std::vector<delivery> amqp_client::take(std::size_t count, std::chrono::milliseconds deadline) {
  std::vector<delivery> taken;
  while (taken.size() < count) {
    std::optional<delivery> got = next(deadline);
    if (!got) break;
    ack(got->tag);
    taken.push_back(std::move(*got));
  }
  return taken;
}

void amqp_client::ack(std::uint64_t tag, bool multiple) {
  check(amqp_basic_ack(connection_, channel, tag, multiple ? 1 : 0), "basic.ack");
}

void amqp_client::reject(std::uint64_t tag, bool requeue) {
  check(amqp_basic_reject(connection_, channel, tag, requeue ? 1 : 0), "basic.reject");
}

void amqp_client::confirmed(std::uint64_t tag, bool multiple) {
  open_.erase(multiple ? open_.begin() : open_.lower_bound(tag), open_.upper_bound(tag));
}

bool amqp_client::read_frame(amqp_frame_t& frame, std::chrono::milliseconds wait) {
  const timeval limit = time_of(wait);
  const int status = amqp_simple_wait_frame_noblock(connection_, &frame, &limit);
  if (status == AMQP_STATUS_TIMEOUT) return false;
  check(status, "reading");
  return true;
}

// The header frame and the body frames that follow a deliver or a return.
void amqp_client::read_content(delivery& into) {
  amqp_frame_t frame;
  if (!read_frame(frame, 30s) || frame.frame_type != AMQP_FRAME_HEADER)
    throw std::runtime_error("a message without its header frame");
  into.properties = from_amqp(*static_cast<const amqp_basic_properties_t*>(frame.payload.properties.decoded));
  into.raw_properties = string_of(frame.payload.properties.raw);
  const std::uint64_t size = frame.payload.properties.body_size;
  into.body.reserve(size);
  while (into.body.size() < size) {
    if (!read_frame(frame, 30s) || frame.frame_type != AMQP_FRAME_BODY)
      throw std::runtime_error("a message without its whole body");
    into.body.append(static_cast<const char*>(frame.payload.body_fragment.bytes),
                     frame.payload.body_fragment.len);
  }
}

// Takes all that is there; waits at most `wait` for the first.
void amqp_client::pump(std::chrono::milliseconds wait) {
  amqp_frame_t frame;
  for (; read_frame(frame, wait); wait = 0ms) {
    if (frame.frame_type != AMQP_FRAME_METHOD) throw std::runtime_error("unexpected frame");
    switch (frame.payload.method.id) {
    case AMQP_BASIC_DELIVER_METHOD: {
      const auto& method = decoded<amqp_basic_deliver_t>(frame);
      delivery each;
      each.tag = method.delivery_tag;
      each.redelivered = method.redelivered != 0;
      each.exchange = string_of(method.exchange);
      each.routing_key = string_of(method.routing_key);
      each.arrived = std::chrono::system_clock::now();
      read_content(each);
      deliveries_.push_back(std::move(each));
      break;
    }
    case AMQP_BASIC_RETURN_METHOD: {
      const auto& method = decoded<amqp_basic_return_t>(frame);
      returned_.push_back({method.reply_code, string_of(method.reply_text), string_of(method.exchange),
                           string_of(method.routing_key)});
      delivery ignored;
      read_content(ignored);
      break;
    }
    case AMQP_BASIC_ACK_METHOD: {
      const auto& method = decoded<amqp_basic_ack_t>(frame);
      confirmed(method.delivery_tag, method.multiple != 0);
      break;
    }
    case AMQP_BASIC_NACK_METHOD: {
      const auto& method = decoded<amqp_basic_nack_t>(frame);
      const std::size_t before = open_.size();
      confirmed(method.delivery_tag, method.multiple != 0);
      nacked_ += before - open_.size();
      break;
    }
    case AMQP_BASIC_CANCEL_METHOD:
      throw std::runtime_error("the consumer was cancelled by the broker");
    default:
      on_close(frame.payload.method);
    }
    amqp_maybe_release_buffers(connection_);
  }
}

} // namespace postponed::test
