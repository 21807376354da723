// A request whose body comes, and whose answer goes, in pieces; both at once where the handler likes.
//
// On the io_context's thread, as every callback. The handler keeps it for as long as it wants anything of it;
// when the connection has ended, what is asked of it does nothing.
#pragma once

#include "admin/http_message.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace postponed::admin {

struct body_piece {
  enum class state : std::uint8_t {
    more,  // there may be more behind it
    end,   // that was all; `bytes` may hold the last ones
    broken // the rest does not come: the peer has gone, was too slow, or what it sent is no body
  };
  state what = state::more;
  std::string bytes;
};

class exchange {
 public:
  virtual ~exchange() = default;

  // Calls `then` once with what comes next, later, never before it returns. Nothing is read from the peer
  // unless it is asked for, so that who is slow to ask slows the peer down. One at a time; after `end` or
  // `broken` there is nothing to ask for.
  virtual void read(std::function<void(body_piece)> then) = 0;

  // Once, before any write: status, headers and the first piece. Where nothing else was written for a while
  // (http_limits::heartbeat), `when_idle` is, if it is not empty.
  virtual void begin(response head, std::string when_idle = {}) = 0;
  virtual void write(std::string piece) = 0;
  // Bytes that the peer has not taken yet. They are kept in memory: the handler holds back, by not reading
  // or not writing, where they become many. A peer that takes nothing for http_limits::patience is cut off.
  virtual std::size_t unwritten() const = 0;
  // Calls `then` once, when unwritten() is at most `bytes`: at once, or later. One at a time.
  virtual void when_written(std::size_t bytes, std::function<void()> then) = 0;
  virtual void end() = 0; // no write comes any more, and of the body nothing is wanted

  // Called once, where the connection ends before end(). A later one takes the former's place.
  virtual void on_gone(std::function<void()> then) = 0;
};

using stream_handler = std::function<void(request, std::shared_ptr<exchange>)>;

} // namespace postponed::admin
