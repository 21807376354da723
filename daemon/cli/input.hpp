// A file, or standard input by the name "-", read whole or in pieces. Throws failure (bad_usage) where it
// cannot be read. One thread.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

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

// Lines out of pieces as they come; what has no end yet waits for the next piece.
class line_splitter {
 public:
  // `use` gets each line without its end; it stays valid for the call.
  template <typename Use>
  void feed(std::string_view piece, Use use) {
    rest_ += piece;
    std::size_t begin = 0;
    for (std::size_t end = rest_.find('\n'); end != rest_.npos; end = rest_.find('\n', begin)) {
      use(std::string_view{rest_}.substr(begin, end - begin));
      begin = end + 1;
    }
    rest_.erase(0, begin);
  }

 private:
  std::string rest_;
};

} // namespace postponed::cli
