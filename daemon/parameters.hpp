// Settings -> the parameters of each layer. Pure.
#pragma once

#include "admin/gatekeeper.hpp"
#include "config/settings.hpp"
#include "io/letter_keeper.hpp"
#include "io/relay_driver.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace postponed {

admin::access_rules access_rules_from(const config::admin_settings& settings);
io::driver_parameters driver_parameters_from(const config::settings& settings);
io::keeper_parameters keeper_parameters_from(const config::settings& settings);
// What the file lists, and what is to be looked at around it; whatever topology.mode says.
relay::wanted_topology wanted_topology_from(const config::settings& settings);
io::inspector_parameters inspector_parameters_from(const config::settings& settings);
store::sqlite_options store_options_from(const config::settings& settings);

} // namespace postponed
