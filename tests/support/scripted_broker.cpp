#include "support/scripted_broker.hpp"

#include <algorithm>

namespace postponed::test {

namespace {

template <typename Number>
void append_number(std::string& out, Number value) {
  for (std::size_t i = sizeof(Number); i-- > 0;)
    out += static_cast<char>((value >> (8 * i)) & 0xFF);
}

std::uint32_t number_at(std::string_view octets, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i)
    value = value << 8 | static_cast<unsigned char>(octets[i]);
  return value;
}

std::string name_of(amqp_method_number_t number) {
  const char* const name = amqp_method_name(number);
  return name != nullptr ? name : std::to_string(number);
}

std::string show(const proto::message& content) {
  return " exchange=" + content.exchange + " key=" + content.routing_key +
         " properties=" + content.properties + " body=" + content.body;
}

struct describer {
  using string = std::string;
  string operator()(const proto::event::opened& e) const {
    return "opened " + e.server_product + " " + e.server_version + " " + std::to_string(e.frame_max) + " " +
           std::to_string(e.heartbeat.count());
  }
  string operator()(const proto::event::closed& e) const {
    return "closed " + std::to_string(e.code) + " " + e.text + (e.by_peer ? " by peer " : " by us ") +
           (e.error ? e.error.message() : "");
  }
  string operator()(const proto::event::channel_opened& e) const { return on("channel_opened", e.channel); }
  string operator()(const proto::event::channel_closed& e) const {
    return on("channel_closed", e.channel) + " " + std::to_string(e.code) + " " + e.text;
  }
  string operator()(const proto::event::channel_close_ok& e) const {
    return on("channel_close_ok", e.channel);
  }
  string operator()(const proto::event::confirm_selected& e) const {
    return on("confirm_selected", e.channel);
  }
  string operator()(const proto::event::qos_ok& e) const { return on("qos_ok", e.channel); }
  string operator()(const proto::event::consume_ok& e) const {
    return on("consume_ok", e.channel) + e.consumer_tag;
  }
  string operator()(const proto::event::cancel_ok& e) const {
    return on("cancel_ok", e.channel) + e.consumer_tag;
  }
  string operator()(const proto::event::cancelled& e) const {
    return on("cancelled", e.channel) + e.consumer_tag;
  }
  string operator()(const proto::event::exchange_declared& e) const {
    return on("exchange_declared", e.channel);
  }
  string operator()(const proto::event::queue_declared& e) const {
    return on("queue_declared", e.channel) + e.queue + " " + std::to_string(e.messages) + " " +
           std::to_string(e.consumers);
  }
  string operator()(const proto::event::queue_bound& e) const { return on("queue_bound", e.channel); }
  string operator()(const proto::event::delivered& e) const {
    return on("delivered", e.channel) + e.consumer_tag + " " + std::to_string(e.tag) +
           (e.redelivered ? " redelivered" : "") + show(e.content);
  }
  string operator()(const proto::event::got& e) const {
    return on("got", e.channel) + std::to_string(e.tag) + (e.redelivered ? " redelivered " : " ") +
           std::to_string(e.messages) + show(e.content);
  }
  string operator()(const proto::event::got_empty& e) const { return on("got_empty", e.channel); }
  string operator()(const proto::event::returned& e) const {
    return on("returned", e.channel) + std::to_string(e.code) + " " + e.text + show(e.content);
  }
  string operator()(const proto::event::confirmed& e) const {
    return on("confirmed", e.channel) + std::to_string(e.tag) + (e.multiple ? " multiple" : "");
  }
  string operator()(const proto::event::refused& e) const {
    return on("refused", e.channel) + std::to_string(e.tag) + (e.multiple ? " multiple" : "");
  }
  string operator()(const proto::event::blocked& e) const { return "blocked " + e.reason; }
  string operator()(const proto::event::unblocked&) const { return "unblocked"; }

  static string on(const char* what, proto::channel_id channel) {
    return string{what} + " on " + std::to_string(channel) + " ";
  }
};

} // namespace

amqp_bytes_t bytes(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};
}
std::string text(amqp_bytes_t bytes) {
  return bytes.len == 0 ? std::string{} : std::string{static_cast<const char*>(bytes.bytes), bytes.len};
}

