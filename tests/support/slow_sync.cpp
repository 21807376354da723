// A disk that is slow to sync, for a daemon that a test starts (LD_PRELOAD): each fdatasync and fsync takes
// POSTPONED_SLOW_SYNC_MS longer.
#include <cstdlib>
#include <dlfcn.h>
#include <unistd.h>

namespace {

int slow(const char* name, int file) {
  if (const char* const ms = std::getenv("POSTPONED_SLOW_SYNC_MS"))
    ::usleep(static_cast<useconds_t>(std::atoi(ms)) * 1000);
  return reinterpret_cast<int (*)(int)>(::dlsym(RTLD_NEXT, name))(file);
}

} // namespace

extern "C" int fdatasync(int file) {
  return slow("fdatasync", file);
}
extern "C" int fsync(int file) {
  return slow("fsync", file);
}
