#include "cli/terminal.hpp"

#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <unistd.h>

namespace postponed::cli {

namespace {

constexpr std::size_t bar_columns = 24;

bool is_set(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

} // namespace

terminal::terminal() {
  const char* const kind = std::getenv("TERM");
  const bool dumb = kind != nullptr && std::string_view{kind} == "dumb";
  colours_ = ::isatty(STDOUT_FILENO) == 1 && !dumb && !is_set("NO_COLOR");
  asks_ = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
  bar_ = ::isatty(STDERR_FILENO) == 1 && !dumb;
}

void terminal::print(std::string_view text) const {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw failure{failed, "the result cannot be written to standard output"};
}

void terminal::tell(std::string_view text) const {
  fmt::print(stderr, "{}\n", text);
}

bool terminal::confirm(const std::string& question) const {
  if (!asks_) throw failure{bad_usage, question + " Nobody can be asked here: say --yes to do it."};
  fmt::print(stderr, "{} [y/N] ", question);
  std::string said;
  std::getline(std::cin, said);
  return said == "y" || said == "Y" || said == "yes";
}

void terminal::progress(std::uint64_t done, std::uint64_t total) {
  if (!bar_) return;
  const auto now = std::chrono::steady_clock::now();
  if (!drawn_) {
    began_ = now;
    first_ = done;
  } else if (now - last_ < std::chrono::milliseconds{100}) {
    return;
  }
  drawn_ = true;
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - began_).count();
  const double rate = seconds > 0.2 ? static_cast<double>(done - std::min(done, first_)) / seconds : 0;
  std::string line;
  if (total > 0) {
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    const auto full = static_cast<std::size_t>(share * static_cast<double>(bar_columns));
    line =
        fmt::format("[{}{}] {:3.0f} %  {} of {}", std::string(full, '#'),
                    std::string(bar_columns - full, '-'), share * 100, count_text(done), count_text(total));
    if (rate > 0 && done < total)
      line +=
          fmt::format(", {}/s, {} left", count_text(static_cast<std::uint64_t>(rate)),
                      seconds_text(static_cast<std::int64_t>(static_cast<double>(total - done) / rate) + 1));
  } else {
    line = count_text(done);
    if (rate > 0) line += fmt::format(", {}/s", count_text(static_cast<std::uint64_t>(rate)));
  }
  fmt::print(stderr, "\r\x1b[K{}", line);
  std::fflush(stderr);
}

void terminal::end_progress() {
  if (drawn_) fmt::print(stderr, "\r\x1b[K");
  drawn_ = false;
}

} // namespace postponed::cli
