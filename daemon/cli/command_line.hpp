// The command line of the one binary: what was asked for, or what to print. Pure but for CLI11's own reading
// of argv.
#pragma once

#include "cli/asked.hpp"
#include "cli/exit_codes.hpp"

#include <string>
#include <variant>

namespace postponed::cli {

struct run_command {
  std::string file;
  bool json_log = false;
  std::string log_level = "info"; // debug, info, warning, error
};
struct check_command {
  std::string file;
};
// What broker and file differ in; `apply` also creates what is missing.
struct topology_command {
  std::string file;
  bool apply = false, json = false, ignore_unknown = false;
};
// What is done to a store's file while no daemon has it.
struct store_command {
  enum class kind { check, backup, export_messages };
  kind what = kind::check;
  std::string file, to;
  bool json = false;
};
struct print_and_exit {
  int code = success;
  std::string text; // for standard output where code is 0, else for standard error
};
using command =
    std::variant<run_command, check_command, topology_command, store_command, ask_command, print_and_exit>;

// `version`: what --version prints.
command parse(int argc, const char* const* argv, const std::string& version);

} // namespace postponed::cli
