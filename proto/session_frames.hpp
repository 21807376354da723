// Splits a stream of octets into AMQP frames, wherever the reads cut it. Internal to proto.
//
// A frame that stands whole in the input is a view of the input; only one that a read cut in two is gathered,
// in a buffer that is kept. Each octet is copied once at most, so that a frame that comes octet by octet
// costs no more than its size. One thread. Source: AMQP 0-9-1 sections 4.2.2 and 4.2.3.
#pragma once

#include "proto/session.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postponed::proto {

struct frame {
  std::uint8_t type = 0; // one of frame_type
  channel_id channel = 0;
  std::string_view payload;
};

class frame_splitter {
 public:
  enum class found {
    frame,
    nothing,         // the input is used up
    protocol_header, // the first octets are AMQP and a version: the peer's answer to a version it does not
                     // speak
    foreign,         // the first octets are no frame: the peer speaks something else
    unknown_type,
    too_large,
    bad_end,
  };

  // Takes the next frame off `input`. The payload is good until the next call. After anything but `frame` and
  // `nothing` the stream is lost. `frame_max` counts the whole frame.
  found next(std::string_view& input, std::size_t frame_max, frame& out);

 private:
  // How many octets the frame that begins `held` needs, as far as can be told; sets `wrong` where it is none.
  std::size_t wanted(std::string_view held, std::size_t frame_max, found& wrong) const;
  found split(std::string_view whole, frame& out);

  std::string held_;   // the beginning of a frame that was cut
  bool spent_ = false; // held_ was given out as a frame
  bool first_ = true;  // nothing was split yet
};

} // namespace postponed::proto
