// The whole admin endpoint behind its gatekeeper: the table, the pages of routes.hpp, and everything under
// /api/v1 that reads and changes through `control`.
//
// Lives on the io_context's thread; no socket of its own. It, and the control, outlive every answer that is
// still to come.
#pragma once

#include "admin/control.hpp"
#include "admin/events.hpp"
#include "admin/message_control.hpp"
#include "admin/router.hpp"
#include "admin/snapshot.hpp"
#include "base/log.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace postponed::admin {

class api {
 public:
  // Who did what: one line for each change that was made, `who` first.
  using audit_log = std::function<void(std::string_view what, const log::fields& more)>;

  // `messages`: what may be done to held messages; null: nothing, and there is nothing at /api/v1/messages.
  api(std::function<snapshot()> take, control& over, audit_log audit = log::info,
      message_control* messages = nullptr);
  api(const api&) = delete;
  api& operator=(const api&) = delete;

  void handle(request asked, reply done) const;
  // Tells who listens at GET /api/v1/events; before the first request.
  void tell_events_of(event_feed& feed);
  // Who takes this one in pieces; empty: handle() does.
  stream_handler stream_for(const request& head) const;

  // --- For the units that fill the table: api_*.cpp ---
  snapshot take() const { return take_(); }
  control& over() const { return over_; }
  message_control& messages() const { return *messages_; }
  void audit(std::string_view what, const request& asked, log::fields more) const;
  // Calls `then` with what the snapshot knows of the dead letter, and nothing of it where only the store
  // still has letters of that name; else answers 404 with the names that there are.
  void with_dead_letter(std::string name, reply done,
                        std::function<void(std::optional<relay::watched_state>, reply)> then) const;
  // Calls `then` with the letter, content and all; else answers 404.
  void with_letter(const std::string& dead_letter, const std::string& id, reply done,
                   std::function<void(store::letter&&, reply)> then) const;

 private:
  void add_reading();  // dead letters, listed and one by one
  void add_changing(); // discard, restore, replay of one
  void add_replays();  // jobs
  void add_daemon();   // pauses, reload, topology
  void add_messages(); // held messages, listed and changed
  void add_scheduling();
  void add_calendar();

  std::function<snapshot()> take_;
  control& over_;
  message_control* messages_;
  audit_log audit_;
  router table_;
};

} // namespace postponed::admin
