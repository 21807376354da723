#include "cli/input.hpp"

#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <system_error>
#include <vector>

namespace postponed::cli {

namespace {

constexpr std::size_t piece_size = std::size_t{64} << 10; // bytes

[[noreturn]] void refuse(const std::string& name) {
  throw failure{bad_usage,
                fmt::format("{} cannot be read: {}", name, std::generic_category().message(errno))};
}

} // namespace

input_file::input_file(const std::string& name)
    : name_{name == "-" ? "standard input" : name}, file_{name == "-" ? stdin
                                                                      : std::fopen(name.c_str(), "rb")} {
  if (file_ == nullptr) refuse(name_);
}

input_file::~input_file() {
  if (file_ != stdin) std::fclose(file_);
}

bool input_file::read(std::string& piece) {
  std::vector<char> buffer(piece_size);
  const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), file_);
  if (size == 0 && std::ferror(file_) != 0) refuse(name_);
  piece.append(buffer.data(), size);
  return size > 0;
}

std::string input_file::whole() {
  std::string all;
  while (read(all)) {
  }
  return all;
}

} // namespace postponed::cli
