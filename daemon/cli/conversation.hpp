// One command's talk with the daemon: questions whose refusals end the command, and results that are shown as
// JSON or for people. Throws failure. One thread.
#pragma once

#include "cli/asked.hpp"
#include "cli/failure.hpp"
#include "cli/http_client.hpp"
#include "cli/requests.hpp"
#include "cli/terminal.hpp"
#include "cli/views.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace postponed::cli {

class conversation {
 public:
  conversation(const ask_command& asked, endpoint where) : asked_{asked}, client_{std::move(where)} {}

  const ask_command& asked() const { return asked_; }
  terminal& person() { return person_; }
  const http_client& client() const { return client_; }
  look as() const; // now

  boost::json::value get(const std::string& target) const;
  // `body` may be null: none.
  boost::json::value send(std::string_view method, const std::string& target, const boost::json::value& body,
                          const std::string& idempotency_key = {}) const;

  // A line of JSON where that was asked for, else `text`.
  void show(const boost::json::value& result, const std::string& text) const;
  bool wants_json() const { return asked_.json; }

 private:
  const ask_command& asked_;
  http_client client_;
  terminal person_;
};

// What a refusal says: its title and detail; hints at a token where it asks for one.
failure refusal(const http_client::answer& from);

// By what they are about. Each answers the exit code.
int ask_about_daemon(conversation& with);
int ask_about_messages(conversation& with);
int ask_about_dead_letters(conversation& with);

// Performs a command against that endpoint, and answers its exit code.
int perform(const ask_command& asked, endpoint where);

} // namespace postponed::cli
