// http:// and https:// addresses of the file. Internal to config; pure.
#pragma once

#include "config/settings.hpp"

#include <string>

namespace postponed::config {

struct web_outcome {
  management_settings value;
  std::string problem, fix; // empty: fine; `problem` never shows the password
};
// http[s]://user:password@host:port/prefix, percent-encoded; the port is 15672 where there is none, with
// https 15671, and the prefix what stands before RabbitMQ's /api.
web_outcome parse_management(const std::string& text);
// The same for an address that is posted to: any path and query. The value is of no use then.
web_outcome parse_webhook(const std::string& text);

} // namespace postponed::config
