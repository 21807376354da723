#include "bench/peer.hpp"

#include "support/scripted_broker.hpp"

#include <amqp_framing.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <string_view>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace postponed::bench {

namespace {

using test::bytes;
using test::method_frame;

constexpr std::uint32_t frame_max = 131072;
constexpr std::size_t write_ahead = std::size_t{1} << 20; // octets gathered for a socket at most

std::uint64_t number(std::string_view octets, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i)
    value = value << 8 | static_cast<unsigned char>(octets[at + i]);
  return value;
}

std::string short_string(std::string_view octets, std::size_t at) {
  return std::string{octets.substr(at + 1, static_cast<unsigned char>(octets[at]))};
}

} // namespace

struct peer::connection {
  struct consumer {
    std::uint16_t channel = 0;
    std::string deliver; // a basic.deliver frame, whose delivery tag is written over
    std::size_t tag_at = 0;
    std::uint64_t tag = 0, acked = 0;
    std::size_t prefetch = 0;
  };
  struct publishing {
    std::uint64_t published = 0, confirmed = 0, body_left = 0;
  };

  explicit connection(int socket_) : socket{socket_} {}
  ~connection() { ::close(socket); }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  bool read(peer& of); // false: it is gone
  bool write();
  void confirm(peer& of);

  int socket;
  std::string in, out;
  std::size_t out_done = 0;
  std::vector<consumer> consumers;
  std::vector<std::size_t> prefetch; // by channel
  std::vector<publishing> channels;  // by channel

 private:
  void on_frame(peer& of, std::uint8_t type, std::uint16_t channel, std::string_view payload);
  void on_method(peer& of, std::uint16_t channel, std::string_view payload);
  void add_consumer(std::uint16_t channel, const std::string& tag);
  template <typename Method>
  void reply(std::uint16_t channel, Method fields) {
    out += method_frame(channel, fields);
  }
};

bool peer::connection::read(peer& of) {
  std::array<char, 262144> buffer;
  const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (got <= 0) return false;
  in.append(buffer.data(), static_cast<std::size_t>(got));
  std::string_view left = in;
  if (left.starts_with("AMQP") && left.size() >= 8) {
    reply(0, amqp_connection_start_t{0, 9, {0, nullptr}, bytes("PLAIN"), bytes("en_US")});
    left.remove_prefix(8);
  }
  while (left.size() >= 8) {
    const std::size_t size = number(left, 3, 4);
    if (left.size() < size + 8) break;
    on_frame(of, static_cast<std::uint8_t>(left[0]), static_cast<std::uint16_t>(number(left, 1, 2)),
             left.substr(7, size));
    left.remove_prefix(size + 8);
  }
  in.erase(0, in.size() - left.size());
  return true;
}

