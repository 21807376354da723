// The man page, the shells' completion, --help and the documents agree with the one definition of the
// commands.
#include "cli/grammar.hpp"
#include "cli/grammar_walk.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <unistd.h>

using namespace postponed::cli;

namespace {

std::string escaped(const std::string& text) { // as man_page writes a name
  std::string to;
  for (const char c : text)
    to += c == '-' ? std::string{"\\-"} : std::string{c};
  return to;
}

std::string output_of(const std::string& command) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe{::popen(command.c_str(), "r"), ::pclose};
  std::string to;
  std::array<char, 4096> buffer{};
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe.get()))
    to.append(buffer.data(), size);
  return to;
}

std::set<std::string> words_of(const std::string& text) {
  std::istringstream all{text};
  std::set<std::string> to;
  for (std::string word; all >> word;)
    to.insert(word);
  return to;
}

// A file that is gone at the end.
class scratch_file {
 public:
  explicit scratch_file(const std::string& text)
      : path_{std::filesystem::temp_directory_path() / ("postponed-cli-" + std::to_string(::getpid()))} {
    std::ofstream{path_} << text;
  }
  ~scratch_file() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

std::set<std::string> expected_words(const CLI::App& app, bool options) {
  std::set<std::string> to;
  if (!options)
    for (const CLI::App* const each : subcommands_of(app))
      to.insert(each->get_name());
  else
    for (const CLI::Option* const each : options_of(app))
      for (const std::string& name : names_of(*each))
        to.insert(name);
  return to;
}

} // namespace

TEST_CASE("the man page and --help tell of every command and every option") {
  grammar all{"1"};
  const std::string page = man_page(all.app());
  REQUIRE(commands_of(all.app()).size() > 35);
  for (const command_path& each : commands_of(all.app())) {
    const std::string title = ".SS \"" + escaped(each.path) + "\"\n";
    const std::size_t begin = each.app == &all.app() ? 0 : page.find(title);
    INFO(each.path);
    REQUIRE(begin != page.npos);
    const std::string section = page.substr(begin, page.find(".SS \"", begin + 1) - begin);
    const std::string help = each.app->help();
    for (const CLI::Option* const option : options_of(*each.app))
      for (const std::string& name : names_of(*option)) {
        INFO(name);
        CHECK(section.find("\\fB" + escaped(name) + "\\fR") != section.npos);
        CHECK(help.find(name) != help.npos);
        CHECK_FALSE(option->get_description().empty());
      }
    CHECK_FALSE(each.app->get_description().empty());
  }
}

TEST_CASE("the man page is taken without a warning") {
  grammar all{"1"};
  const scratch_file page{man_page(all.app())};
  CHECK(output_of("groff -man -Tutf8 -ww -z " + page.path() + " 2>&1") == "");
}

TEST_CASE("bash completes every command and every option, in a real bash") {
  grammar all{"1"};
  // One bash for all: a line of words for each command, of its commands, then of its options.
  std::string script = completion_script(all.app(), "bash");
  script += "compopt() { :; }\n"; // only a running completion may call it
  for (const command_path& each : commands_of(all.app()))
    for (const char* const begun : {"''", "-"})
      script += "COMP_WORDS=(" + each.path + " " + begun +
                "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=(); "
                "_postponed; echo \"${COMPREPLY[*]}\"\n";
  const scratch_file file{script};
  std::istringstream answers{output_of("cd / && bash --norc " + file.path() + " 2>&1")};
  for (const command_path& each : commands_of(all.app()))
    for (const bool options : {false, true}) {
      INFO(each.path);
      std::string line;
      REQUIRE(std::getline(answers, line));
      const std::set<std::string> got = words_of(line), expected = expected_words(*each.app, options);
      CHECK(std::includes(got.begin(), got.end(), expected.begin(), expected.end()));
      if (options) CHECK(got == expected);
    }
  CHECK(output_of("bash -n " + file.path() + " 2>&1") == "");
}

TEST_CASE("zsh's and fish's completion name every command and every option") {
  grammar all{"1"};
  const std::string zsh = completion_script(all.app(), "zsh"), fish = completion_script(all.app(), "fish");
  for (const command_path& each : commands_of(all.app())) {
    INFO(each.path);
    const std::size_t at = zsh.find("'" + each.path + "') commands=");
    REQUIRE(at != zsh.npos);
    const std::string line = zsh.substr(at, zsh.find('\n', at) - at);
    for (const std::string& word : expected_words(*each.app, true))
      CHECK(line.find(word) != line.npos);
    for (const std::string& word : expected_words(*each.app, false)) {
      CHECK(line.find(word) != line.npos);
      CHECK(fish.find(" -a " + word + " ") != fish.npos);
    }
    for (const CLI::Option* const option : options_of(*each.app))
      for (const std::string& name : option->get_lnames())
        CHECK(fish.find(" -l " + name) != fish.npos);
  }
}

TEST_CASE("the documents name no command and no option that is not there") {
  grammar all{"1"};
  std::vector<std::filesystem::path> documents{POSTPONED_SOURCE_DIR "/README.md"};
  for (const auto& each : std::filesystem::directory_iterator{POSTPONED_SOURCE_DIR "/deploy/docs"})
    if (each.path().extension() == ".md") documents.push_back(each.path());
  std::size_t lines = 0;
  for (const auto& document : documents) {
    std::ifstream file{document};
    bool code = false;
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("```")) code = !code;
      const std::size_t begin = line.find("postponed ");
      // A line of a code block that begins with it, or has it behind a pipe or an assignment.
      if (!code || begin == line.npos || (begin > 0 && line[begin - 1] != ' ' && line[begin - 1] != '('))
        continue;
      if (begin > 0 && line.substr(0, begin).find_first_not_of(" |$(") != std::string::npos &&
          line.find("| postponed ") == line.npos)
        continue;
      INFO(document.string() << ": " << line);
      std::istringstream words{line.substr(begin, line.find(" #", begin) - begin)};
      std::string word;
      words >> word;
      const CLI::App* at = &all.app();
      bool in_path = true;
      ++lines;
      while (words >> word && word != "|" && word != ">" && word != "\\") {
        if (in_path) {
          const auto known = subcommands_of(*at);
          const auto found = std::find_if(known.begin(), known.end(),
                                          [&](const CLI::App* each) { return each->get_name() == word; });
          if (found != known.end()) {
            at = *found;
            continue;
          }
          in_path = false;
          CHECK((at != &all.app() || word.starts_with("-")));
        }
        if (word.starts_with("--"))
          CHECK(expected_words(*at, true).contains(word.substr(0, word.find_first_of("=)`"))));
      }
    }
  }
  CHECK(lines > 10);
}
