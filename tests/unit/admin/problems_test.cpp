// The kinds of problems: each has a page, and what is answered is one of them.
#include "admin/problems.hpp"
#include "admin/router.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <set>

using namespace postponed::admin;

namespace {

response page(const std::string& target) {
  router table;
  add_problem_pages(table);
  response got;
  table.handle({"GET", target, "localhost"}, [&](response value) { got = std::move(value); });
  return got;
}

} // namespace

TEST_CASE("every kind of problem has a name of its own, a status and a page that explains it") {
  std::set<std::string_view> names;
  const std::string all = page("/problems").body;
  for (const problem_kind& each : problem_kinds()) {
    INFO(each.name);
    CHECK(names.insert(each.name).second);
    CHECK(each.status >= 400);
    const response shown = page(type_of(each));
    CHECK(shown.status == 200);
    CHECK(shown.content_type == "text/plain; charset=utf-8");
    CHECK_THAT(shown.body,
               Catch::Contains(std::to_string(each.status)) && Catch::Contains(std::string{each.meaning}));
    CHECK_THAT(all, Catch::Contains(shown.body));
  }
  CHECK(page("/problems/nothing").status == 404);
}

TEST_CASE("a problem has the type, title and status of its kind") {
  const response named = problem("read-only-token", "the token x may \xc3\xa4");
  CHECK(named.status == 403);
  CHECK(named.content_type == "application/problem+json");
  const auto body = boost::json::parse(named.body);
  CHECK(body.at("type") == "/problems/read-only-token");
  CHECK(body.at("title") == "Read-only Token");
  CHECK(body.at("status") == 403);
  CHECK(body.at("detail") == "the token x may ??");
  CHECK(boost::json::parse(problem(404, "x").body).at("type") == "/problems/not-found");
  CHECK(problem(418, "x").status == 500); // there is no such kind
}

TEST_CASE("every status that is answered has a kind") {
  for (const unsigned status :
       {400u, 401u, 403u, 404u, 405u, 409u, 413u, 415u, 417u, 422u, 429u, 431u, 500u, 503u, 504u})
    CHECK(problem_kind_for(status).status == status);
}
