// "<store>.lock": flock(2) held for the life of the process, its pid and since when written in it for whoever
// comes second. The kernel lets go of it when the process ends, however that happens.
#pragma once

#include <string>

namespace postponed::store::sqlite {

class lock_file {
 public:
  lock_file() = default;
  ~lock_file();
  lock_file(lock_file&& other) noexcept;
  lock_file& operator=(lock_file&& other) noexcept;

  // 0, or an errno: EWOULDBLOCK where another process has it; `holder` is then what it wrote.
  int acquire(const std::string& path, std::string& holder);

 private:
  int descriptor_ = -1;
};

} // namespace postponed::store::sqlite
