// The error codes of proto: what can be wrong with bytes from a peer.
#pragma once

#include <boost/system/error_code.hpp>

#include <type_traits>

namespace postponed::proto {

enum class errc {
  malformed_frame = 1,   // bad frame end, unknown type, larger than negotiated, out of order on its channel
  malformed_method,      // the codec cannot decode the method
  malformed_properties,  // property flags and list do not add up
  malformed_table,       // a field that runs out of its table, an unknown field type, nested too deep
  protocol_mismatch,     // the peer does not speak AMQP 0-9-1
  unsupported_mechanism, // the server offers no SASL mechanism that we were told to use
  heartbeat_timeout,     // nothing from the peer for two heartbeat intervals
  value_too_long,        // a short string over 255 bytes was to be encoded
};

const boost::system::error_category& category() noexcept;
boost::system::error_code make_error_code(errc value) noexcept;

} // namespace postponed::proto

template <>
struct boost::system::is_error_code_enum<postponed::proto::errc> : std::true_type {};
