// The methods of channel 0: handshake, limits, blocked, close.

#include "proto/session_impl.hpp"

namespace postponed::proto {

namespace {

// RabbitMQ refuses smaller frames, and so does AMQP 0-9-1 (frame-min-size).
constexpr std::uint32_t frame_min = 4096;

bool lists(std::string_view words, std::string_view wanted) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == wanted) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

// What the management page shows, and what the broker may do with us (wire-facts: RabbitMQ).
argument_list client_properties(const session_options& options) {
  argument_list capabilities;
  for (const char* name : {"publisher_confirms", "consumer_cancel_notify", "basic.nack", "connection.blocked",
                           "exchange_exchange_bindings", "authentication_failure_close"})
    capabilities.push_back({name, true});
  argument_list properties;
  properties.push_back({"product", options.product});
  properties.push_back({"version", options.version});
  properties.push_back({"platform", std::string{"C++"}});
  properties.push_back({"information", std::string{"delay and dead-letter sidecar for RabbitMQ"}});
  properties.push_back({"connection_name", options.connection_name});
  properties.push_back({"capabilities", std::move(capabilities)});
  return properties;
}

// The smaller limit; 0 stands for none.
template <typename Number>
Number smaller(Number ours, Number theirs) {
  if (ours == 0 || theirs == 0) return std::max(ours, theirs);
  return std::min(ours, theirs);
}

} // namespace

void session::impl::on_connection_method(std::string_view payload) {
  const auto decoded = decoder.decode(payload);
  if (at == phase::closing) {
    // Everything but these two is discarded, what cannot be decoded too.
    if (!decoded) return;
    if (const auto* why = std::get_if<method::connection_close>(&*decoded)) on_close(*why);
    if (std::holds_alternative<method::connection_close_ok>(*decoded)) on_close_ok();
    return;
  }
  if (!decoded)
    return fail(errc::malformed_method, reply_code::frame_error,
                method_decoder::name_of(payload) + " that cannot be decoded");

  const server_method& what = *decoded;
  if (const auto* why = std::get_if<method::connection_close>(&what)) return on_close(*why);
  if (std::holds_alternative<method::connection_update_secret>(what)) return; // nothing of ours expires
  if (std::holds_alternative<method::other>(what))
    return fail(errc::malformed_frame, reply_code::not_implemented,
                "this client does not know " + method_decoder::name_of(payload));

  const auto* offer = std::get_if<method::connection_start>(&what);
  if (offer != nullptr && at == phase::awaiting_start) return on_start(*offer);
  const auto* limits = std::get_if<method::connection_tune>(&what);
  if (limits != nullptr && at == phase::awaiting_tune) return on_tune(*limits);
  if (std::holds_alternative<method::connection_secure>(what) && at == phase::awaiting_tune)
    return fail(errc::unsupported_mechanism, reply_code::not_implemented,
                "the broker asks for a further step of login (connection.secure)");
  if (std::holds_alternative<method::connection_open_ok>(what) && at == phase::awaiting_open_ok)
    return on_open_ok();
  if (at == phase::open) {
    if (const auto* alarm = std::get_if<method::connection_blocked>(&what))
      return emit(event::blocked{std::string{alarm->reason}});
    if (std::holds_alternative<method::connection_unblocked>(what)) return emit(event::unblocked{});
  }
  unexpected(payload);
}

void session::impl::on_start(const method::connection_start& offer) {
  if (offer.major != 0 || offer.minor != 9)
    return fail(errc::protocol_mismatch, 0, "the broker starts another version of AMQP than 0-9-1");
  const bool external = options.login == session_options::mechanism::external;
  const std::string_view mechanism = external ? "EXTERNAL" : "PLAIN";
  if (!lists(offer.mechanisms, mechanism))
    return fail(errc::unsupported_mechanism, 0,
                std::string{mechanism} +
                    " is not among the broker's login mechanisms: " + std::string{offer.mechanisms});
  server_product = offer.product;
  server_version = offer.version;
  std::string response; // EXTERNAL: empty, the certificate tells who we are (RFC 4422, appendix A)
  if (!external) response.append(1, '\0').append(options.user).append(1, '\0').append(options.password);
  at = phase::awaiting_tune;
  send([&](std::string& out) {
    return encode::start_ok(out, client_properties(options), {mechanism, response});
  });
}

void session::impl::on_tune(const method::connection_tune& limits) {
  if (limits.frame_max != 0 && limits.frame_max < frame_min)
    return fail(errc::malformed_method, reply_code::frame_error,
                "the broker tunes to frames smaller than AMQP 0-9-1 allows");
  constexpr std::chrono::seconds longest{65535};
  const auto ours =
      static_cast<std::uint16_t>(std::clamp(options.heartbeat, std::chrono::seconds{0}, longest).count());
  const std::uint16_t seconds = smaller(ours, limits.heartbeat);
  channel_max = smaller(channel_max, limits.channel_max);
  frame_max = smaller(frame_max, limits.frame_max);
  heartbeat = std::chrono::seconds{seconds};
  at = phase::awaiting_open_ok;
  send([&](std::string& out) { return encode::tune_ok(out, channel_max, frame_max, seconds); });
  send([&](std::string& out) { return encode::connection_open(out, options.virtual_host); });
}

void session::impl::on_open_ok() {
  at = phase::open;
  emit(event::opened{server_product, server_version, frame_max, heartbeat});
}

void session::impl::on_close(const method::connection_close& why) {
  static_cast<void>(encode::connection_close_ok(output));
  finish({{}, why.code, std::string{why.text}, true});
}

void session::impl::on_close_ok() {
  finish({{}, close_code, close_text, false});
}

} // namespace postponed::proto
