// What postponed knows of a dead letter that it draws from its queue, and which of them are alike. Pure; any
// thread.
#pragma once

#include "relay/parameters.hpp"
#include "store/letters.hpp"

#include <cstdint>
#include <string_view>

namespace postponed::relay {

// By the headers that a burial wrote, else by x-death: an application may have dead-lettered it without
// postponed.
store::letter letter_of(const dead_letter_parameters& from, proto::message&& content, wall_time now);

// The same for letters whose reason and error differ in numbers and ids alone: digits, hex of 8 and more,
// UUIDs, what stands in quotes.
std::uint64_t group_of(std::string_view reason, std::string_view error);

} // namespace postponed::relay
