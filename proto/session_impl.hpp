// The inside of proto::session. Internal to proto: included by session.cpp and the session_*.cpp units alone.
//
// A connection goes idle -> awaiting_start -> awaiting_tune -> awaiting_open_ok -> open -> closing -> closed;
// from everywhere straight to closed on a fault, a timeout or the peer's connection.close.
#pragma once

#include "proto/errors.hpp"
#include "proto/frame_codec.hpp"
#include "proto/session.hpp"
#include "proto/session_content.hpp"
#include "proto/session_frames.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postponed::proto {

namespace reply_code { // AMQP 0-9-1 section 1.2, those that we send
enum : std::uint16_t { success = 200, frame_error = 501, unexpected_frame = 505, not_implemented = 540 };
} // namespace reply_code

struct session::impl {
  enum class phase : std::uint8_t {
    idle,
    awaiting_start,
    awaiting_tune,
    awaiting_open_ok,
    open,
    closing,
    closed
  };

  struct channel_state {
    enum class phase : std::uint8_t { closed, opening, open, closing };
    phase at = phase::closed;
    bool was_open = false;   // ever: tells a late request from a wrong one
    bool confirming = false; // on this opening
    delivery_tag published = 0;
    std::uint32_t gets = 0; // basic.get without its answer yet
    content_assembly content;
  };

  explicit impl(session_options options);

  // --- driving (session.cpp) ---
  void start(steady_time now);
  void receive(std::string_view octets, steady_time now);
  void tick(steady_time now);
  std::optional<steady_time> next_deadline() const;
  void close(std::uint16_t code, std::string_view text, steady_time now);

  // --- frames from the peer ---
  void on_frame(const frame& each);
  void on_connection_method(std::string_view payload); // session_connection.cpp
  void on_start(const method::connection_start& offer);
  void on_tune(const method::connection_tune& limits);
  void on_open_ok();
  void on_close(const method::connection_close& why);
  void on_close_ok();
  void on_channel_frame(const frame& each, channel_state& channel); // session_channels.cpp
  void on_channel_method(const frame& each, channel_state& channel);
  void on_closing_channel_method(const frame& each, channel_state& channel);
  void on_content(const frame& each, channel_state& channel);
  struct channel_reaction;

  // --- requests (session_requests.cpp) ---
  // The channel, where a request on it can be sent; null where it or the connection has closed meanwhile.
  channel_state* usable(channel_id channel);
  channel_state* find(channel_id channel);
  delivery_tag publish(channel_id channel, std::string_view exchange, std::string_view routing_key,
                       std::string_view properties, std::string_view body, bool mandatory);

  bool in_handshake() const {
    return at == phase::awaiting_start || at == phase::awaiting_tune || at == phase::awaiting_open_ok;
  }
  bool heartbeats_run() const {
    return heartbeat.count() > 0 &&
           (at == phase::awaiting_open_ok || at == phase::open || at == phase::closing);
  }
  std::chrono::milliseconds half_heartbeat() const { return std::chrono::milliseconds{heartbeat} / 2; }
  void emit(session_event&& happened) { events.push_back(std::move(happened)); }
  // Ends the session. Nothing is answered, sent or reported after it.
  void finish(event::closed why);
  // The peer is at fault: tells it so where it would understand, and ends the session.
  void fail(errc error, std::uint16_t code, std::string text);
  void unexpected(std::string_view method_payload);

  // Appends one method to the output. One that cannot be encoded, or not into a frame, ends the session.
  template <typename Encode>
  void send(Encode encode) {
    if (at == phase::closed) return;
    const std::size_t before = output.size();
    if (encode(output) && output.size() - before <= frame_max) {
      last_sent = now;
      return;
    }
    output.resize(before);
    fail(errc::value_too_long, reply_code::frame_error,
         "a name, text or argument table is too long to be sent");
  }

  session_options options;
  phase at = phase::idle;
  frame_splitter splitter;
  method_decoder decoder;
  std::vector<channel_state> channels; // by number; grown by open_channel. [0] is unused
  std::vector<session_event> events;
  std::string output;
  std::string server_product, server_version;
  std::uint32_t frame_max;
  std::uint16_t channel_max;
  std::chrono::seconds heartbeat{0};

  // `now` is the latest time that we were given. Requests come without one: what they send counts as sent
  // then, which is not later than the truth, so that a heartbeat may be sent too many but none too few.
  steady_time now{}, last_received{}, last_sent{};
  steady_time deadline{}; // of the handshake, or of the answer to connection.close
  bool reading_paused = false;
  std::uint16_t close_code = 0; // what we closed with, for the event
  std::string close_text;
};

} // namespace postponed::proto
