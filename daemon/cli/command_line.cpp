#include "cli/command_line.hpp"

#include "cli/grammar.hpp"
#include "cli/grammar_walk.hpp"

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

namespace postponed::cli {

namespace {

// CLI11 takes a word that is no command for an argument, and then misses the command.
std::optional<print_and_exit> unknown_command(const grammar& all, int argc, const char* const* argv) {
  const CLI::App* at = &all.app();
  for (int i = 1; i < argc && at->get_require_subcommand_min() > 0; ++i) {
    const std::string word = argv[i];
    if (word.starts_with('-')) return std::nullopt;
    const std::vector<const CLI::App*> known = subcommands_of(*at);
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](const CLI::App* each) { return each->check_name(word); });
    if (found != known.end()) {
      at = *found;
      continue;
    }
    std::string names;
    for (const CLI::App* const each : known)
      names += (names.empty() ? "" : ", ") + each->get_name();
    return print_and_exit{bad_usage, word + " is no command; there are " + names + "\n"};
  }
  return std::nullopt;
}

} // namespace

command parse(int argc, const char* const* argv, const std::string& version) {
  grammar all{version};
  if (auto wrong = unknown_command(all, argc, argv)) return std::move(*wrong);
  try {
    all.app().parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out, err;
    const int code = all.app().exit(error, out, err);
    if (code == 0) return print_and_exit{success, out.str()};
    return print_and_exit{bad_usage, err.str()};
  }
  return all.chosen();
}

} // namespace postponed::cli
