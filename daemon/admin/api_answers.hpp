// How the api's handlers answer. Internal to admin; pure; any thread.
#pragma once

#include "admin/control.hpp"
#include "admin/http_message.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace postponed::admin {

response json_response(const boost::json::value& body, unsigned status = 200);
// What is no text in them, as it came from elsewhere, shown as U+FFFD.
boost::json::array strings(const std::vector<std::string>& from);
// The HTTP status of a failure.
unsigned status_of(failure::kind what);
// A failure as its problem.
response problem(const failure& from);

// A completion that answers a failure as its problem, and a value as `then(value)` says.
template <typename T, typename Then>
completion<T> or_problem(reply done, Then then) {
  return [done = std::move(done), then = std::move(then)](outcome<T> got) mutable {
    if (!got) return done(problem(got.error()));
    if constexpr (std::is_void_v<T>)
      done(then());
    else
      done(then(std::move(*got)));
  };
}

} // namespace postponed::admin
