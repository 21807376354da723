// A walk through the grammar, for what is made of it. Internal to cli; one thread.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace postponed::cli {

struct command_path {
  const CLI::App* app = nullptr;
  std::string path; // postponed dead replay
};
// Every command, the whole first, each before its own.
std::vector<command_path> commands_of(const CLI::App& app);

std::vector<const CLI::App*> subcommands_of(const CLI::App& app);
// Options with a name: not the positional arguments.
std::vector<const CLI::Option*> options_of(const CLI::App& app);
std::vector<const CLI::Option*> arguments_of(const CLI::App& app);
// -c, --config; as they are written.
std::vector<std::string> names_of(const CLI::Option& option);
bool takes_value(const CLI::Option& option);
bool takes_file(const CLI::Option& option);

} // namespace postponed::cli
