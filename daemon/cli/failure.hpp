// Why a command ends without its result: a text for people, and the exit code. Thrown by what a command is
// made of, caught once, where commands are run: a command has no second path to go. Plain data.
#pragma once

#include <stdexcept>
#include <string>

namespace postponed::cli {

class failure : public std::runtime_error {
 public:
  failure(int exit_code, const std::string& text) : std::runtime_error{text}, exit_code_{exit_code} {}
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

} // namespace postponed::cli
