#include "topology_commands.hpp"

#include "admin/text_forms.hpp"
#include "io/topology_inspector.hpp"
#include "parameters.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

namespace postponed {

namespace json = boost::json;

namespace {

using relay::topology_difference;

// What a command found and did.
struct outcome {
  std::string problem; // the broker could not be asked
  relay::topology_report report;
  std::vector<std::string> made;
  bool unseen = false;                      // whether bindings were there could not be told
  std::vector<topology_difference> refused; // to be created
};

// Names and values are the broker's: none may command a terminal.
std::string printable(std::string text) {
  for (char& each : text)
    if (const auto octet = static_cast<unsigned char>(each); octet < 0x20 || octet == 0x7f) each = '?';
  return text;
}

json::array difference_list(const std::vector<topology_difference>& from) {
  json::array to;
  for (const topology_difference& each : from)
    to.push_back(json::object{{"what", each.what},
                              {"name", admin::shown_text(each.name)},
                              {"kind", each.kind},
                              {"have", admin::shown_text(each.have)},
                              {"want", admin::shown_text(each.want)}});
  return to;
}
json::array text_list(const std::vector<std::string>& from) {
  json::array to;
  for (const std::string& each : from)
    to.emplace_back(admin::shown_text(each));
  return to;
}

void print_json(const cli::topology_command& command, const outcome& found) {
  json::object to{{"same", found.report.differences.empty()},
                  {"asked_by", found.report.source},
                  {"differences", difference_list(found.report.differences)},
                  {"warnings", text_list(found.report.warnings)},
                  {"not_checked", text_list(found.report.not_checked)}};
  if (command.apply) {
    to["made"] = text_list(found.made);
    to["refused"] = difference_list(found.refused);
  }
  fmt::print("{}\n", json::serialize(to));
}

void print_difference(const topology_difference& each) {
  const std::string called = printable(each.what + " " + each.name);
  if (each.kind == "missing")
    fmt::print("+ {}: {}\n", called, printable(each.want));
  else if (each.kind == "unknown")
    fmt::print("? {}: {}\n", called, printable(each.have));
  else
    fmt::print("~ {}: {} -> {}\n", called, printable(each.have), printable(each.want));
}

std::size_t count(const std::vector<topology_difference>& in, const char* kind) {
  return static_cast<std::size_t>(
      std::count_if(in.begin(), in.end(), [&](const auto& each) { return each.kind == kind; }));
}

void print_text(const cli::topology_command& command, const config::settings& settings,
                const outcome& found) {
  const auto& differences = found.report.differences;
  for (const std::string& each : found.made)
    fmt::print("made {}{}\n", printable(each),
               found.unseen && each.starts_with("binding ") ? " (or it was there)" : "");
  for (const topology_difference& each : found.refused)
    fmt::print("refused {} {}: {}\n", each.what, printable(each.name), printable(each.have));
  if (!differences.empty())
    fmt::print("--- {} (by {})\n+++ {}\n", settings.broker.uris.front().display(), found.report.source,
               command.file);
  for (const topology_difference& each : differences)
    print_difference(each);
  for (const std::string& each : found.report.warnings)
    fmt::print("warning: {}\n", printable(each));
  for (const std::string& each : found.report.not_checked)
    fmt::print("not checked: {}\n", printable(each));
  if (differences.empty())
    fmt::print("{}: no difference to the broker\n", command.file);
  else
    fmt::print("{}: {} difference{} to the broker: {} missing, {} different, {} unknown to the file\n",
               command.file, differences.size(), differences.size() == 1 ? "" : "s",
               count(differences, "missing"), count(differences, "different"), count(differences, "unknown"));
}

// Runs the questions to the broker one after the other.
class conversation {
 public:
  conversation(const config::settings& settings)
      : by_{inspector_parameters_from(settings)}, wanted_{wanted_topology_from(settings)} {}

  outcome plan() {
    inspect();
    return std::move(found_);
  }

  outcome apply() {
    inspect();
    if (!found_.problem.empty()) return std::move(found_);
    std::vector<relay::topology_step> steps = to_create();
    if (steps.empty()) return std::move(found_);
    found_.unseen = !by_.management;
    create(std::move(steps));
    if (found_.problem.empty()) inspect();
    return std::move(found_);
  }

 private:
  void inspect() {
    inspector_.inspect(by_, wanted_, [this](auto answer) {
      if (answer)
        found_.report = std::move(*answer);
      else
        found_.problem = answer.error().why;
    });
    run();
  }

  // Where nothing tells whether a binding is there, it is made: to bind again does nothing.
  std::vector<relay::topology_step> to_create() const {
    const bool bindings_are_seen = by_.management.has_value();
    std::vector<relay::topology_step> steps;
    for (const relay::topology_step& each : wanted_.steps) {
      const bool unseen = !bindings_are_seen && std::holds_alternative<proto::binding_declaration>(each);
      const bool missing = std::any_of(found_.report.differences.begin(), found_.report.differences.end(),
                                       [&](const topology_difference& one) {
                                         return one.kind == "missing" && one.what == relay::kind_of(each) &&
                                                one.name == relay::name_of(each);
                                       });
      if (missing || unseen) steps.push_back(each);
    }
    return steps;
  }

  void create(std::vector<relay::topology_step> steps) {
    inspector_.create(by_, std::move(steps), [this](auto answer) {
      if (!answer) {
        found_.problem = answer.error().why;
        return;
      }
      for (const relay::topology_step& each : answer->made)
        found_.made.push_back(relay::describe(each));
      found_.refused = std::move(answer->refused);
    });
    run();
  }

  void run() {
    context_.restart();
    context_.run();
  }

  boost::asio::io_context context_{1};
  io::topology_inspector inspector_{context_};
  io::inspector_parameters by_;
  relay::wanted_topology wanted_;
  outcome found_;
};

} // namespace

int run_topology_command(const cli::topology_command& command, const config::settings& settings) {
  conversation talk{settings};
  outcome found = command.apply ? talk.apply() : talk.plan();
  if (!found.problem.empty()) {
    for (const std::string& each : found.made)
      fmt::print("made {}\n", each);
    fmt::print(stderr, "postponed: the broker cannot be asked: {}\n", found.problem);
    return cli::no_broker;
  }
  if (command.ignore_unknown)
    std::erase_if(found.report.differences, [](const auto& each) { return each.kind == "unknown"; });
  if (command.json)
    print_json(command, found);
  else
    print_text(command, settings, found);
  // Bindings that were refused are differences that AMQP alone does not list.
  return found.report.differences.empty() && found.refused.empty() ? cli::success : cli::differs;
}

} // namespace postponed
