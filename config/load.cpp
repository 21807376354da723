#include "config/load.hpp"

#include "config/checks.hpp"
#include "config/secrets.hpp"
#include "config/sections.hpp"

#include <algorithm>
#include <cstdlib>
#include <exception>

namespace postponed::config {

namespace {

void read_all(reading& in, const YAML::Node& root, settings& into) {
  section file{in, root, "file", "the file"};
  file.required("broker", "{uris: [\"amqp://127.0.0.1/\"]}");
  file.required("store", "{path: /var/lib/postponed/postponed.db}");
  file.required("routes", "a list of routes");
  file.map("broker", [&](const YAML::Node& each) { read_broker(in, each, into.broker); });
  file.map("store", [&](const YAML::Node& each) { read_store(in, each, into.store); });
  file.map("catch_up", [&](const YAML::Node& each) { read_catch_up(in, each, into.catch_up); });
  file.map("admin", [&](const YAML::Node& each) { read_admin(in, each, into.admin); });
  file.map("topology", [&](const YAML::Node& each) { read_topology(in, each, into.topology); });
  file.list("routes", [&](const YAML::Node& each) { read_route(in, each, into.routes.emplace_back()); });
  file.list("dead_letters",
            [&](const YAML::Node& each) { read_dead_letter(in, each, into.dead_letters.emplace_back()); });
  check_whole(in, into);
}

void sort_by_place(std::vector<finding>& findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const finding& a, const finding& b) {
    return std::pair{a.at.line, a.at.column} < std::pair{b.at.line, b.at.column};
  });
}

load_outcome load(reading& in, const std::string& yaml) {
  load_outcome outcome;
  settings value;
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(yaml);
    for (std::size_t i = 1; i < documents.size(); ++i)
      if (!documents[i].IsNull())
        in.error(place_of(documents[i]), "a second document, after ---", "keep one document in the file");
    read_all(in, documents.empty() ? YAML::Node{} : documents.front(), value);
  } catch (const YAML::ParserException& problem) {
    // The file is no YAML from here on; nothing else can be said about it.
    in.error({problem.mark.line + 1, problem.mark.column + 1}, "not YAML: " + problem.msg,
             "look at the indentation, quotes and brackets on this line and the one before");
  } catch (const YAML::Exception& problem) {
    in.error({problem.mark.line + 1, problem.mark.column + 1}, problem.msg, "look at this line");
  } catch (const std::exception& problem) { // out of memory, say: a caller is promised findings
    in.error({}, std::string{"cannot read the file: "} + problem.what(), "try a smaller file");
  }
  sort_by_place(in.findings);
  const bool bad = std::any_of(in.findings.begin(), in.findings.end(),
                               [](const finding& each) { return each.level == finding::severity::error; });
  outcome.findings = std::move(in.findings);
  if (!bad) outcome.value = std::move(value);
  return outcome;
}

} // namespace

std::string to_string(const finding& each) {
  std::string where = each.file + ":";
  if (each.at.line > 0) where += std::to_string(each.at.line) + ":" + std::to_string(each.at.column) + ":";
  return where + (each.level == finding::severity::warning ? " warning: " : " ") + each.what + "; " +
         each.fix;
}

load_outcome load_text(std::string_view yaml, const std::string& path, const environment& env) {
  reading in{path, env};
  return load(in, std::string{yaml});
}

load_outcome load_file(const std::string& path, const environment& env) {
  reading in{path, env};
  std::string why;
  bool world_readable = false;
  const auto text = read_file(path, why, &world_readable);
  if (!text) {
    in.error({}, "cannot read the file: " + why, "name the YAML file, readable by this user");
    return {std::nullopt, std::move(in.findings)};
  }
  load_outcome outcome = load(in, *text);
  if (in.password_in_file && world_readable) {
    outcome.findings.push_back(
        {finding::severity::warning, path, *in.password_in_file,
         "a password stands in a file that everybody may read",
         "chmod o-r " + path + ", or take it from ${RABBITMQ_PASSWORD} or ${file:/path}"});
    sort_by_place(outcome.findings);
  }
  return outcome;
}

environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>{value};
  };
}

} // namespace postponed::config
