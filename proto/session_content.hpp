// Puts a message together from its method, content header and body frames, on one channel. Internal to proto.
//
// Pure; one thread. Source: AMQP 0-9-1 sections 4.2.6 and 2.3.5.2. The properties are not looked into.
#pragma once

#include "proto/session.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace postponed::proto {

class content_assembly {
 public:
  // What is wrong with a frame, for connection.close. `text` is a literal.
  struct problem {
    std::uint16_t code = 0;
    std::string_view text;
  };

  // A method frame came that content follows: a delivered, got or returned without its properties and body.
  // REQUIRES: !under_way().
  void begin(session_event incoming);
  std::optional<problem> on_header(std::string_view payload, std::size_t max_body);
  std::optional<problem> on_body(std::string_view payload);

  bool under_way() const { return awaited_ != awaits::method; }
  bool complete() const { return awaited_ == awaits::body && body_left_ == 0; }
  session_event take(); // REQUIRES: complete()
  void reset();

 private:
  enum class awaits : std::uint8_t { method, header, body };

  message& content();

  awaits awaited_ = awaits::method;
  session_event incoming_;
  std::size_t body_left_ = 0;
};

} // namespace postponed::proto
