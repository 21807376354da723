#include "config/keys.hpp"

namespace postponed::config {

const std::map<std::string, std::vector<std::string>>& known_keys() {
  static const std::map<std::string, std::vector<std::string>> keys{
      {"file", {"broker", "store", "catch_up", "admin", "topology", "routes", "dead_letters"}},
      {"broker", {"uris", "heartbeat", "auth", "tls", "prefetch", "confirm_window", "management"}},
      {"tls", {"ca_file", "certificate_file", "key_file", "verify", "server_name"}},
      {"store", {"path", "horizon_rows", "body_cache"}},
      {"catch_up", {"share", "rate"}},
      {"admin", {"listen", "tokens", "tls", "allowed_hosts"}},
      {"token", {"name", "file", "role"}},
      {"admin_tls", {"certificate_file", "key_file"}},
      {"topology", {"mode", "exchanges", "queues", "bindings"}},
      {"exchange", {"name", "type", "durable", "auto_delete", "internal", "arguments"}},
      {"queue", {"name", "type", "durable", "auto_delete", "exclusive", "arguments"}},
      {"binding", {"exchange", "queue", "routing_key", "arguments"}},
      {"route",
       {"name", "queue", "delay", "retry", "release", "dead_letter", "dedup", "rate", "circuit", "late",
        "dialect", "watermill", "max_hops", "publish_attempts", "max_size"}},
      {"delay", {"headers", "default", "max", "from"}},
      {"retry",
       {"attempts", "backoff", "schedule", "max_age", "rejected", "expired", "maxlen", "delivery_limit"}},
      {"retry_reason", {"attempts", "backoff", "schedule", "max_age"}},
      {"backoff", {"initial", "multiplier", "max", "jitter"}},
      {"release", {"exchange", "routing_key", "queue", "origin"}},
      {"dedup", {"key", "window"}},
      {"circuit", {"failures", "probe"}},
      {"late", {"after", "do", "over"}},
      {"watermill", {"topics"}},
      {"dead_letter", {"name", "exchange", "routing_key", "queue", "collect", "trash", "poll", "alert"}},
      {"alert", {"depth", "age", "rate", "webhook", "clear"}},
  };
  return keys;
}

std::string not_supported(const std::string& what) {
  return what + " is not supported by this version (" POSTPONED_VERSION ")";
}

} // namespace postponed::config
