#include "proto/session.hpp"

#include "proto/session_impl.hpp"

#include <algorithm>
#include <cassert>

namespace postponed::proto {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds close_timeout = 5s;
constexpr std::uint32_t frame_max_at_least =
    8192; // RabbitMQ 4.1 and later send longer frames than 4096 before tune
constexpr std::string_view protocol_header{"AMQP\0\0\x09\x01", 8};

boost::system::error_code timed_out() {
  return make_error_code(boost::system::errc::timed_out);
}

} // namespace

std::optional<channel_id> channel_of(const session_event& event) {
  return std::visit(
      [](const auto& each) -> std::optional<channel_id> {
        if constexpr (requires { each.channel; })
          return each.channel;
        else
          return std::nullopt;
      },
      event);
}

session::impl::impl(session_options given)
    : options{std::move(given)}, frame_max{std::max(options.frame_max, frame_max_at_least)},
      channel_max{options.channel_max} {
  assert(options.frame_max >= frame_max_at_least && options.channel_max > 0);
}

void session::impl::start(steady_time time) {
  assert(at == phase::idle);
  now = last_received = last_sent = time;
  deadline = time + options.handshake_timeout;
  output += protocol_header;
  at = phase::awaiting_start;
}

void session::impl::receive(std::string_view octets, steady_time time) {
  if (at == phase::closed || octets.empty()) return;
  assert(at != phase::idle);
  now = last_received = time;
  while (at != phase::closed) {
    frame each;
    switch (splitter.next(octets, frame_max, each)) {
    case frame_splitter::found::frame:
      on_frame(each);
      break;
    case frame_splitter::found::nothing:
      return;
    case frame_splitter::found::protocol_header:
      return fail(errc::protocol_mismatch, 0, "the peer speaks another version of AMQP than 0-9-1");
    case frame_splitter::found::foreign:
      return fail(errc::protocol_mismatch, 0,
                  "the peer does not speak AMQP; is TLS spoken on the plain port?");
    case frame_splitter::found::unknown_type:
      return fail(errc::malformed_frame, reply_code::frame_error, "a frame of unknown type");
    case frame_splitter::found::too_large:
      return fail(errc::malformed_frame, reply_code::frame_error, "a frame larger than negotiated");
    case frame_splitter::found::bad_end:
      return fail(errc::malformed_frame, reply_code::frame_error, "a frame without its end octet");
    }
  }
}

void session::impl::on_frame(const frame& each) {
  if (each.type == frame_type::heartbeat) {
    if (each.channel != 0) fail(errc::malformed_frame, reply_code::frame_error, "a heartbeat on a channel");
    return;
  }
  if (each.channel == 0) {
    if (each.type == frame_type::method) return on_connection_method(each.payload);
    if (at == phase::closing) return;
    return fail(errc::malformed_frame, reply_code::unexpected_frame, "content on channel 0");
  }
  if (at == phase::closing) return; // AMQP 0-9-1, connection.close: all but close and close-ok is discarded
  if (at != phase::open)
    return fail(errc::malformed_frame, reply_code::unexpected_frame,
                "a channel's frame during the handshake");
  if (channel_state* const channel = find(each.channel); channel != nullptr) on_channel_frame(each, *channel);
}

void session::impl::tick(steady_time time) {
  if (at == phase::closed || at == phase::idle) return;
  now = time;
  if (in_handshake() && now >= deadline) {
    const char* const awaited = at == phase::awaiting_start  ? "connection.start"
                                : at == phase::awaiting_tune ? "connection.tune"
                                                             : "connection.open-ok";
    return finish({timed_out(), 0, std::string{"no "} + awaited + " from the broker in time", false});
  }
  if (at == phase::closing && now >= deadline)
    return finish({timed_out(), 0, "no answer to connection.close in time", false});
  if (!heartbeats_run()) return;
  if (!reading_paused && now >= last_received + 2 * heartbeat)
    return finish({errc::heartbeat_timeout, 0,
                   "nothing from the broker for " + std::to_string(2 * heartbeat.count()) + " s", false});
  if (now >= last_sent + half_heartbeat()) {
    // Octets that the owner has not taken yet will do as well.
    if (output.empty()) encode::heartbeat(output);
    last_sent = now;
  }
}

std::optional<steady_time> session::impl::next_deadline() const {
  std::optional<steady_time> next;
  const auto consider = [&](steady_time time) { next = next ? std::min(*next, time) : time; };
  if (in_handshake() || at == phase::closing) consider(deadline);
  if (heartbeats_run()) {
    if (!reading_paused) consider(last_received + 2 * heartbeat);
    consider(last_sent + half_heartbeat());
  }
  return next;
}

void session::impl::close(std::uint16_t code, std::string_view text, steady_time time) {
  if (at == phase::closing || at == phase::closed) return;
  now = time;
  close_code = code;
  close_text = text.substr(0, 255);
  if (at != phase::open) return finish({{}, close_code, close_text, false});
  at = phase::closing;
  deadline = now + close_timeout;
  send([&](std::string& out) { return encode::connection_close(out, close_code, close_text); });
}

void session::impl::finish(event::closed why) {
  at = phase::closed;
  for (channel_state& each : channels) {
    each.at = channel_state::phase::closed;
    each.content.reset();
  }
  emit(std::move(why));
}

void session::impl::fail(errc error, std::uint16_t code, std::string text) {
  // Before connection.start-ok there is no connection to close. Told, the broker logs why we went.
  if (code != 0 && (at == phase::awaiting_tune || at == phase::awaiting_open_ok || at == phase::open))
    static_cast<void>(encode::connection_close(output, code, std::string_view{text}.substr(0, 255)));
  finish({error, code, std::move(text), false});
}

void session::impl::unexpected(std::string_view method_payload) {
  fail(errc::malformed_frame, reply_code::unexpected_frame,
       method_decoder::name_of(method_payload) + " out of place");
}

// --- The public face ---

session::session(session_options options) : impl_{std::make_unique<impl>(std::move(options))} {}
session::~session() = default;
session::session(session&&) noexcept = default;
session& session::operator=(session&&) noexcept = default;

void session::start(steady_time now) {
  impl_->start(now);
}
void session::receive(std::string_view bytes, steady_time now) {
  impl_->receive(bytes, now);
}
void session::tick(steady_time now) {
  impl_->tick(now);
}
std::optional<steady_time> session::next_deadline() const {
  return impl_->next_deadline();
}

std::vector<session_event> session::take_events() {
  std::vector<session_event> taken;
  taken.swap(impl_->events);
  impl_->events.reserve(std::min<std::size_t>(taken.size(), 256)); // the next read will bring about as many
  return taken;
}

std::string& session::output() {
  return impl_->output;
}
bool session::is_open() const {
  return impl_->at == impl::phase::open;
}
bool session::is_closed() const {
  return impl_->at == impl::phase::closed;
}

void session::reading_paused(bool paused, steady_time now) {
  if (impl_->reading_paused && !paused) impl_->now = impl_->last_received = now;
  impl_->reading_paused = paused;
}

void session::close(std::uint16_t code, std::string_view text, steady_time now) {
  impl_->close(code, text, now);
}

} // namespace postponed::proto
