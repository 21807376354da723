#include "admin/web_files.hpp"
#include "admin/web_pages.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <regex>
#include <set>

using namespace postponed::admin;

namespace {

response ask(const std::string& target, const std::string& if_none_match = {},
             const std::string& method = "GET") {
  router table;
  add_web_pages(table);
  response answer;
  request asked{method, target, "localhost"};
  asked.if_none_match = if_none_match;
  table.handle(asked, [&answer](response value) { answer = std::move(value); });
  return answer;
}

std::string header(const response& of, const std::string& name) {
  for (const auto& [each, value] : of.headers)
    if (each == name) return value;
  return {};
}

// What the first group of the pattern finds, each once.
std::set<std::string> found(const std::string& in, const char* pattern) {
  const std::regex expression{pattern};
  std::set<std::string> out;
  for (std::sregex_iterator at{in.begin(), in.end(), expression}, end; at != end; ++at)
    out.insert((*at)[1].str());
  return out;
}

std::string page() {
  return ask("/").body;
}

} // namespace

TEST_CASE("the page is HTML, and says what it may load") {
  const response answer = ask("/");
  CHECK(answer.status == 200);
  CHECK(answer.content_type == "text/html; charset=utf-8");
  CHECK_THAT(answer.body, Catch::StartsWith("<!doctype html>") && Catch::Contains("<main "));
  CHECK(header(answer, "Content-Security-Policy") == page_policy);
  CHECK(header(answer, "Referrer-Policy") == "no-referrer");
}

TEST_CASE("all that the page names is embedded, with its type") {
  const std::set<std::string> named = found(page(), "(?:src|href)=\"(/[^\"]*)\"");
  CHECK(named.size() >= 7);
  for (const std::string& each : named) {
    INFO(each);
    const response answer = ask(each);
    CHECK(answer.status == 200);
    CHECK_FALSE(answer.body.empty());
    CHECK(answer.content_type == (each.ends_with(".js")    ? "text/javascript; charset=utf-8"
                                  : each.ends_with(".css") ? "text/css; charset=utf-8"
                                                           : "image/svg+xml"));
  }
  CHECK_THAT(ask("/assets/uPlot.LICENSE").body, Catch::StartsWith("The MIT License"));
}

TEST_CASE("every module that a module imports is embedded") {
  std::size_t imports = 0;
  for (const web_file& each : web_files())
    for (const std::string& name : found(std::string{each.body}, "from '\\./([^']+)'")) {
      INFO(each.name << " imports " << name);
      CHECK(ask("/assets/" + name).status == 200);
      ++imports;
    }
  CHECK(imports > 20);
}

TEST_CASE("the page takes nothing from elsewhere, and has no script or style within its HTML") {
  const std::string html = page();
  CHECK(found(html, "(<style|<script>| style=| on[a-z]+=)").empty());
  for (const web_file& each : web_files()) {
    if (each.name.starts_with("uPlot")) continue; // a comment names its home
    if (each.name.ends_with(".yaml")) continue;   // no part of the page
    INFO(each.name);
    CHECK(found(std::string{each.body}, "(https?://(?!www\\.w3\\.org/2000/svg)[^\"' ]*)").empty());
    CHECK(found(std::string{each.body}, "(innerHTML|insertAdjacentHTML|eval\\(|document\\.write)").empty());
  }
}

TEST_CASE("what the browser has already is not sent again") {
  for (const char* path : {"/", "/assets/app.js"}) {
    const response first = ask(path);
    const std::string tag = header(first, "ETag");
    CHECK(tag.size() == 34);
    CHECK(header(first, "Cache-Control") == "no-cache");
    for (const std::string& known : {tag, "W/" + tag, "\"other\", " + tag, std::string{"*"}}) {
      INFO(known);
      const response again = ask(path, known);
      CHECK(again.status == 304);
      CHECK(again.body.empty());
      CHECK(header(again, "ETag") == tag);
    }
    CHECK(ask(path, "\"other\"").status == 200);
  }
  CHECK(header(ask("/"), "ETag") != header(ask("/assets/app.js"), "ETag"));
}

TEST_CASE("files are ordered, and others are not there") {
  const auto files = web_files();
  CHECK(std::is_sorted(files.begin(), files.end(),
                       [](const web_file& a, const web_file& b) { return a.name < b.name; }));
  CHECK(ask("/assets/nothing.js").status == 404);
  CHECK(ask("/assets/..%2fapp.js").status == 404);
  CHECK(ask("/assets/app.js", {}, "POST").status == 405);
  CHECK(ask("/assets/app.js", {}, "HEAD").status == 200);
}
