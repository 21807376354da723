// Where a daemon's admin endpoint is, and with what it is asked. Pure but for reading a token file; any
// thread.
#pragma once

#include "cli/asked.hpp"

#include <cstdint>
#include <string>

namespace postponed::cli {

struct endpoint {
  enum class kind : std::uint8_t { tcp, tls, unix_socket };
  kind by = kind::tcp;
  std::string host = "127.0.0.1"; // a name or an address, without brackets
  std::uint16_t port = 9470;
  std::string socket;  // the path of a unix socket
  std::string token;   // empty: none
  std::string ca_file; // PEM of who may have signed its certificate; empty: whom the system trusts
  bool is_own_file =
      false; // ca_file is the very certificate, out of the daemon's YAML file: no name to check
};

// As a person would write it: http://127.0.0.1:9470, unix:/run/postponed/admin.sock.
std::string to_string(const endpoint& where);

// Of --admin or POSTPONED_ADMIN. Throws failure (bad_usage).
endpoint endpoint_from_text(const std::string& text);

// The token of these options: the token file's first line, else POSTPONED_TOKEN's; empty where there is none.
// Throws failure (bad_usage) where the file cannot be read.
std::string token_from(const endpoint_options& given);

} // namespace postponed::cli
