// What a person may do to held messages over the admin endpoint. The application implements it; the rules are
// those of control.hpp: every call answers once, on the io_context's thread, at once or later.
#pragma once

#include "admin/control.hpp"
#include "store/messages.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postponed::admin {

struct schedule_order {
  std::optional<std::string> route;  // either this
  std::optional<direct_target> to;   // or straight there
  std::optional<microseconds> delay; // at most one of these; neither: the route's default
  std::optional<wall_time> due;
  proto::message content;      // its exchange and routing key: for the route's templates
  std::string idempotency_key; // empty: none
  std::string request;         // as it was sent: what the key stands for
};
struct scheduled {
  held_id id;
  wall_time due{};
  bool repeated = false; // the idempotency key was known: this is the first one
};

// Cancelled, moved, or (neither delay nor due) released now.
struct message_change {
  enum class kind : std::uint8_t { cancel, reschedule, release };
  kind what = kind::cancel;
  std::optional<microseconds> delay; // from now; of a reschedule one of the two
  std::optional<wall_time> due;
};

// A step in a message's life, as far as it is remembered.
struct message_event {
  wall_time at{};
  std::string what; // as relay/history names it
};

struct message_view {
  std::optional<held_record> record; // nothing: it is no longer held, and only its history is remembered
  std::uint64_t bytes = 0;           // properties and body
  std::vector<message_event> history;
};

struct message_selection {
  store::message_filter by;
  bool dry_run = false;
  std::optional<std::uint64_t> count; // how many it must be
};
struct bulk_outcome {
  std::uint64_t matched = 0;
  std::uint64_t changed = 0;
  std::uint64_t missed = 0; // published, released or cancelled meanwhile
};

class message_control {
 public:
  virtual ~message_control() = default;

  // Answers when it is durable. invalid: no such route, too large, too far off, or the idempotency key came
  // with another request before.
  virtual void schedule(schedule_order order, completion<scheduled> done) = 0;
  virtual void list(store::message_filter by, store::horizon_position after, std::size_t limit,
                    completion<store::message_page<store::held_summary>> done) = 0;
  // not_found: never given; conflict: no longer held, nor remembered.
  virtual void get(held_id id, completion<message_view> done) = 0;
  // Answers the message as it is after, or was before a cancel. not_found; conflict: no longer held, being
  // published, or it may have been delivered; of a release also: its route is paused or gone.
  virtual void change(held_id id, message_change to, completion<message_view> done) = 0;
  // All that match when it begins. conflict: they are not `count`, and nothing was done.
  virtual void change_all(message_selection which, message_change to, completion<bulk_outcome> done) = 0;
  virtual void calendar(store::calendar_query what, completion<std::vector<store::calendar_span>> done) = 0;
};

} // namespace postponed::admin
