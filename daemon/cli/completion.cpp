// The shells' completion, out of the grammar. Each script knows, for each command, the words that may follow
// it.
#include "cli/grammar.hpp"
#include "cli/grammar_walk.hpp"

#include <fmt/format.h>

namespace postponed::cli {

namespace {

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

struct words {
  std::vector<std::string> commands, options, with_file, with_value; // of options
  bool takes_file = false;                                           // as an argument
};

words words_of(const CLI::App& app) {
  words to;
  for (const CLI::App* const each : subcommands_of(app))
    to.commands.push_back(each->get_name());
  for (const CLI::Option* const each : options_of(app))
    for (const std::string& name : names_of(*each)) {
      to.options.push_back(name);
      if (takes_file(*each))
        to.with_file.push_back(name);
      else if (takes_value(*each))
        to.with_value.push_back(name);
    }
  for (const CLI::Option* const each : arguments_of(app)) {
    if (takes_file(*each)) to.takes_file = true;
    if (each->get_type_name().starts_with("SHELL")) to.commands = {"bash", "zsh", "fish"};
  }
  return to;
}

// bash and zsh (which has bash's case and arrays) differ in how they are asked and answer.
std::string case_table(const CLI::App& app) {
  std::string to;
  for (const command_path& each : commands_of(app)) {
    const words all = words_of(*each.app);
    to += fmt::format("    '{}') commands='{}' options='{}' files='{}' values='{}' file={} ;;\n", each.path,
                      joined(all.commands), joined(all.options), joined(all.with_file),
                      joined(all.with_value), all.takes_file ? "yes" : "''");
  }
  return to;
}

std::string paths(const CLI::App& app) {
  std::string to;
  for (const command_path& each : commands_of(app))
    to += fmt::format("      '{}') ;;\n", each.path);
  return to;
}

std::string bash_script(const CLI::App& app) {
  return fmt::format(R"(# bash completion of postponed; made by: postponed completion bash
_postponed() {{
  local path=postponed word commands options files values file i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${{COMP_WORDS[i]}}
    [[ $word != -* ]] || continue
    case "$path $word" in
{}      *) continue ;;
    esac
    path+=" $word"
  done
  case "$path" in
{}  esac
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}}
  if [[ " $files " == *" $before "* ]]; then
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  elif [[ " $values " == *" $before "* ]]; then
    COMPREPLY=()
  elif [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current")
    if [[ -n $file ]]; then
      compopt -o filenames
      mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY < <(compgen -f -- "$current")
    fi
  fi
}}
complete -F _postponed postponed
)",
                     paths(app), case_table(app));
}

std::string zsh_script(const CLI::App& app) {
  return fmt::format(R"(#compdef postponed
# zsh completion of postponed; made by: postponed completion zsh
_postponed() {{
  local path_=postponed word commands options files values file
  local -i i
  for ((i = 2; i < CURRENT; ++i)); do
    word=${{words[i]}}
    [[ $word != -* ]] || continue
    case "$path_ $word" in
{}      *) continue ;;
    esac
    path_+=" $word"
  done
  case "$path_" in
{}  esac
  local before=${{words[CURRENT - 1]}}
  if [[ " $files " == *" $before "* ]]; then
    _files
  elif [[ " $values " == *" $before "* ]]; then
    return 0
  elif [[ ${{words[CURRENT]}} == -* ]]; then
    compadd -- ${{=options}}
  else
    compadd -- ${{=commands}}
    [[ -z $file ]] || _files
  fi
}}
if [[ ${{funcstack[1]}} == _postponed ]]; then _postponed "$@"; else compdef _postponed postponed; fi
)",
                     paths(app), case_table(app));
}

std::string quoted(std::string text) { // for fish
  std::string to = "'";
  for (const char c : text)
    to += c == '\'' || c == '\\' ? std::string{'\\'} + c : std::string{c};
  return to + "'";
}

// The condition under which a command's words may come: all of its path was given.
std::string fish_condition(const std::string& path) {
  std::string to;
  std::size_t begin = path.find(' ');
  if (begin == path.npos) return "__fish_use_subcommand";
  while (begin != path.npos) {
    const std::size_t end = path.find(' ', begin + 1);
    to += fmt::format("{}__fish_seen_subcommand_from {}", to.empty() ? "" : "; and ",
                      path.substr(begin + 1, end == path.npos ? end : end - begin - 1));
    begin = end;
  }
  return to;
}

std::string fish_script(const CLI::App& app) {
  std::string to = "# fish completion of postponed; made by: postponed completion fish\n";
  for (const command_path& each : commands_of(app)) {
    const std::string condition = quoted(fish_condition(each.path));
    const words all = words_of(*each.app);
    to += fmt::format("complete -c postponed -n {} {}\n", condition, all.takes_file ? "-F" : "-f");
    for (const CLI::App* const sub : subcommands_of(*each.app))
      to += fmt::format("complete -c postponed -n {} -a {} -d {}\n", condition, sub->get_name(),
                        quoted(sub->get_description()));
    if (subcommands_of(*each.app).empty() && !all.commands.empty())
      to += fmt::format("complete -c postponed -n {} -a {}\n", condition, quoted(joined(all.commands)));
    for (const CLI::Option* const option : options_of(*each.app)) {
      to += fmt::format("complete -c postponed -n {}", condition);
      for (const std::string& name : option->get_snames())
        to += " -s " + name;
      for (const std::string& name : option->get_lnames())
        to += " -l " + name;
      if (takes_file(*option))
        to += " -r -F";
      else if (takes_value(*option))
        to += " -x";
      to += " -d " + quoted(option->get_description()) + "\n";
    }
  }
  return to;
}

} // namespace

std::string completion_script(const CLI::App& app, const std::string& shell) {
  if (shell == "fish") return fish_script(app);
  return shell == "zsh" ? zsh_script(app) : bash_script(app);
}

} // namespace postponed::cli
