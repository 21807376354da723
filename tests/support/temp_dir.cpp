#include "support/temp_dir.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace postponed::test {

temp_dir::temp_dir(const std::string& purpose) {
  std::string name = (std::filesystem::temp_directory_path() / ("postponed-" + purpose + "-XXXXXX")).string();
  if (::mkdtemp(name.data()) == nullptr)
    throw std::filesystem::filesystem_error("mkdtemp", name, {errno, std::system_category()});
  path_ = name;
}

temp_dir::~temp_dir() {
  if (std::getenv("POSTPONED_KEEP_TEMP") != nullptr) {
    std::fprintf(stderr, "kept: %s\n", path_.c_str());
    return;
  }
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::string last_lines(const std::filesystem::path& file, int count) {
  const std::string text = read_file(file);
  std::size_t from = text.size();
  for (int seen = -1; from > 0 && seen < count; --from)
    if (text[from - 1] == '\n' && ++seen == count) break;
  return text.substr(from);
}

void write_file(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out{file, std::ios::binary | std::ios::trunc};
  out << text;
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

} // namespace postponed::test