std::string to_text(const proto::session_event& event) {
  return std::visit(describer{}, event);
}

std::string frame(std::uint8_t type, proto::channel_id channel, std::string_view payload) {
  std::string out;
  append_number(out, type);
  append_number(out, channel);
  append_number(out, static_cast<std::uint32_t>(payload.size()));
  out += payload;
  out += '\xCE';
  return out;
}

std::string method_frame(proto::channel_id channel, amqp_method_number_t number, void* fields) {
  std::string room(100'000, '\0');
  const int size = amqp_encode_method(number, fields, {room.size(), room.data()});
  if (size < 0) throw std::runtime_error{"cannot encode " + name_of(number)};
  std::string payload;
  append_number(payload, number);
  payload.append(room, 0, static_cast<std::size_t>(size));
  return frame(1, channel, payload);
}

std::string header_frame(proto::channel_id channel, std::uint64_t body_size, std::string_view properties) {
  std::string payload;
  append_number(payload, std::uint16_t{60});
  append_number(payload, std::uint16_t{0});
  append_number(payload, body_size);
  payload += properties;
  return frame(2, channel, payload);
}

std::string content_frames(proto::channel_id channel, std::string_view properties, std::string_view body,
                           std::size_t most) {
  std::string out = header_frame(channel, body.size(), properties);
  for (; !body.empty(); body.remove_prefix(std::min(most, body.size())))
    out += frame(3, channel, body.substr(0, most));
  return out;
}

scripted_broker::scripted_broker(proto::session_options options) : client{std::move(options)} {
  init_amqp_pool(&pool_, 4096);
}
scripted_broker::~scripted_broker() {
  empty_amqp_pool(&pool_);
}

void scripted_broker::expect_protocol_header() {
  listen();
  const std::string wanted{"AMQP\0\0\x09\x01", 8};
  if (!heard_.starts_with(wanted)) throw std::runtime_error{"no protocol header came: " + heard_};
  heard_.erase(0, wanted.size());
}

// Takes what the client has to write, and splits off its whole frames.
void scripted_broker::listen() {
  heard_ += client.output();
  client.output().clear();
  while (heard_.size() >= 7 && !heard_.starts_with("AMQP")) {
    const std::size_t size = number_at(std::string_view{heard_}.substr(3), 4);
    if (size + 8 > frame_max)
      throw std::runtime_error{"the client sends a frame of " + std::to_string(size + 8)};
    if (heard_.size() < size + 8) throw std::runtime_error{"the client sends half a frame"};
    if (heard_[size + 7] != '\xCE') throw std::runtime_error{"the client's frame has no end"};
    const auto channel = static_cast<proto::channel_id>(number_at(std::string_view{heard_}.substr(1), 2));
    frames_.push_back({static_cast<std::uint8_t>(heard_.front()), channel, heard_.substr(7, size)});
    heard_.erase(0, size + 8);
  }
}

const scripted_broker::client_frame& scripted_broker::next_frame(const char* wanted) {
  listen();
  if (frames_.empty()) throw std::runtime_error{std::string{"the client says nothing instead of "} + wanted};
  taken_.push_back(std::move(frames_.front()));
  frames_.pop_front();
  return taken_.back();
}

const void* scripted_broker::expect_method(proto::channel_id channel, amqp_method_number_t number) {
  const std::string name = name_of(number);
  const client_frame& came = next_frame(name.c_str());
  const amqp_method_number_t actual = came.type == 1 ? number_at(came.payload, 4) : 0;
  if (actual != number || came.channel != channel)
    throw std::runtime_error{"instead of " + name + " on " + std::to_string(channel) +
                             " came a frame of type " + std::to_string(came.type) + ", " + name_of(actual) +
                             " on " + std::to_string(came.channel)};
  void* decoded = nullptr;
  if (amqp_decode_method(number, &pool_, bytes(std::string_view{came.payload}.substr(4)), &decoded) !=
      AMQP_STATUS_OK)
    throw std::runtime_error{name + " cannot be decoded"};
  return decoded;
}

scripted_broker::content scripted_broker::expect_content(proto::channel_id channel) {
  const client_frame header = next_frame("a content header");
  if (header.type != 2 || header.channel != channel || header.payload.size() < 14 ||
      number_at(header.payload, 2) != 60)
    throw std::runtime_error{"this is no content header on that channel"};
  const std::uint64_t size = std::uint64_t{number_at(std::string_view{header.payload}.substr(4), 4)} << 32 |
                             number_at(std::string_view{header.payload}.substr(8), 4);
  content came{header.payload.substr(12), {}, {}};
  while (came.body.size() < size) {
    const client_frame& body = next_frame("a body");
    if (body.type != 3 || body.channel != channel)
      throw std::runtime_error{"this is no body on that channel"};
    came.body += body.payload;
    came.body_frames.push_back(body.payload.size());
  }
  return came;
}

void scripted_broker::expect_heartbeat() {
  const client_frame& came = next_frame("a heartbeat");
  if (came.type != 8 || came.channel != 0 || !came.payload.empty())
    throw std::runtime_error{"this is no heartbeat"};
}

void scripted_broker::expect_silence() {
  listen();
  if (!frames_.empty() || !heard_.empty())
    throw std::runtime_error{"the client says something: a frame of type " +
                             std::to_string(frames_.empty() ? 0 : frames_.front().type)};
}

scripted_broker& scripted_broker::send(std::string_view octets) {
  if (octet_by_octet)
    for (std::size_t i = 0; i < octets.size(); ++i)
      client.receive(octets.substr(i, 1), now);
  else
    client.receive(octets, now);
  return *this;
}

scripted_broker& scripted_broker::deliver(proto::channel_id channel, proto::delivery_tag tag,
                                          std::string_view properties, std::string_view body) {
  return send(
      method_frame(channel, amqp_basic_deliver_t{bytes("reader"), tag, 0, bytes("orders"), bytes("later")}) +
      content_frames(channel, properties, body));
}

proto::session_event scripted_broker::next_event() {
  for (proto::session_event& each : client.take_events())
    events_.push_back(std::move(each));
  if (events_.empty()) throw std::runtime_error{"no event came"};
  proto::session_event next = std::move(events_.front());
  events_.pop_front();
  return next;
}

void scripted_broker::expect_no_event() {
  const std::vector<std::string> rest = all_events();
  if (!rest.empty()) throw std::runtime_error{"an event came: " + rest.front()};
}

std::vector<std::string> scripted_broker::all_events() {
  for (proto::session_event& each : client.take_events())
    events_.push_back(std::move(each));
  std::vector<std::string> lines;
  for (const proto::session_event& each : events_)
    lines.push_back(to_text(each));
  events_.clear();
  return lines;
}

void scripted_broker::pass(std::chrono::milliseconds time) {
  now += time;
  client.tick(now);
}

void scripted_broker::greet(std::string_view mechanisms) {
  client.start(now);
  expect_protocol_header();
  amqp_table_entry_t product[2]{};
  product[0].key = bytes("product");
  product[0].value.kind = AMQP_FIELD_KIND_UTF8;
  product[0].value.value.bytes = bytes("RabbitMQ");
  product[1].key = bytes("version");
  product[1].value.kind = AMQP_FIELD_KIND_UTF8;
  product[1].value.value.bytes = bytes("4.3.6");
  reply(amqp_connection_start_t{0, 9, {2, product}, bytes(mechanisms), bytes("en_US")});
}

void scripted_broker::open() {
  greet();
  expect<amqp_connection_start_ok_t>();
  reply(amqp_connection_tune_t{2047, static_cast<std::uint32_t>(frame_max), heartbeat});
  expect<amqp_connection_tune_ok_t>();
  expect<amqp_connection_open_t>();
  reply(amqp_connection_open_ok_t{bytes("")});
  take<proto::event::opened>();
  expect_no_event();
}

void scripted_broker::open_channel(proto::channel_id channel) {
  client.open_channel(channel);
  expect<amqp_channel_open_t>(channel);
  reply(channel, amqp_channel_open_ok_t{bytes("")});
  take<proto::event::channel_opened>();
}

} // namespace postponed::test
