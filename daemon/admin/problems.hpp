// Every kind of problem that the admin endpoint answers: its name, which is the end of its type's URI, and
// what it means. One table for the answers, the page /problems/{name} and the guides. Pure; any thread.
#pragma once

#include "admin/http_message.hpp"

#include <span>
#include <string_view>

namespace postponed::admin {

class router;

struct problem_kind {
  std::string_view name; // /problems/NAME is the type of RFC 9457
  unsigned status;
  std::string_view title;
  std::string_view meaning; // whole sentences: what it says, and what to do
};

// Those of one status together; the first of them is for what has no kind of its own.
std::span<const problem_kind> problem_kinds();
// The one of that name, which must be in the table.
const problem_kind& problem_kind_named(std::string_view name);
// The first of that status; of 500 where there is none.
const problem_kind& problem_kind_for(unsigned status);
std::string type_of(const problem_kind& kind); // "/problems/NAME"

// Adds /problems, which lists them, and /problems/{name}.
void add_problem_pages(router& to);

} // namespace postponed::admin
