// A folder of its own for one test, removed with all that is in it. Kept, and its name printed, where
// POSTPONED_KEEP_TEMP is set in the environment, to look at what a failed test left. Any thread.
#pragma once

#include <filesystem>
#include <string>

namespace postponed::test {

class temp_dir {
 public:
  // `purpose` becomes a part of its name. Throws std::filesystem::filesystem_error.
  explicit temp_dir(const std::string& purpose);
  ~temp_dir();
  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// The whole of a file; empty where there is none. The latter form: its last `count` lines.
std::string read_file(const std::filesystem::path& file);
std::string last_lines(const std::filesystem::path& file, int count);
// Throws std::runtime_error.
void write_file(const std::filesystem::path& file, const std::string& text);

} // namespace postponed::test
