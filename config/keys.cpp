#include "config/keys.hpp"

namespace postponed::config {

const std::map<std::string, std::vector<std::string>>& known_keys() {
  static const std::map<std::string, std::vector<std::string>> keys{
      {"file", {"broker", "store", "admin", "topology", "routes", "dead_letters"}},
      {"broker", {"uris", "heartbeat", "auth", "tls", "prefetch", "confirm_window"}},
      {"tls", {"ca_file", "certificate_file", "key_file", "verify", "server_name"}},
      {"store", {"path", "horizon_rows", "body_cache"}},
      {"admin", {"listen"}},
      {"topology", {"mode", "exchanges", "queues", "bindings"}},
      {"exchange", {"name", "type", "durable", "auto_delete", "internal", "arguments"}},
      {"queue", {"name", "type", "durable", "auto_delete", "exclusive", "arguments"}},
      {"binding", {"exchange", "queue", "routing_key", "arguments"}},
      {"route", {"name", "queue", "delay", "release", "dead_letter", "publish_attempts", "max_size"}},
      {"delay", {"headers", "default", "max", "from"}},
      {"release", {"exchange", "routing_key", "queue"}},
      {"dead_letter", {"name", "exchange", "routing_key", "queue"}},
  };
  return keys;
}

const std::map<std::string, std::vector<std::string>>& later_keys() {
  static const std::map<std::string, std::vector<std::string>> keys{
      {"broker", {"management"}},
      {"route", {"retry", "dedup", "dialect", "rate", "late", "pause"}},
      {"release", {"origin"}},
      {"dead_letter", {"collect", "alert"}},
  };
  return keys;
}

std::string not_supported(const std::string& what) {
  return what + " is not supported by this version (" POSTPONED_VERSION ")";
}

} // namespace postponed::config
