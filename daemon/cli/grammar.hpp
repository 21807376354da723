// The one definition of the commands and their options: what is parsed, what --help, the man page and the
// shells' completion say. Internal to cli. One thread.
#pragma once

#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <utility>
#include <vector>

namespace postponed::cli {

class grammar {
 public:
  explicit grammar(const std::string& version);
  grammar(const grammar&) = delete;
  grammar& operator=(const grammar&) = delete;

  CLI::App& app() { return app_; }
  const CLI::App& app() const { return app_; }
  // What was parsed. Call it after app().parse().
  command chosen();

 private:
  void add_local();
  void add_store();
  void add_messages();
  void add_routes();
  void add_dead_letters();
  void add_replays();
  void add_asking();
  void add_self();

  CLI::App* ask(CLI::App& to, const std::string& name, verb what, const std::string& about,
                const std::string& footer = {});
  void message_filter(CLI::App& to);
  void letter_filter(CLI::App& to);
  void bulk(CLI::App& to, const std::string& which);
  void limit(CLI::App& to);

  CLI::App app_;
  run_command run_;
  std::string log_format_ = "kv";
  check_command check_;
  topology_command topology_;
  store_command store_;
  ask_command ask_;
  std::string shell_;
  std::vector<std::pair<const CLI::App*, verb>> verbs_;
  std::vector<std::pair<const CLI::App*, store_command::kind>> store_kinds_;
  const CLI::App *run_app_ = nullptr, *check_app_ = nullptr, *plan_app_ = nullptr, *apply_app_ = nullptr,
                 *completion_app_ = nullptr, *man_app_ = nullptr;
};

// The scripts of bash, zsh or fish.
std::string completion_script(const CLI::App& app, const std::string& shell);
// A man page of section 1, as roff's man macros have it.
std::string man_page(const CLI::App& app);

} // namespace postponed::cli
