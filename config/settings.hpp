// What the YAML file says, as plain structs with their defaults. Filled by load.hpp; read by application
// alone, which gives each layer its own parameters. Pure data.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace postponed::config {

// Where in the file something stands, for errors that are found later (line and column from 1).
struct place {
  int line = 0;
  int column = 0;
};

// An AMQP argument value as YAML can say it.
struct argument;
using arguments = std::vector<argument>;
struct argument {
  std::string name;
  std::variant<std::monostate, bool, std::int64_t, double, std::string, arguments> value;
  bool is_array = false; // with `arguments`: a YAML sequence (names empty), not a map
};

struct broker_uri {
  bool tls = false; // amqps
  std::string host;
  std::uint16_t port = 5672; // 5671 with TLS
  std::string user = "guest";
  std::string password = "guest";
  std::string virtual_host = "/";
  place at;
  std::string display() const; // amqp://user@host:port/vhost: never the password
};

struct tls_settings {
  std::string ca_file;                    // empty: the system's
  std::string certificate_file, key_file; // the client's own; both or none
  bool verify = true;                     // the broker's certificate and name
  std::string server_name;                // empty: the host of the URI
};

struct broker_settings {
  std::vector<broker_uri> uris;               // tried in turn; at least one
  std::chrono::milliseconds heartbeat{15000}; // whole seconds; 0: none
  bool external_login = false;                // auth: external (the certificate is the login); default plain
  tls_settings tls;
  std::uint16_t prefetch = 1000;       // unacked messages per intake, 1 to 65535
  std::uint32_t confirm_window = 2000; // unconfirmed publishes
};

struct store_settings {
  std::string path;                               // of the SQLite file
  std::size_t horizon_rows = 200000;              // rows of the near future in memory
  std::size_t body_cache = std::size_t{32} << 20; // bytes
};

struct admin_settings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 9470;
  place at;
};

struct exchange_settings {
  std::string name, type = "direct";
  bool durable = true, auto_delete = false, internal = false;
  arguments args;
  place at;
};
struct queue_settings {
  std::string name;
  bool durable = true, auto_delete = false, exclusive = false;
  arguments args; // `type: quorum` is here as x-queue-type
  place at;
};
struct binding_settings {
  std::string exchange, queue, routing_key;
  arguments args;
  place at;
};
struct topology_settings {
  enum class mode_type { create, off };
  mode_type mode = mode_type::create;
  std::vector<exchange_settings> exchanges;
  std::vector<queue_settings> queues;
  std::vector<binding_settings> bindings;
};

// {exchange, routing_key} with templates, or straight to a queue. Neither exchange nor queue: back through
// the exchange and key with which the message came.
struct release_settings {
  std::optional<std::string> exchange, routing_key, queue;
};

struct delay_settings {
  std::vector<std::string> headers; // by name, in order; empty: all that postponed knows
  std::chrono::microseconds by_default{0};
  std::chrono::microseconds max{std::chrono::hours{24 * 365}};
  bool from_publisher_timestamp = false;
};

struct route_settings {
  std::string name;
  std::string queue; // the intake
  delay_settings delay;
  release_settings release;
  std::string dead_letter;            // names one of dead_letters
  std::uint32_t publish_attempts = 5; // nacks or returns of a release before it is dead-lettered, from 1
  std::size_t max_size = std::size_t{16} << 20; // bytes of a body; larger: dead letter too_large
  place at;
};

struct dead_letter_settings {
  std::string name;
  std::string exchange;    // may be empty: the default exchange
  std::string routing_key; // templates
  std::string queue;       // where the messages end up; watched (later)
  place at;
};

struct settings {
  broker_settings broker;
  store_settings store;
  admin_settings admin;
  topology_settings topology;
  std::vector<route_settings> routes;
  std::vector<dead_letter_settings> dead_letters;
};

} // namespace postponed::config
