#include "cli/grammar_walk.hpp"

namespace postponed::cli {

namespace {

void collect(const CLI::App& app, const std::string& path, std::vector<command_path>& to) {
  to.push_back({&app, path});
  for (const CLI::App* const each : subcommands_of(app))
    collect(*each, path + " " + each->get_name(), to);
}

} // namespace

std::vector<command_path> commands_of(const CLI::App& app) {
  std::vector<command_path> to;
  collect(app, app.get_name(), to);
  return to;
}

std::vector<const CLI::App*> subcommands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option* each) { return each->nonpositional(); });
}

std::vector<const CLI::Option*> arguments_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option* each) { return each->get_positional(); });
}

std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> to;
  for (const std::string& each : option.get_snames())
    to.push_back("-" + each);
  for (const std::string& each : option.get_lnames())
    to.push_back("--" + each);
  return to;
}

bool takes_value(const CLI::Option& option) {
  return option.get_type_size_max() > 0;
}

bool takes_file(const CLI::Option& option) {
  return option.get_type_name() == "FILE";
}

} // namespace postponed::cli
