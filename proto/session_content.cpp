#include "proto/session_content.hpp"

#include "proto/frame_codec.hpp"
#include "proto/octets.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace postponed::proto {

namespace {

// The announced size is believed up to RabbitMQ's own limit by default; a larger body grows as it comes.
constexpr std::size_t reserve_at_most = std::size_t{16} << 20;

constexpr std::uint16_t frame_error = 501, unexpected_frame = 505;

} // namespace

void content_assembly::begin(session_event incoming) {
  assert(!under_way());
  incoming_ = std::move(incoming);
  awaited_ = awaits::header;
}

std::optional<content_assembly::problem> content_assembly::on_header(std::string_view payload,
                                                                     std::size_t max_body) {
  if (awaited_ != awaits::header)
    return problem{unexpected_frame, "a content header that no method announced"};
  if (payload.size() < content_head + 2) return problem{frame_error, "a content header that is too short"};
  if (load_octets<std::uint16_t>(payload) != basic_class)
    return problem{frame_error, "a content header of another class than basic"};
  const auto size = load_octets<std::uint64_t>(payload.substr(4));
  if (size > max_body) return problem{frame_error, "a body larger than this client takes"};
  body_left_ = static_cast<std::size_t>(size);
  message& into = content();
  into.properties = payload.substr(content_head);
  into.body.reserve(std::min(body_left_, reserve_at_most));
  awaited_ = awaits::body;
  return std::nullopt;
}

std::optional<content_assembly::problem> content_assembly::on_body(std::string_view payload) {
  if (awaited_ != awaits::body) return problem{unexpected_frame, "a body that no content header announced"};
  if (payload.size() > body_left_) return problem{frame_error, "more body than its content header announced"};
  content().body += payload;
  body_left_ -= payload.size();
  return std::nullopt;
}

session_event content_assembly::take() {
  assert(complete());
  awaited_ = awaits::method;
  return std::move(incoming_);
}

void content_assembly::reset() {
  awaited_ = awaits::method;
  incoming_ = {};
  body_left_ = 0;
}

message& content_assembly::content() {
  if (auto* delivery = std::get_if<event::delivered>(&incoming_)) return delivery->content;
  if (auto* answer = std::get_if<event::got>(&incoming_)) return answer->content;
  return std::get<event::returned>(incoming_).content;
}

} // namespace postponed::proto