bool peer::connection::write() {
  while (out_done < out.size()) {
    const ssize_t wrote =
        ::send(socket, out.data() + out_done, out.size() - out_done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (wrote < 0 && errno == EAGAIN) return true;
    if (wrote < 0) return false;
    out_done += static_cast<std::size_t>(wrote);
  }
  out.clear();
  out_done = 0;
  return true;
}

void peer::connection::on_frame(peer& of, std::uint8_t type, std::uint16_t channel,
                                std::string_view payload) {
  if (channels.size() <= channel) {
    channels.resize(channel + 1u);
    prefetch.resize(channel + 1u);
  }
  publishing& at = channels[channel];
  if (type == AMQP_FRAME_METHOD) {
    on_method(of, channel, payload);
    return;
  }
  if (type == AMQP_FRAME_HEADER) at.body_left = number(payload, 4, 8);
  if (type == AMQP_FRAME_BODY) at.body_left -= payload.size();
  if (type != AMQP_FRAME_HEARTBEAT && at.body_left == 0) ++at.published;
}

void peer::connection::on_method(peer& of, std::uint16_t channel, std::string_view payload) {
  switch (const auto method = static_cast<std::uint32_t>(number(payload, 0, 4)); method) {
  case AMQP_CONNECTION_START_OK_METHOD:
    reply(0, amqp_connection_tune_t{2047, frame_max, 0});
    break;
  case AMQP_CONNECTION_TUNE_OK_METHOD:
  case AMQP_CHANNEL_CLOSE_OK_METHOD:
  case AMQP_BASIC_PUBLISH_METHOD: // its content follows
    break;
  case AMQP_CONNECTION_OPEN_METHOD:
    reply(0, amqp_connection_open_ok_t{bytes("")});
    break;
  case AMQP_CONNECTION_CLOSE_METHOD:
    reply(0, amqp_connection_close_ok_t{});
    break;
  case AMQP_CHANNEL_OPEN_METHOD:
    reply(channel, amqp_channel_open_ok_t{bytes("")});
    break;
  case AMQP_CHANNEL_CLOSE_METHOD:
    reply(channel, amqp_channel_close_ok_t{});
    break;
  case AMQP_CONFIRM_SELECT_METHOD:
    channels[channel] = {};
    reply(channel, amqp_confirm_select_ok_t{});
    break;
  case AMQP_EXCHANGE_DECLARE_METHOD:
    reply(channel, amqp_exchange_declare_ok_t{});
    break;
  case AMQP_QUEUE_DECLARE_METHOD: {
    const std::string queue = short_string(payload, 6);
    reply(channel, amqp_queue_declare_ok_t{bytes(queue), 0, 0});
    break;
  }
  case AMQP_QUEUE_BIND_METHOD:
    reply(channel, amqp_queue_bind_ok_t{});
    break;
  case AMQP_BASIC_QOS_METHOD:
    prefetch[channel] = number(payload, 8, 2);
    reply(channel, amqp_basic_qos_ok_t{});
    break;
  case AMQP_BASIC_CONSUME_METHOD: {
    const std::string tag = short_string(payload, 7 + short_string(payload, 6).size());
    add_consumer(channel, tag);
    reply(channel, amqp_basic_consume_ok_t{bytes(tag)});
    break;
  }
  case AMQP_BASIC_CANCEL_METHOD: {
    const std::string tag = short_string(payload, 4);
    std::erase_if(consumers, [&](const consumer& each) { return each.channel == channel; });
    reply(channel, amqp_basic_cancel_ok_t{bytes(tag)});
    break;
  }
  case AMQP_BASIC_ACK_METHOD: {
    const std::uint64_t tag = number(payload, 4, 8);
    const auto on = std::find_if(consumers.begin(), consumers.end(),
                                 [&](const consumer& each) { return each.channel == channel; });
    const bool multiple = payload[12] != 0;
    if (on == consumers.end()) break; // cancelled
    if ((!multiple && tag != on->acked + 1) || tag > on->tag)
      throw std::runtime_error{"peer: an ack that is none of those expected"};
    of.acked_ += tag - on->acked;
    on->acked = tag;
    break;
  }
  default:
    throw std::runtime_error{fmt::format("peer: no answer to method {:#x}", method)};
  }
}

void peer::connection::add_consumer(std::uint16_t channel, const std::string& tag) {
  consumer added;
  added.channel = channel;
  added.deliver = method_frame(channel, amqp_basic_deliver_t{bytes(tag), 0, 0, bytes(""), bytes("bench")});
  added.tag_at = 7 + 4 + 1 + tag.size();
  added.prefetch = prefetch[channel] == 0 ? 65535 : prefetch[channel];
  consumers.push_back(std::move(added));
}

// All that came whole meanwhile, in one ack a channel.
void peer::connection::confirm(peer& of) {
  for (std::size_t channel = 0; channel < channels.size(); ++channel) {
    publishing& at = channels[channel];
    if (at.published == at.confirmed) continue;
    of.published_ += at.published - at.confirmed;
    at.confirmed = at.published;
    reply(static_cast<std::uint16_t>(channel), amqp_basic_ack_t{at.published, 1});
  }
}

peer::peer() {
  listening_ = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listening_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(listening_, 16) != 0 ||
      ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error{"peer: cannot listen"};
  port_ = ntohs(address.sin_port);
  wake_ = ::eventfd(0, EFD_NONBLOCK);
  thread_ = std::jthread{[this](const std::stop_token& stop) {
    try {
      run(stop);
    } catch (const std::exception& error) {
      fmt::print(stderr, "{}\n", error.what()); // the waits then find that nothing moves
      connections_.clear();
    }
  }};
}

peer::~peer() {
  thread_.request_stop();
  ::eventfd_write(wake_, 1);
  thread_.join();
  ::close(listening_);
  ::close(wake_);
}

void peer::deliver(work what) {
  {
    const std::lock_guard lock{mutex_};
    next_ = std::move(what);
    have_next_ = true;
    acked_ = published_ = 0;
  }
  ::eventfd_write(wake_, 1);
}

// As much as prefetch and sockets take, one message a consumer in turn.
void peer::refill() {
  {
    const std::lock_guard lock{mutex_};
    if (have_next_) {
      now_ = std::move(next_);
      delivered_ = 0;
    }
    have_next_ = false;
  }
  std::vector<std::pair<connection*, std::size_t>> all;
  for (const auto& each : connections_)
    for (std::size_t i = 0; i < each->consumers.size(); ++i)
      all.emplace_back(each.get(), i);
  const std::string body(now_.size, 'x');
  for (std::size_t passed_over = 0; passed_over < all.size() && delivered_ < now_.count;) {
    auto& [on, which] = all[turn_++ % all.size()];
    connection::consumer& to = on->consumers[which];
    if (to.tag - to.acked >= to.prefetch || on->out.size() > write_ahead) {
      ++passed_over;
      continue;
    }
    passed_over = 0;
    const std::uint64_t tag = ++to.tag;
    for (std::size_t i = 0; i < 8; ++i)
      to.deliver[to.tag_at + i] = static_cast<char>(tag >> (56 - 8 * i) & 0xFF);
    on->out += to.deliver;
    on->out += test::content_frames(to.channel, now_.properties(delivered_++), body, frame_max - 8);
  }
}

void peer::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    refill();
    std::vector<pollfd> watched{{listening_, POLLIN, 0}, {wake_, POLLIN, 0}};
    for (const auto& each : connections_) {
      if (!each->write()) throw std::runtime_error{"peer: the daemon takes no more"};
      watched.push_back({each->socket, static_cast<short>(each->out.empty() ? POLLIN : POLLIN | POLLOUT), 0});
    }
    ::poll(watched.data(), watched.size(), 1000);
    eventfd_t ignored = 0;
    ::eventfd_read(wake_, &ignored);
    for (std::size_t i = connections_.size(); i-- > 0;)
      if ((watched[i + 2].revents & (POLLIN | POLLHUP)) != 0) {
        const bool there = connections_[i]->read(*this);
        connections_[i]->confirm(*this);
        if (!there) connections_.erase(connections_.begin() + static_cast<std::ptrdiff_t>(i));
      }
    if ((watched[0].revents & POLLIN) != 0) {
      const int socket = ::accept(listening_, nullptr, nullptr);
      const int yes = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      connections_.push_back(std::make_unique<connection>(socket));
    }
  }
}

void peer::wait_for(const std::atomic<std::size_t>& value, std::size_t count, const char* what) {
  std::size_t last = value;
  for (int idle_ms = 0; value < count; ++idle_ms) {
    ::usleep(1000);
    const std::size_t now = value;
    if (now != last) idle_ms = 0;
    last = now;
    if (idle_ms > 30000) throw std::runtime_error{fmt::format("{} of {} were {}", now, count, what)};
  }
}

void peer::wait_for_acked(std::size_t count) const {
  wait_for(acked_, count, "acked");
}

void peer::wait_for_published(std::size_t count) const {
  wait_for(published_, count, "published");
}

} // namespace postponed::bench
