// How a letter becomes a held message again: where it goes, under which route, and what of its past it keeps.
// Pure; any thread.
#pragma once

#include "store/letters.hpp"

#include <optional>

namespace postponed::store {

// Due at once, as attempt 1, first seen now: a replay begins anew, or its age would end it at once. Nothing
// where no target is known.
std::optional<held_record> replay_record(const letter& from, proto::message&& content,
                                         const replay_target& to, wall_time now);

} // namespace postponed::store
