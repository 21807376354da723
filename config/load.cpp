#include "config/load.hpp"

#include "config/checks.hpp"
#include "config/sections.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sys/stat.h>

namespace postponed::config {

namespace {

void read_all(reading& in, const YAML::Node& root, settings& into) {
  section file{in, root, "file", "the file"};
  file.required("broker", "{uris: [\"amqp://127.0.0.1/\"]}");
  file.required("store", "{path: /var/lib/postponed/postponed.db}");
  file.required("routes", "a list of routes");
  file.map("broker", [&](const YAML::Node& each) { read_broker(in, each, into.broker); });
  file.map("store", [&](const YAML::Node& each) { read_store(in, each, into.store); });
  file.map("admin", [&](const YAML::Node& each) { read_admin(in, each, into.admin); });
  file.map("topology", [&](const YAML::Node& each) { read_topology(in, each, into.topology); });
  file.list("routes", [&](const YAML::Node& each) { read_route(in, each, into.routes.emplace_back()); });
  file.list("dead_letters",
            [&](const YAML::Node& each) { read_dead_letter(in, each, into.dead_letters.emplace_back()); });
  check_whole(in, into);
}

load_outcome load(reading& in, std::string_view yaml) {
  load_outcome outcome;
  settings value;
  try {
    const YAML::Node root = YAML::Load(std::string{yaml});
    read_all(in, root, value);
  } catch (const YAML::ParserException& problem) {
    // The file is no YAML from here on; nothing else can be said about it.
    in.error({problem.mark.line + 1, problem.mark.column + 1}, "not YAML: " + problem.msg,
             "look at the indentation, quotes and brackets on this line and the one before");
  } catch (const YAML::Exception& problem) {
    in.error({problem.mark.line + 1, problem.mark.column + 1}, problem.msg, "look at this line");
  }
  std::stable_sort(in.findings.begin(), in.findings.end(), [](const finding& a, const finding& b) {
    return std::pair{a.at.line, a.at.column} < std::pair{b.at.line, b.at.column};
  });
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
  reading in{path, env, {}, false};
  return load(in, yaml);
}

load_outcome load_file(const std::string& path, const environment& env) {
  reading in{path, env, {}, false};
  std::ifstream file{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  struct ::stat about {};
  const bool there = ::stat(path.c_str(), &about) == 0;
  if (!file || !there || S_ISDIR(about.st_mode)) {
    in.error({},
             std::string{"cannot read the file: "} +
                 (there && S_ISDIR(about.st_mode) ? "it is a folder" : std::strerror(errno)),
             "name the YAML file, readable by this user");
    return {std::nullopt, std::move(in.findings)};
  }
  load_outcome outcome = load(in, text);
  if (in.password_in_file && (about.st_mode & S_IROTH) != 0)
    outcome.findings.insert(
        outcome.findings.begin(),
        {finding::severity::warning,
         path,
         {},
         "a password stands in a file that everybody may read",
         "chmod o-r " + path + ", or take it from ${RABBITMQ_PASSWORD} or ${file:/path}"});
  return outcome;
}

environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>{value};
  };
}

} // namespace postponed::config
