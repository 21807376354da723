// What the commands that ask a running daemon were given. Plain data: filled by the command line's grammar,
// read by what performs them. Texts are as the person wrote them; the daemon judges what they mean, so that
// there is one judge.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace postponed::cli {

// Where the daemon is. Each may be empty; endpoint.hpp says what counts then.
struct endpoint_options {
  std::string config;     // a YAML file: its admin section
  std::string admin;      // http://host:port, https://host:port or unix:/path
  std::string elsewhere;  // POSTPONED_ADMIN: as admin, where neither that nor config is given
  std::string token;      // POSTPONED_TOKEN
  std::string token_file; // its first line
  std::string ca_file;    // of https
};

constexpr std::uint64_t default_limit = 50; // rows of a list

enum class verb : std::uint8_t {
  status,
  whoami,
  list,
  show,
  schedule,
  cancel,
  reschedule,
  release,
  calendar,
  routes,
  route_pause,
  route_resume,
  dead_list,
  dead_show,
  dead_groups,
  dead_replay,
  dead_discard,
  dead_restore,
  replays,
  replay_show,
  replay_pause,
  replay_resume,
  replay_stop,
  reload,
  topology,
  events,
};

// Which messages, or dead letters.
struct filter_options {
  std::string route, state, due_from, due_until;                  // of held messages
  std::string reason, queue, group, older_than, newer_than, from; // of dead letters
  std::vector<std::string> headers;                               // name:value, or a name alone
  std::string text;
  bool all = false; // without any of these: everything
};

struct schedule_options {
  std::string route, queue, exchange, routing_key, delay, due;
  std::string body, body_file;         // - is standard input
  std::vector<std::string> headers;    // name=text or name:=JSON
  std::vector<std::string> properties; // likewise
  std::string idempotency_key;
  std::string ndjson; // a file of lines of JSON; - is standard input
};

struct replay_options {
  std::string to_queue, to_exchange, to_routing_key;
  double rate = 0; // a second; 0: no limit
  std::uint64_t canary = 0, limit = 0;
  bool detach = false;
};

struct ask_command {
  verb what = verb::status;
  endpoint_options where;
  bool json = false;
  bool yes = false, dry_run = false;
  std::string name; // of a route, a dead letter, a replay
  std::vector<std::string> ids;
  filter_options by;
  std::uint64_t limit = default_limit; // rows; 0: all
  std::string delay, due;              // of reschedule
  std::string why;
  std::string per, from, until; // of calendar
  schedule_options message;
  replay_options replay;
};

} // namespace postponed::cli
