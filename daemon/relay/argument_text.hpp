// Arguments of AMQP in words, and whether a broker takes two for the same. Pure.
#pragma once

#include "proto/session.hpp"

#include <string>
#include <string_view>

namespace postponed::relay {

std::string value_text(const proto::argument& of);     // 10, true, orders.dlx, [a, b], {a: 1}
std::string list_text(const proto::argument_list& of); // "x-max-length: 10, x-overflow: reject-publish"
bool same_value(const proto::argument& a, const proto::argument& b); // numbers by value, all else by type too
bool same_arguments(const proto::argument_list& a, const proto::argument_list& b); // in any order
// Null where there is none of that name.
const proto::argument* find_argument(const proto::argument_list& in, std::string_view name);
std::string text_of(const proto::argument_list& in, std::string_view name); // empty: none, or no text

} // namespace postponed::relay
