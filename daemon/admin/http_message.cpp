#include "admin/http_message.hpp"

#include "admin/problems.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace postponed::admin {

namespace json = boost::json;

namespace {

response problem_of(const problem_kind& kind, std::string_view detail) {
  std::string printable{detail};
  for (char& c : printable)
    if (c < ' ' || c > '~') c = '?';
  const json::object body{
      {"type", type_of(kind)}, {"title", kind.title}, {"status", kind.status}, {"detail", printable}};
  return {kind.status, "application/problem+json", json::serialize(body) + "\n", {}};
}

} // namespace

response problem(std::string_view kind, std::string_view detail) {
  return problem_of(problem_kind_named(kind), detail);
}

response problem(unsigned status, std::string_view detail) {
  return problem_of(problem_kind_for(status), detail);
}

std::string who_asks(const request& asked) {
  return asked.who.name.empty() ? asked.remote : asked.who.name;
}

} // namespace postponed::admin
