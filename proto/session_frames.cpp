#include "proto/session_frames.hpp"

#include "proto/frame_codec.hpp"
#include "proto/octets.hpp"

#include <algorithm>

namespace postponed::proto {

namespace {

constexpr std::size_t protocol_header_size = 8;

bool known(std::uint8_t type) {
  return type == frame_type::method || type == frame_type::header || type == frame_type::body ||
         type == frame_type::heartbeat;
}

} // namespace

frame_splitter::found frame_splitter::next(std::string_view& input, std::size_t frame_max, frame& out) {
  if (spent_) {
    held_.clear();
    spent_ = false;
  }
  found wrong = found::nothing;
  if (held_.empty()) {
    if (input.empty()) return found::nothing;
    const std::size_t size = wanted(input, frame_max, wrong);
    if (wrong != found::nothing) return wrong;
    if (input.size() >= size) {
      const std::string_view whole = input.substr(0, size);
      input.remove_prefix(size);
      return split(whole, out);
    }
  }
  // Twice at most: to the end of the frame's head, which tells its size, and to the frame's end.
  for (;;) {
    const std::size_t size = wanted(held_.empty() ? input : std::string_view{held_}, frame_max, wrong);
    if (wrong != found::nothing) return wrong;
    if (held_.size() == size) {
      spent_ = true;
      return split(held_, out);
    }
    if (input.empty()) return found::nothing;
    held_.reserve(size);
    const std::size_t more = std::min(size - held_.size(), input.size());
    held_.append(input.substr(0, more));
    input.remove_prefix(more);
  }
}

std::size_t frame_splitter::wanted(std::string_view held, std::size_t frame_max, found& wrong) const {
  if (first_ && held.front() == 'A') return protocol_header_size;
  if (held.size() < frame_head) return frame_head;
  if (!known(static_cast<std::uint8_t>(held.front()))) {
    wrong = first_ ? found::foreign : found::unknown_type;
    return 0;
  }
  const std::size_t size = std::size_t{load_octets<std::uint32_t>(held.substr(3))} + frame_overhead;
  if (size > frame_max) wrong = found::too_large;
  return size;
}

frame_splitter::found frame_splitter::split(std::string_view whole, frame& out) {
  if (first_ && whole.front() == 'A')
    return whole.starts_with("AMQP") ? found::protocol_header : found::foreign;
  first_ = false;
  if (whole.back() != frame_end) return found::bad_end;
  out.type = static_cast<std::uint8_t>(whole.front());
  out.channel = load_octets<std::uint16_t>(whole.substr(1));
  out.payload = whole.substr(frame_head, whole.size() - frame_overhead);
  return found::frame;
}

} // namespace postponed::proto
