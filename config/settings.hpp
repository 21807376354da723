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

// RabbitMQ's management API, for what AMQP does not tell: bindings, arguments, policies.
struct management_settings {
  bool tls = false; // https
  std::string host;
  std::uint16_t port = 15672;
  std::string user = "guest";
  std::string password = "guest";
  std::string path; // before /api, where a proxy serves it; no slash at the end
  place at;
};

struct broker_settings {
  std::vector<broker_uri> uris;               // tried in turn; at least one
  std::chrono::milliseconds heartbeat{15000}; // whole seconds; 0: none
  bool external_login = false;                // auth: external (the certificate is the login); default plain
  tls_settings tls;
  std::uint16_t prefetch = 1000;       // unacked messages per intake, 1 to 65535
  std::uint32_t confirm_window = 2000; // unconfirmed publishes
  std::optional<management_settings> management;
};

struct store_settings {
  std::string path;                               // of the SQLite file
  std::size_t horizon_rows = 200000;              // rows of the near future in memory
  std::size_t body_cache = std::size_t{32} << 20; // bytes
};

struct admin_token_settings {
  std::string name, file;
  std::string value;     // what the file holds, its last newline cut
  bool operates = false; // role: operator; else it may only read
  place at;
};
struct admin_tls_settings {
  std::string certificate_file, key_file; // PEM, the whole chain
};
struct admin_settings {
  std::string host = "127.0.0.1"; // an address
  std::uint16_t port = 9470;
  std::string socket; // path of a unix socket, instead of host and port; empty: none
  std::vector<admin_token_settings> tokens;
  std::optional<admin_tls_settings> tls;
  std::vector<std::string> allowed_hosts; // names in the Host header beside loopback's and `host`
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
  enum class mode_type { create, verify, off };
  mode_type mode = mode_type::create;
  std::vector<exchange_settings> exchanges;
  std::vector<queue_settings> queues;
  std::vector<binding_settings> bindings;
};

// {exchange, routing_key} with templates, or straight to a queue. Neither exchange nor queue: back through
// the exchange and key with which the message came.
struct release_settings {
  std::optional<std::string> exchange, routing_key, queue;
  bool origin = false; // to the queue where it died, found in x-death; with nothing else beside
};

struct delay_settings {
  std::vector<std::string> headers; // by name, in order; empty: all that postponed knows
  std::chrono::microseconds by_default{0};
  std::chrono::microseconds max{std::chrono::hours{24 * 365}};
  bool from_publisher_timestamp = false;
};

// Either `schedule`, whose last entry repeats, or, where that is empty, exponential back-off.
struct pause_settings {
  std::vector<std::chrono::microseconds> schedule;
  std::chrono::microseconds initial{std::chrono::seconds{1}};
  std::chrono::microseconds max{std::chrono::minutes{10}};
  double multiplier = 2.0;
  double jitter = 0.2;      // 0 to 1: anything within +- so much of the interval
  bool full_jitter = false; // jitter: full; anything between zero and the interval
};
struct retry_rule {
  std::uint32_t attempts = 5; // deliveries in all, the first included; from 1
  pause_settings pause;
  std::chrono::microseconds max_age{0}; // since first seen: no attempt begins later; 0: none
};
struct retry_settings {
  retry_rule rule;
  // For messages that died of x-death's reason: rejected, expired, maxlen, delivery_limit. Whole rules: what
  // an override does not name was taken from `rule` while loading.
  std::map<std::string, retry_rule> reasons;
};

struct dedup_settings {
  enum class key_type { message_id, correlation_id, header, body };
  key_type key = key_type::message_id;
  std::string header; // its name, with key_type::header
  std::chrono::microseconds window{std::chrono::minutes{10}};
};

struct circuit_settings {
  std::uint32_t failures = 10; // of a destination in a row (returned or nacked) that open it
  std::chrono::microseconds probe{std::chrono::seconds{10}}; // one message is tried so often
};

// What becomes of a message that is released this late.
struct late_settings {
  enum class action { release, dead_letter, spread };
  std::chrono::microseconds after{std::chrono::hours{1}};
  action what = action::release;
  std::chrono::microseconds over{std::chrono::minutes{10}}; // spread: evenly over so long from now
};

struct watermill_settings {
  // topic_poisoned, or topic_poisoned/handler_poisoned (which wins), to the queue that a release goes to.
  std::map<std::string, std::string> topics;
};

enum class dialect { amqp, watermill, plugin };

struct route_settings {
  std::string name;
  std::string queue; // the intake
  delay_settings delay;
  bool delays = true; // false: `retry` alone; there is no `delay`, and nothing but failures is expected
  release_settings release;
  std::string dead_letter; // names one of dead_letters
  std::optional<retry_settings> retry;
  std::optional<dedup_settings> dedup;
  double rate = 0; // releases a second at most; 0: no limit
  std::optional<circuit_settings> circuit;
  std::optional<late_settings> late;
  config::dialect speaks = dialect::amqp;
  watermill_settings watermill;
  std::uint32_t max_hops = 20;        // times round before a loop is cut
  std::uint32_t publish_attempts = 5; // nacks or returns of a release before it is dead-lettered, from 1
  std::size_t max_size = std::size_t{16} << 20; // bytes of a body; larger: dead letter too_large
  place at;
};

struct alert_settings {
  std::uint64_t depth = 0;          // messages; 0: not asked for, as with the others
  std::chrono::microseconds age{0}; // of the oldest
  double rate = 0;                  // arrivals a minute
  std::string webhook;              // http:// or https://; empty: log and metrics only
  double clear = 0.8;               // ends when below this share of the threshold
};

struct dead_letter_settings {
  std::string name;
  std::string exchange;                                        // may be empty: the default exchange
  std::string routing_key;                                     // templates
  std::string queue;                                           // where the messages end up; watched
  bool collect = false;                                        // drawn into the store
  std::chrono::microseconds trash{std::chrono::hours{24 * 7}}; // discarded ones can be restored for so long
  std::chrono::microseconds poll{std::chrono::seconds{10}};    // how often its depth is asked for
  std::optional<alert_settings> alert;
  place at;
};

// What is overdue after a downtime goes out beside what comes due now.
struct catch_up_settings {
  double share = 0.5; // of the turns while both are to go to the same destination, 0.01 to 0.99
  double rate = 5000; // overdue messages a second; 0: without limit
};

struct settings {
  broker_settings broker;
  store_settings store;
  catch_up_settings catch_up;
  admin_settings admin;
  topology_settings topology;
  std::vector<route_settings> routes;
  std::vector<dead_letter_settings> dead_letters;
};

} // namespace postponed::config
