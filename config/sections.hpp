// Each section of the file -> its settings. Internal to config.
#pragma once

#include "config/reader.hpp"

namespace postponed::config {

void read_broker(reading& in, const YAML::Node& node, broker_settings& into);
void read_store(reading& in, const YAML::Node& node, store_settings& into);
void read_catch_up(reading& in, const YAML::Node& node, catch_up_settings& into);
void read_admin(reading& in, const YAML::Node& node, admin_settings& into);
void read_topology(reading& in, const YAML::Node& node, topology_settings& into);
void read_route(reading& in, const YAML::Node& node, route_settings& into);
void read_retry(reading& in, const YAML::Node& node, retry_settings& into);
void read_dead_letter(reading& in, const YAML::Node& node, dead_letter_settings& into);

} // namespace postponed::config
