#include "admin/web_pages.hpp"

#include "admin/web_files.hpp"

#include <algorithm>
#include <string>

namespace postponed::admin {

namespace {

std::string_view type_of(std::string_view name) {
  struct type {
    std::string_view ending, name;
  };
  for (const type each : {type{".html", "text/html; charset=utf-8"}, type{".css", "text/css; charset=utf-8"},
                          type{".js", "text/javascript; charset=utf-8"}, type{".svg", "image/svg+xml"},
                          type{".yaml", "application/yaml"}})
    if (name.ends_with(each.ending)) return each.name;
  return "text/plain; charset=utf-8";
}

// If-None-Match is * or a list of tags; weak ones are as good here (RFC 9110, section 13.1.2).
bool is_among(std::string_view tag, std::string_view asked) {
  return asked == "*" || asked.find(tag) != std::string_view::npos;
}

// Names carry no version, so that the browser asks each time whether it still has the right one.
response file_response(const web_file& file, const request& asked) {
  const std::string tag = "\"" + std::string{file.tag} + "\"";
  response answer{200, std::string{type_of(file.name)}, {}, {{"Cache-Control", "no-cache"}, {"ETag", tag}}};
  if (file.name.ends_with(".html"))
    answer.headers.insert(answer.headers.end(), {{"Content-Security-Policy", std::string{page_policy}},
                                                 {"Referrer-Policy", "no-referrer"}});
  if (is_among(tag, asked.if_none_match))
    answer.status = 304;
  else
    answer.body = file.body;
  return answer;
}

const web_file* file_named(std::string_view name) {
  const auto files = web_files();
  const auto found =
      std::find_if(files.begin(), files.end(), [name](const web_file& each) { return each.name == name; });
  return found != files.end() ? &*found : nullptr;
}

} // namespace

void add_web_pages(router& to) {
  to.add("GET", "/", [](const call& from, const reply& done) {
    done(file_response(*file_named("index.html"), from.asked)); // the build embeds it
  });
  to.add("GET", "/api/v1/openapi.yaml", [](const call& from, const reply& done) {
    done(file_response(*file_named("openapi.yaml"), from.asked));
  });
  to.add("GET", "/assets/{name}", [](const call& from, const reply& done) {
    const web_file* const file = file_named(from.names[0]);
    if (file == nullptr) return done(problem(404, "the page has no file " + from.names[0]));
    done(file_response(*file, from.asked));
  });
}

} // namespace postponed::admin
