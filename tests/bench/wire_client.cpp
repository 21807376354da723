#include "bench/wire_client.hpp"

#include "proto/headers.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace postponed::bench {

namespace {

proto::session_options options_for(const std::string& name) {
  proto::session_options options;
  options.user = options.password = "guest";
  options.connection_name = name;
  return options;
}

} // namespace

void wire_client::fail(const std::string& what) {
  throw std::runtime_error{what};
}

wire_client::wire_client(std::uint16_t port, const std::string& name)
    : session_{options_for(name)}, buffer_(262144) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    fail(std::string{"cannot connect to the broker: "} + std::strerror(errno));
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  session_.start(std::chrono::steady_clock::now());
  wait_for<proto::event::opened>();
}

wire_client::~wire_client() {
  ::close(socket_);
}

void wire_client::open_channel(proto::channel_id channel, bool confirms) {
  session_.open_channel(channel);
  wait_for<proto::event::channel_opened>();
  if (!confirms) return;
  session_.select_confirms(channel);
  wait_for<proto::event::confirm_selected>();
}

void wire_client::declare_queue(const std::string& name, bool quorum) {
  proto::queue_declaration queue;
  queue.name = name;
  if (quorum) queue.arguments.push_back({"x-queue-type", std::string{"quorum"}, false});
  session_.declare(1, queue);
  wait_for<proto::event::queue_declared>();
}

void wire_client::declare_waiting_queue(const std::string& name, const std::string& then) {
  proto::queue_declaration queue;
  queue.name = name;
  queue.arguments.push_back({"x-dead-letter-exchange", std::string{}, false});
  queue.arguments.push_back({"x-dead-letter-routing-key", then, false});
  session_.declare(1, queue);
  wait_for<proto::event::queue_declared>();
}

void wire_client::declare_delayed_exchange(const std::string& name, const std::string& queue) {
  proto::exchange_declaration exchange;
  exchange.name = name;
  exchange.type = "x-delayed-message";
  exchange.arguments.push_back({"x-delayed-type", std::string{"direct"}, false});
  session_.declare(1, exchange);
  wait_for<proto::event::exchange_declared>();
  session_.bind(1, {queue, name, queue, {}});
  wait_for<proto::event::queue_bound>();
}

void wire_client::write_all() {
  std::string& out = session_.output();
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t wrote = ::send(socket_, out.data() + done, out.size() - done, MSG_NOSIGNAL);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) fail(std::string{"write: "} + std::strerror(errno));
    done += static_cast<std::size_t>(wrote);
  }
  out.clear();
}

void wire_client::pump(std::chrono::milliseconds wait,
                       const std::function<void(proto::session_event&)>& on_event) {
  write_all();
  pollfd watched{socket_, POLLIN, 0};
  if (::poll(&watched, 1, static_cast<int>(wait.count())) > 0) {
    const ssize_t got = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
    if (got <= 0) fail("the broker closed the connection");
    session_.receive({buffer_.data(), static_cast<std::size_t>(got)}, std::chrono::steady_clock::now());
  }
  session_.tick(std::chrono::steady_clock::now());
  for (proto::session_event& each : session_.take_events()) {
    if (const auto* const closed = std::get_if<proto::event::closed>(&each)) fail("closed: " + closed->text);
    if (const auto* const gone = std::get_if<proto::event::channel_closed>(&each))
      fail("channel: " + gone->text);
    on_event(each);
  }
  write_all();
}

void wire_client::wait_for_either(wire_client& one, wire_client& other, std::chrono::milliseconds time) {
  one.write_all();
  other.write_all();
  pollfd watched[] = {{one.socket_, POLLIN, 0}, {other.socket_, POLLIN, 0}};
  ::poll(watched, 2, static_cast<int>(time.count()));
}

void declare_queues(std::uint16_t port, std::initializer_list<std::string> names) {
  wire_client setup{port, "bench setup"};
  setup.open_channel(1, false);
  for (const std::string& each : names)
    setup.declare_queue(each);
}

std::uint64_t now_us() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

std::string properties_with_delay(std::int64_t delay_ms) {
  proto::header_editor headers{{}};
  if (delay_ms >= 0) headers.set_integer("x-delay", delay_ms);
  const std::string table = headers.encode();
  proto::properties_view view;
  if (!headers.empty()) view.headers = table;
  view.delivery_mode = std::uint8_t{2};
  return proto::encode(view);
}

std::string properties_with_expiration(std::int64_t delay_ms) {
  const std::string milliseconds = std::to_string(delay_ms);
  proto::properties_view view;
  view.expiration = milliseconds;
  view.delivery_mode = std::uint8_t{2};
  return proto::encode(view);
}

std::string properties_as_released(std::int64_t delay_ms) {
  proto::release_stamp stamp;
  stamp.id = "1a2b3c4-5d6e7f8-90abcdef";
  stamp.route = "bench";
  stamp.due = proto::wall_time{std::chrono::microseconds{static_cast<std::int64_t>(now_us())}};
  return proto::release_properties(properties_with_delay(delay_ms), stamp);
}

} // namespace postponed::bench
