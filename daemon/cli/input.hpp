// A file, or standard input by the name "-", read whole or in pieces. Throws failure (bad_usage) where it
// cannot be read. One thread.
#pragma once

#include <cstdio>
#include <string>

namespace postponed::cli {

class input_file {
 public:
  explicit input_file(const std::string& name);
  ~input_file();
  input_file(const input_file&) = delete;
  input_file& operator=(const input_file&) = delete;

  // Appends the next piece; false: there is none.
  bool read(std::string& piece);
  std::string whole();

 private:
  std::string name_;
  std::FILE* file_ = nullptr;
};

} // namespace postponed::cli
