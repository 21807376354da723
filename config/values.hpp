// The text of one scalar -> a value: durations, sizes, broker addresses. Internal to config; pure.
#pragma once

#include "config/load.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postponed::config {

// `500ms`, `15m`, `365d`, `1h30m`; units us ms s m h d w. Nothing where it is not one, or
// beyond what 64 bits of microseconds hold (292,000 years).
std::optional<std::chrono::microseconds> parse_duration(std::string_view text);
// `1048576`, `512KiB`, `32MiB`, `1GiB`. Nothing where it is not one.
std::optional<std::uint64_t> parse_size(std::string_view text);
// `0.5`, `2`: digits with at most one point. Nothing where it is not one.
std::optional<double> parse_decimal(std::string_view text);
// `100`, `100/s`, `6000/m`, `10/h`, as how many a second. `unit_needed`: a number alone is none. Nothing
// where it is not one, or not above zero, or above 10^9.
std::optional<double> parse_rate(std::string_view text, bool unit_needed);

// amqp[s]://user:password@host:port/vhost, percent-encoded; https://www.rabbitmq.com/docs/uri-spec. The
// virtual host is "/" where there is none. `problem` never shows the password.
struct uri_outcome {
  broker_uri value;
  std::string problem, fix;
};
uri_outcome parse_uri(const std::string& text);

// The known word closest to what was written, where it is close enough to be meant.
std::optional<std::string> closest(std::string_view word, const std::vector<std::string>& known);

} // namespace postponed::config
