// What the HTTP server serves: three questions that it asks, on the io_context's thread. Plain functions;
// they outlive the server.
#pragma once

#include "admin/exchange.hpp"
#include "admin/http_message.hpp"

#include <functional>
#include <optional>

namespace postponed::admin {

struct http_service {
  // May this be asked at all? Asked when the header is there, before anything of the body is read; may add
  // to the request who asks. Nothing: yes. Absent: always.
  std::function<std::optional<response>(request&)> admit{};
  // Who takes the body, or gives the answer, in pieces; empty: it is read whole and answered whole. Absent:
  // nobody.
  std::function<stream_handler(const request&)> stream_for{};
  // Answers a whole request. May keep the reply and call it later, also after the server has gone.
  std::function<void(request, reply)> answer{};
};

} // namespace postponed::admin
