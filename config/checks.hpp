// What is wrong across sections, when each section alone is right. Internal to config.
#pragma once

#include "config/reader.hpp"

namespace postponed::config {

void check_whole(reading& in, const settings& all);

} // namespace postponed::config
